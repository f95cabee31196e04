"""The discovery service on a real engine: what it sees, what it says, how it is run."""

import json
import os
import re
import subprocess

from harness import images
from harness.client import wait_until
from harness.scenario import equal, scenario

SIZE_MAX = 15_000_000
SOCKET = "/run/docker.sock:/var/run/docker.sock:ro"
PATIENCE = 60


def start(world, *arguments, options=()):
    name = world.unique("discovery")
    world.container(name, "-v", SOCKET, "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", *options,
                    "flotilla/discovery", *arguments)
    return name


def status(world, name):
    """Of the plug-in aerospike; nothing while the service does not answer."""
    done = world.engine.run("exec", name, "flotilla-discovery", "status", "--json", check=False)
    return json.loads(done.stdout)["plugins"][0] if done.stdout.startswith("{") else None


def members(world, name):
    """Cluster and name of each member, with whether it is ready or why not."""
    found = status(world, name)
    return {(cluster["name"], member["name"]): member["why_not"] or "ready"
            for cluster in found["clusters"] for member in cluster["members"]} if found else {}


def wait_for_members(world, name, wanted):
    wait_until(lambda: members(world, name) == wanted, PATIENCE, f"the members are {wanted}")


def labelled(world, network, label, *options):
    return world.server(options=["--net", network, "--label", f"com.aerospike.cluster={label}", *options])


@scenario("discovery: its image is small")
def is_small(world):
    size = images.compressed_size(world.engine, "flotilla/discovery")
    world.note(f"{size / 1e6:.1f} MB compressed")
    assert size <= SIZE_MAX, f"{size} bytes compressed, more than {SIZE_MAX}"


@scenario("discovery: containers come, go, change their address, and are told apart by label (A13)")
def come_and_go(world):
    network = world.network(None, "--subnet", "172.31.77.0/24")
    service = start(world, options=["--net", network])
    blue, red = labelled(world, network, "blue"), labelled(world, network, "red")
    world.server(options=["--net", network])
    wait_for_members(world, service, {("blue", blue): "ready", ("red", red): "ready"})
    world.engine.run("kill", red)
    wait_for_members(world, service, {("blue", blue): "ready"})
    world.engine.run("start", red)
    world.engine.run("network", "disconnect", network, blue)
    world.engine.run("network", "connect", "--ip", "172.31.77.200", network, blue)
    wait_for_members(world, service, {("blue", blue): "ready", ("red", red): "ready"})
    for command in ("tip:", "tip-clear:"):
        for node in (blue, red):
            assert command not in world.engine.logs(node), f"{node} was told {command}"


@scenario("discovery: a member without an address on the network is reported, the others are looked after (A14)")
def wrong_network(world):
    prod, dev = world.network(), world.network()
    service = start(world, "--network", prod, options=["--net", prod])
    right, wrong = labelled(world, prod, "c"), labelled(world, dev, "c")
    wait_for_members(world, service, {("c", right): "ready", ("c", wrong): f"has no address on network {prod}"})


@scenario("discovery: begins to work at the moment it is connected to the members' network (A15c)")
def connected_later(world):
    network = world.network(None, "--internal")
    node = labelled(world, network, "c")
    service = start(world)
    wait_until(lambda: "does not answer" in members(world, service).get(("c", node), ""), PATIENCE, "it says why")
    world.engine.run("network", "connect", network, service)
    wait_for_members(world, service, {("c", node): "ready"})


@scenario("discovery: as any user whose group may use the socket, and says so when it may not")
def users(world):
    network = world.network()
    node = labelled(world, network, "c")
    allowed = start(world, options=["--net", network, "--user", "10001", "--group-add", socket_group(world)])
    wait_for_members(world, allowed, {("c", node): "ready"})
    denied = start(world, options=["--net", network, "--user", "10001:10001"])
    wait_until(lambda: "no permission to use the socket" in world.engine.logs(denied), PATIENCE, "it says what it lacks")


def socket_group(world):
    path = world.engine.env.get("DOCKER_HOST", "unix:///var/run/docker.sock").removeprefix("unix://")
    return str(os.stat(path).st_gid)


