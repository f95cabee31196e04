"""Processes, folders, certificates, and the service under test."""

import ctypes
import json
import os
import pathlib
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
import urllib.request

from fake_nodes import Mesh

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = ROOT / "build/release/bin/flotilla-discovery"
PATIENCE = 60  # Not a promise: the machine may be busy.
TESTS = []


def test(function):
    TESTS.append(function)
    return function


class NotRun(Exception):
    pass


def server(name):
    """A binary that the environment names, that is installed, or that `./dev verify` has built."""
    built = sorted((ROOT / "build/servers").glob(f"{name}-v*"))
    found = os.environ.get(name.upper().replace("-", "_")) or shutil.which(name) or (built and str(built[-1]))
    if not found:
        raise NotRun(f"there is no {name} here; `./dev verify discovery` builds one")
    return found


# Addresses that are neither loopback's nor anybody's: where Kubernetes takes no 127.0.0.1 for a pod's.
POD_NETWORK = "198.18"
CLONE_NEWNET = 0x40000000


def enter_own_network():
    """Ports and addresses of the run's own, gone with its last process. Answers why not, where that is not allowed."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        return os.strerror(ctypes.get_errno())
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    subprocess.run(["ip", "address", "add", f"{POD_NETWORK}.0.1/16", "dev", "lo"], check=True)
    return None


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what, patience=PATIENCE):
    end = time.monotonic() + patience
    while time.monotonic() < end:
        found = condition()
        if found:
            return found
        time.sleep(0.1)
    raise AssertionError(f"not within {patience} s: {what}")


def unless_down(ask):
    """What it answers; None while nobody does."""
    try:
        return ask()
    except OSError:
        return None


def request(method, url, body=None, headers=None, context=None):
    data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
    asked = urllib.request.Request(url, data=data, method=method, headers=headers or {})
    with urllib.request.urlopen(asked, timeout=10, context=context) as answer:
        return answer.read()


class World:
    """Processes and folders of one test, gone at its end."""

    def __init__(self, options):
        self.options = options
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="flotilla-discovery-"))
        self.processes = []
        self.mesh = Mesh()

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        for node in list(self.mesh.nodes.values()):
            node.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def spawn(self, *command, name=None, env=None, **options):
        name = name or pathlib.Path(command[0]).name
        with open(self.folder / f"{name}.log", "ab") as log:
            process = subprocess.Popen([str(part) for part in command], stdout=log, stderr=log, cwd=self.folder,
                                       env={**os.environ, **(env or {})}, **options)
        self.processes.append(process)
        return process

    def log(self, name):
        return (self.folder / f"{name}.log").read_text(errors="replace")

    def end(self, process):
        process.terminate()
        process.wait(20)
        self.processes.remove(process)

    def crash(self, process):
        process.kill()
        process.wait(20)
        self.processes.remove(process)

    def discovery(self, *arguments, **options):
        return Discovery(self, arguments, **options)

    def nodes(self, count, network="127.0"):
        port = free_port()
        return [self.mesh.start(f"{network}.{os.getpid() % 200 + 1}.{i + 1}", port) for i in range(count)]


class Discovery:
    def __init__(self, world, arguments, binary=BINARY, **options):
        self.url = f"http://127.0.0.1:{free_port()}"
        self.process = world.spawn(binary, *arguments, "--http-address", self.url[7:], name="discovery",
                                   env={"KUBERNETES_SERVICE_HOST": ""}, **options)
        wait_until(self.is_up, "the service answers /healthz")

    def is_up(self):
        return unless_down(lambda: request("GET", self.url + "/healthz"))

    def plugin(self):
        return json.loads(request("GET", self.url + "/status"))["plugins"][0]

    def members(self):
        return sorted(member["host"] for cluster in self.plugin()["clusters"] for member in cluster["members"])

    def wait_for_members(self, hosts, patience=PATIENCE):
        wait_until(lambda: self.members() == sorted(hosts), f"members are {hosts}", patience)

    def wait_for_cluster(self, size):
        def is_one():
            clusters = self.plugin()["clusters"]
            return len(clusters) == 1 and clusters[0]["converged"] and clusters[0]["ready"] == size
        wait_until(is_one, f"one cluster of {size}")

    def wait_for_completeness(self, wanted):
        wait_until(lambda: self.plugin()["sources_complete"] == wanted, f"sources_complete is {wanted}")


class Certificates:
    """Authorities and what they have signed, as files of the test's folder."""

    def __init__(self, folder):
        self.folder = folder

    def openssl(self, *arguments):
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)

    def authority(self, name):
        self.openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                     "-subj", f"/CN={name}", "-keyout", f"{name}-key.pem", "-out", f"{name}.pem")

    def certificate(self, name, authority, alternative=None):
        self.openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                     "-keyout", f"{name}-key.pem", "-out", f"{name}.csr")
        (self.folder / "ext").write_text(f"subjectAltName={alternative}\n" if alternative else "")
        self.openssl("x509", "-req", "-in", f"{name}.csr", "-CA", f"{authority}.pem", "-CAkey", f"{authority}-key.pem",
                     "-CAcreateserial", "-days", "2", "-extfile", "ext", "-out", f"{name}.pem")

    def context(self, wants_client=True):
        """Of a server with the certificate `server`."""
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=self.folder / "ca.pem")
        context.load_cert_chain(self.folder / "server.pem", self.folder / "server-key.pem")
        if wants_client:
            context.verify_mode = ssl.CERT_REQUIRED
        return context
