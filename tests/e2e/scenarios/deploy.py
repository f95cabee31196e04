"""Files of the deploy folder that no other scenario has used, as they stand."""

import glob
import http.client
import os
import re
import shutil
import subprocess
import time

from harness import programs
from harness.client import Client, wait_until
from harness.hosts import Hosts
from harness.images import ROOT
from harness.scenario import equal, scenario

from .article import Compose
from .cluster import PATIENCE, compose_v1, ensure_compose_v2, expect_cluster, is_one_cluster, sizes, with_a_service
from .discovery import labelled, members, status, wait_for_members
from .hosts import Cluster, expect_record, has_several_hosts, insert

SWARM = os.path.join(ROOT, "deploy", "swarm")
HAPROXY_COMMAND = 'CMD ["haproxy", "-W", "-db", "-f", "/usr/local/etc/haproxy/haproxy.cfg"]'


@scenario("deploy: laptop.yml, three nodes reached from the host and from inside", quick=False, tools=True)
def laptop(world):
    compose = Compose(world, [compose_v1()], "laptop.yml")
    compose.run("up", "-d")
    names = [f"blog_node{number}_1" for number in (1, 2, 3)]
    ports = (3000, 3100, 3200)

    def size(port):
        with Client("127.0.0.1", port) as client:
            return re.search(r"(?:^|;)cluster_size=(\d+)", client.info("statistics"))[1]
    wait_until(lambda: [size(port) for port in ports] == ["3"] * 3, PATIENCE, "three nodes in one cluster")
    for port in ports:
        with Client("127.0.0.1", port) as client:
            equal(client.info("service-clear-alt"), f"127.0.0.1:{port}", "what clients on the host are told")
            peers = client.info("peers-clear-alt")
            usual = peers.split(",")[1]  # Not said again with an address.
            others = {int(found or usual) for found in re.findall(r"127\.0\.0\.1(?::(\d+))?", peers)}
            equal(others, set(ports) - {port}, "ports of the others, for clients on the host")
            inside = set(re.findall(r"\[([\d.]+)[:\]]", client.info("peers-clear-std")))
            assert inside <= {world.address(name) for name in names}, f"clients inside are told {inside}"
    inside = world.engine.run("run", "--rm", "--net", "blog_laptop", "flotilla/tools", "aql", "-h", "node2", "-p", "3100", "-c",
                              "insert into test.foo (pk, val1) values (1, 'abc')", check=False)
    assert "OK, 1 record affected." in inside.stdout, inside.stdout + inside.stderr


@scenario("deploy: socket-proxy.yml, the discovery service without the engine's socket", quick=False, tools=True)
def socket_proxy(world):
    programs.build(world.engine, world.folder, "haproxy:2.6", ["haproxy"], [HAPROXY_COMMAND])
    compose = Compose(world, [ensure_compose_v2(world)], "docker-compose.yml")
    for name in ("socket-proxy.yml", "socket-proxy.cfg"):
        shutil.copy(os.path.join(ROOT, "deploy", "compose", name), compose.folder)
    compose.run("-f", "docker-compose.yml", "-f", "socket-proxy.yml", "up", "-d", "--no-build", "--scale", "aerospike=2")
    names = ["blog-aerospike-1", "blog-aerospike-2"]
    expect_cluster(world, names)
    wait_for_members(world, "blog-discovery-1", {("awesome-counter", name): "ready" for name in names})
    equal(world.engine.inspect("blog-discovery-1", "{{len .Mounts}}"), "0", "mounts of the discovery service")

    def refusal_of(method, path):
        connection = http.client.HTTPConnection(world.address("blog-docker-proxy-1"), 2375, timeout=10)
        connection.request(method, path)
        return connection.getresponse().status
    equal(refusal_of("GET", "/v1.41/containers/json"), 200, "a question of ours")
    for method, path in (("POST", "/v1.41/containers/create"), ("GET", "/v1.41/containers/blog-aerospike-1/archive"),
                         ("DELETE", "/v1.41/containers/blog-aerospike-1"), ("GET", "/v1.41/secrets")):
        equal(refusal_of(method, path), 403, f"{method} {path}")


@scenario("deploy: consul/, nodes that are registered and pass their check", quick=False)
def consul(world):
    built = sorted(glob.glob(os.path.join(ROOT, "build", "servers", "consul-v*")))
    binary = os.environ.get("CONSUL") or shutil.which("consul") or (built and built[-1])
    if not binary:
        world.note("not run: there is no consul here; ./dev verify builds one")
        return
    programs.build(world.engine, world.folder, "hashicorp/consul:1.21", [binary], [f'ENTRYPOINT ["{binary}"]'])
    world.at_end(lambda: world.engine.run("rmi", "hashicorp/consul:1.21", check=False))
    compose = Compose(world, [compose_v1()], os.path.join("..", "consul", "docker-compose.yml"))
    compose.run("up", "-d")
    nodes = [world.server(options=["--net", "blog_prod"]) for _ in range(3)]

    def register(*arguments):
        return subprocess.run([os.path.join(ROOT, "deploy", "consul", "register"), *arguments], capture_output=True,
                              env={**os.environ, "AEROSPIKE_CLUSTER_NAME": "blue"}, check=False).returncode == 0
    for node in nodes:
        world.wait_ready(node)
        wait_until(lambda node=node: register(world.address(node)), PATIENCE, "Consul takes it")
    wait_until(lambda: is_one_cluster(world, nodes), PATIENCE, lambda: f"one cluster of three: {sizes(world, nodes)}")
    world.engine.run("kill", nodes[2])
    wait_until(lambda: len(members(world, "blog_discovery_1")) == 2, PATIENCE, "one that fails its check is no member")
    assert register("--away", world.address(nodes[1]))
    wait_until(lambda: len(members(world, "blog_discovery_1")) == 1, PATIENCE, "one that was taken out is no member")


