"""The real servers that members come from: etcd, Consul, Kubernetes."""

import base64
import json
import re
import shutil
import ssl

from harness import POD_NETWORK, ROOT, Certificates, NotRun, free_port, request, server, unless_down, wait_until


class Etcd:
    def __init__(self, world):
        if not shutil.which("etcd"):
            raise NotRun("etcd is not installed (Debian: etcd-server)")
        self.world, self.port, self.peer = world, free_port(), free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.start()

    def start(self):
        self.process = self.world.spawn(
            "etcd", "--data-dir", self.world.folder / "etcd", "--listen-client-urls", self.url,
            "--advertise-client-urls", self.url, "--listen-peer-urls", f"http://127.0.0.1:{self.peer}",
            "--initial-advertise-peer-urls", f"http://127.0.0.1:{self.peer}", "--initial-cluster",
            f"default=http://127.0.0.1:{self.peer}")
        wait_until(self.is_up, "etcd answers")

    def is_up(self):
        return unless_down(lambda: request("GET", self.url + "/health"))

    def call(self, what, body):
        return json.loads(request("POST", f"{self.url}/v3/kv/{what}", body))

    def put(self, key, value):
        self.call("put", {"key": b64("/flotilla/members/" + key), "value": b64(value)})

    def compact(self):
        """Forgets all but the present."""
        now = int(self.call("range", {"key": b64("none")})["header"]["revision"])
        self.call("compaction", {"revision": now, "physical": True})

    def delete(self, key):
        self.call("deleterange", {"key": b64("/flotilla/members/" + key)})


def b64(text):
    return base64.b64encode(text.encode()).decode()


class Consul:
    def __init__(self, world):
        self.binary, self.world = server("consul"), world
        self.ports = {name: free_port() for name in ("http", "server", "serf_lan", "serf_wan")}
        self.url = f"http://127.0.0.1:{self.ports['http']}"
        self.start()

    def start(self):
        (self.world.folder / "consul.json").write_text(json.dumps({
            "ports": {**self.ports, "grpc": -1, "grpc_tls": -1, "dns": -1}, "server": True, "bootstrap_expect": 1,
            "bind_addr": "127.0.0.1", "data_dir": str(self.world.folder / "consul"), "log_level": "warn"}))
        self.process = self.world.spawn(self.binary, "agent", "-config-file=consul.json", name="consul")
        wait_until(self.has_leader, "consul has a leader")

    def has_leader(self):
        return unless_down(lambda: len(request("GET", self.url + "/v1/status/leader")) > 4)

    def register(self, node, status="passing", told_by=("Meta", {"com-aerospike-cluster": "blue"})):
        request("PUT", self.url + "/v1/agent/service/register", {
            "Name": "aerospike", "ID": node.host, "Address": node.host, "Port": node.port,
            told_by[0]: told_by[1], "Check": {"TTL": "1h", "Status": status}})

    def passes(self, node):
        """To register it again would leave its check as it is."""
        request("PUT", f"{self.url}/v1/agent/check/pass/service:{node.host}")

    def deregister(self, node):
        request("PUT", f"{self.url}/v1/agent/service/deregister/{node.host}")


KUBERNETES_PATHS = {
    "Service": "/api/v1/namespaces/default/services", "ServiceAccount": "/api/v1/namespaces/default/serviceaccounts",
    "StatefulSet": "/apis/apps/v1/namespaces/default/statefulsets",
    "Deployment": "/apis/apps/v1/namespaces/default/deployments",
    "PodDisruptionBudget": "/apis/policy/v1/namespaces/default/poddisruptionbudgets",
    "Role": "/apis/rbac.authorization.k8s.io/v1/namespaces/default/roles",
    "RoleBinding": "/apis/rbac.authorization.k8s.io/v1/namespaces/default/rolebindings"}
SLICES = "/apis/discovery.k8s.io/v1/namespaces/default/endpointslices"
DEPLOYED = [document for name in ("flotilla.yaml", "discovery.yaml")
            for document in (ROOT / "deploy/k8s" / name).read_text().split("\n---\n")]


class KubeApiserver:
    """A real one, on an etcd of its own, that asks its roles. No pod runs: what it would tell of pods is written by hand."""

    ADMIN = "token-of-the-admin"

    def __init__(self, world):
        self.binary = server("kube-apiserver")
        if world.options.why_no_network:
            raise NotRun(f"no network of its own: {world.options.why_no_network}")
        self.world, self.etcd, self.port = world, Etcd(world), free_port()
        self.url = f"https://127.0.0.1:{self.port}"
        certificates = Certificates(world.folder)
        certificates.authority("ca")
        certificates.certificate("server", "ca", "IP:127.0.0.1")
        certificates.openssl("genrsa", "-out", "accounts.pem", "2048")
        (world.folder / "tokens").write_text(f"{self.ADMIN},admin,1,system:masters\n")
        self.context = ssl.create_default_context(cafile=world.folder / "ca.pem")
        self.start()

    def start(self):
        self.process = self.world.spawn(
            self.binary, "--etcd-servers", self.etcd.url, "--secure-port", self.port, "--bind-address", "127.0.0.1",
            "--advertise-address", f"{POD_NETWORK}.0.1",
            "--tls-cert-file", "server.pem", "--tls-private-key-file", "server-key.pem", "--authorization-mode", "RBAC",
            "--token-auth-file", "tokens", "--service-cluster-ip-range", "10.96.0.0/24", "--service-account-issuer", self.url,
            "--service-account-key-file", "accounts.pem", "--service-account-signing-key-file", "accounts.pem",
            name="kube-apiserver")
        wait_until(self.is_ready, "Kubernetes is ready")

    def is_ready(self):
        return unless_down(lambda: self.ask("GET", "/readyz") == b"ok" and self.ask("GET", "/api/v1/namespaces/default"))

    def ask(self, method, path, body=None, kind="application/json"):
        headers = {"Authorization": "Bearer " + self.ADMIN, "Content-Type": kind}
        return request(method, self.url + path, body, headers, self.context)

    def create(self, document, query=""):
        """A YAML document; a field that Kubernetes does not know is an HTTPError."""
        kind = re.search(r"^kind: (\w+)", document, re.MULTILINE)[1]
        self.ask("POST", f"{KUBERNETES_PATHS[kind]}?fieldValidation=Strict{query}", document.encode(), "application/yaml")

    def write_endpoints(self, nodes, waiting=()):
        """As the controller does for a headless service with publishNotReadyAddresses: one slice for the lot."""
        entries = [{"addresses": [node.host], "conditions": {"ready": node not in waiting}} for node in nodes]
        self.ask("PATCH", SLICES + "/flotilla-1?fieldManager=test&force=true", json.dumps({
            "apiVersion": "discovery.k8s.io/v1", "kind": "EndpointSlice", "addressType": "IPv4",
            "metadata": {"name": "flotilla-1", "labels": {"kubernetes.io/service-name": "flotilla"}},
            "endpoints": entries, "ports": [{"name": "service", "port": nodes[0].port, "protocol": "TCP"},
                                            {"name": "heartbeat", "port": 3002, "protocol": "TCP"}]}).encode(),
                 "application/apply-patch+yaml")

    def token_of(self, account):
        """A file with the token that a pod of the account would have."""
        answer = self.ask("POST", f"{KUBERNETES_PATHS['ServiceAccount']}/{account}/token",
                          {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}})
        path = self.world.folder / f"token-{account}"
        path.write_text(json.loads(answer)["status"]["token"])
        return path