@scenario("discovery: once and plan, and their exit codes, with a single node (A1)")
def verbs(world):
    network = world.network()
    node = labelled(world, network, "c")
    world.wait_ready(node)
    service = ["run", "--rm", "-v", SOCKET, "--net", network, "flotilla/discovery"]
    equal(world.engine.run(*service, "once", check=False).returncode, 0, "exit code of once")
    done = world.engine.run(*service, "--json", "plan", check=False)
    equal(json.loads(done.stdout)["plugins"][0]["clusters"][0]["converged"], True, "converged")
    equal(world.engine.run(*service, "--network", "nowhere", "once", "--timeout", "2", check=False).returncode, 3,
          "exit code when no container has an address there")
    equal(world.engine.run(*service, "--swarm-url", "tcp://127.0.0.1:1", "once", "--timeout", "2", check=False).returncode,
          3, "exit code without an engine")


@scenario("discovery: two of it at once do no harm", quick=False)
def two_at_once(world):
    network = world.network()
    services = [start(world, options=["--net", network]) for _ in range(2)]
    # How more nodes agree on a leader is the cluster's business, and has tests of its own.
    nodes = [labelled(world, network, "c") for _ in range(2)]
    wanted = {("c", node): "ready" for node in nodes}

    def size(node):
        with world.client(node) as client:
            return re.search(r"(?:^|;)cluster_size=(\d+)", client.info("statistics"))[1]
    wait_until(lambda: all(size(node) == "2" for node in nodes), PATIENCE, "one cluster of two nodes")
    for service in services:
        wait_for_members(world, service, wanted)
        wait_until(lambda service=service: status(world, service)["clusters"][0]["converged"], PATIENCE, "both say so")


def certificates(world, address):
    """A folder with an authority, what it has signed for a server at `address`, and an authority that signed nothing."""
    extensions = f"subjectAltName=IP:{address}\nextendedKeyUsage=serverAuth,clientAuth\n"
    folder = os.path.dirname(world.write("tls/extensions", extensions))

    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)
    for authority in ("ca", "other-ca"):
        openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", f"/CN={authority}", "-keyout",
                f"{authority}-key.pem", "-out", f"{authority}.pem")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=engine", "-keyout", "server-key.pem", "-out", "server.csr")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca-key.pem", "-CAcreateserial", "-days", "2",
            "-extfile", "extensions", "-out", "server.pem")
    return folder


@scenario("discovery: an engine behind TLS, as in the article, and no word to one that is not trusted (A18)", quick=False)
def engine_over_tls(world):
    engine = world.engine
    if world.options.engine != "own":
        world.note("not run: the engine is not the test's own")
        return
    address = "172.31.78.1"
    network = world.network(None, "--subnet", "172.31.78.0/24", "--gateway", address)
    folder = certificates(world, address)
    engine.stop_daemon()
    world.at_end(lambda: (engine.stop_daemon(), engine.start_daemon()))
    engine.start_daemon("-H tcp://0.0.0.0:2376", "--tlsverify", f"--tlscacert {folder}/ca.pem",
                        f"--tlscert {folder}/server.pem", f"--tlskey {folder}/server-key.pem")
    node = labelled(world, network, "c")

    def watcher(authority):
        name = world.unique("discovery")
        world.container(name, "--net", network, "-v", f"{folder}:/etc/docker:ro", "flotilla/discovery",
                        f"--swarm-url=tcp://{address}:2376", f"--swarm-tls-ca-cert=/etc/docker/{authority}.pem",
                        "--swarm-tls-cert=/etc/docker/server.pem", "--swarm-tls-key=/etc/docker/server-key.pem", "--debug",
                        "--plugin", "aerospike", "start")
        return name
    wait_for_members(world, watcher("ca"), {("c", node): "ready"})
    fooled = watcher("other-ca")
    wait_until(lambda: "the server's certificate is not trusted" in engine.logs(fooled), PATIENCE, "it says what is wrong")
    equal(members(world, fooled), {}, "members by way of an engine that is not trusted")