@scenario("deploy: haproxy/, the plug-in `template` drives HAProxy while containers come and go", quick=False)
def haproxy(world):
    template = os.path.join(ROOT, "deploy", "haproxy", "haproxy.cfg.mustache")
    programs.build(world.engine, world.folder, "e2e/haproxy", ["haproxy", "dash"],
                   ["COPY root/usr/bin/dash /bin/sh", "USER root"], base="flotilla/discovery")
    network = world.network()
    proxy = world.unique("proxy")
    first = "defaults\n timeout connect 1s\n timeout client 1m\n timeout server 1m\nlisten none\n bind :1\n"
    command = (f"printf '%s' \"$FIRST\" >/run/haproxy.cfg; haproxy -W -D -p /run/haproxy.pid -f /run/haproxy.cfg; "
               "exec flotilla-discovery --plugin template --template /template --template-output /run/haproxy.cfg "
               "--template-reload 'read pid </run/haproxy.pid; kill -USR2 $pid' start")
    world.container(proxy, "--net", network, "-v", "/run/docker.sock:/var/run/docker.sock:ro", "-v", f"{template}:/template:ro",
                    "-e", f"FIRST={first}", "--entrypoint", "/bin/sh", "e2e/haproxy", "-c", command)
    nodes = [labelled(world, network, "blue") for _ in range(2)]

    def reached():
        """Ids of the nodes that answer through HAProxy."""
        found = set()
        for _ in range(6):
            with Client(world.address(proxy)) as client:
                found.add(client.info("node"))
        return found

    def id_of(node):
        with world.client(node) as client:
            return client.info("node")
    for node in nodes:
        world.wait_ready(node)
    wait_until(lambda: reached() == {id_of(node) for node in nodes}, PATIENCE, "both answer through HAProxy")
    world.engine.run("kill", nodes[0])
    wait_until(lambda: reached() == {id_of(nodes[1])}, PATIENCE, "the one that is left answers")
    nodes[0] = labelled(world, network, "blue")
    world.wait_ready(nodes[0])
    wait_until(lambda: reached() == {id_of(node) for node in nodes}, PATIENCE, "the new one answers as well")


def label(cluster, index, is_set):
    option = ["--label-add", "db=yes"] if is_set else ["--label-rm", "db"]
    began = time.monotonic()
    cluster.world.engine.run("node", "update", *option, f"host{index + 1}")
    return began


@scenario("deploy: global.yml on three hosts, by DNS alone: grows, shrinks, heals (A4 to A9)", quick=False, tools=True)
def global_stack(world):
    if not has_several_hosts(world):
        return
    hosts = Hosts(3, world)
    hosts.make_swarm()
    cluster = Cluster(world, hosts, "db_prod", "label=com.docker.swarm.service.name=db_aerospike")
    for index in (0, 1):
        label(cluster, index, True)
    hosts.engines[0].run("stack", "deploy", "--resolve-image", "never", "-c", os.path.join(SWARM, "global.yml"), "db")
    cluster.expect(2)
    cluster.expect_settled()
    insert(cluster, "tasks.aerospike")
    cluster.expect(3, label(cluster, 2, True), 30, "a third host has a node in")
    cluster.expect_settled()
    expect_record(cluster, "tasks.aerospike", hosts.engines[2])
    cluster.expect(2, label(cluster, 2, False), 60, "two again in")
    cluster.expect_settled()
    expect_record(cluster, "tasks.aerospike")
    killed = next(node for node in cluster.nodes() if node.engine is hosts.engines[1])
    began = time.monotonic()
    killed.engine.run("kill", killed.name)
    wait_until(lambda: killed.name not in [node.name for node in cluster.nodes()], PATIENCE, "it is gone")
    cluster.expect(2, began, 40, "a killed one replaced in")
    cluster.expect_settled()
    expect_record(cluster, "tasks.aerospike")
    node = cluster.nodes()[0]
    equal(node.engine.run("exec", node.name, "asinfo", "-v", "cluster-name"), "awesome-counter", "the file's cluster name")


@scenario("deploy: login.yml, a password for nodes as a secret of the swarm", quick=False)
def login(world):
    if not has_several_hosts(world):
        return
    hosts = Hosts(1, world)
    hosts.make_swarm()
    engine = hosts.engines[0]
    engine.run("secret", "create", "node-password", "-", input="a password")
    files = [part for name in ("stack.yml", "login.yml") for part in ("-c", os.path.join(SWARM, name))]
    engine.run("stack", "deploy", "--resolve-image", "never", *files, "db")

    def service():
        return engine.run("ps", "-q", "--filter", "label=com.docker.swarm.service.name=db_discovery").split()
    wait_until(service, PATIENCE, "the discovery service runs")
    cluster = Cluster(world, hosts, "db_prod", "label=com.docker.swarm.service.name=db_aerospike")
    cluster.expect(1)
    wait_until(lambda: any(one["converged"] for one in (status(cluster.world, service()[0]) or {"clusters": []})["clusters"]),
               PATIENCE, "it has seen the node")
