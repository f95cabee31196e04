"""Clusters over several hosts: swarm mode, and overlay networks through a store as in the article's days."""

import os
import re
import subprocess
import time

from harness.client import wait_until
from harness.hosts import Hosts
from harness.images import ROOT
from harness.scenario import World, equal, scenario

from .article import Compose
from .cluster import Load, compose_v1

PATIENCE = 120
STACK = os.path.join(ROOT, "deploy", "swarm", "stack.yml")
SERVICE = "db_aerospike"


class Node:
    """A container of some host's engine. Overlay networks are not reachable from here: it is asked from inside."""

    def __init__(self, engine, name):
        self.engine = engine
        self.name = name

    def statistics(self):
        said = self.engine.run("exec", self.name, "asinfo", "-v", "statistics", check=False).stdout
        return dict(pair.partition("=")[::2] for pair in said.strip().split(";"))

    def packet_size(self):
        pid = self.engine.inspect(self.name, "{{.State.Pid}}")
        shown = subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", "ip", "-o", "link"], check=True, capture_output=True,
                               text=True).stdout
        return min(int(size) for name, size in re.findall(r"\d+: (\w+)\S* .*? mtu (\d+)", shown) if name != "lo")


class Cluster:
    """Nodes on several hosts with what Load wants: a world on one of them, their network, and the tools in there."""

    def __init__(self, world, hosts, network, label):
        self.hosts = hosts
        self.network = network
        self.label = label
        self.world = World(hosts.engines[0], world.folder, world.options)
        self.world.notes = world.notes

    def nodes(self):
        return [Node(engine, name) for engine in self.hosts.engines
                for name in engine.run("ps", "-q", "--filter", self.label, "--filter", "status=running").split()]

    def tools(self, *arguments):
        return self.world.engine.run("run", "--rm", "--net", self.network, "flotilla/tools", *arguments, check=False)

    def expect(self, size, began=None, seconds=None, what=""):
        """All nodes that run are `size`, and one cluster with nothing left to move."""
        wait_until(lambda: self._is_one(size), PATIENCE, lambda: f"{size} nodes in one cluster: {self._said()}", pause=0.5)
        if began is not None:
            self.world.within(began, seconds, what)

    def expect_settled(self):
        wait_until(lambda: all(node.statistics().get("migrate_partitions_remaining") == "0" for node in self.nodes()), PATIENCE,
                   "migrations have ended", pause=0.5)

    def _is_one(self, size):
        said = [node.statistics() for node in self.nodes()]
        return len(said) == size and all(
            one.get("cluster_size") == str(size) and one.get("cluster_integrity") == "true" and
            one["cluster_key"] == said[0]["cluster_key"] for one in said)

    def _said(self):
        return [f"{node.name} of {node.statistics().get('cluster_size')}" for node in self.nodes()]


def stack(world, hosts):
    """The stack as it stands."""
    hosts.make_swarm()
    hosts.engines[0].run("stack", "deploy", "--resolve-image", "never", "-c", STACK, "db")
    return Cluster(world, hosts, "db_prod", f"label=com.docker.swarm.service.name={SERVICE}")


def has_several_hosts(world):
    """Only an engine of the test's own can have neighbours."""
    if world.options.engine != "own":
        world.note("not run: the engine is not the test's own")
    return world.options.engine == "own"


def insert(cluster, host):
    done = cluster.tools("aql", "-h", host, "-c", "insert into test.foo (pk, val1) values (1, 'abc')")
    assert "OK, 1 record affected." in done.stdout, done.stdout + done.stderr


def expect_record(cluster, host, engine=None):
    """By a client on the host of `engine`, or of the first."""
    def shown():
        tools = ["run", "--rm", "--net", cluster.network, "flotilla/tools"]
        done = (engine or cluster.world.engine).run(*tools, "aql", "-h", host, "-c", "select * from test.foo where pk = 1",
                                                    check=False)
        return done.stdout + done.stderr
    # More than once: a client gives up after a second, and on a busy machine a node may take that long to be met.
    wait_until(lambda: '| 1  | "abc" |' in shown(), PATIENCE, lambda: f"the record by way of {host}: {shown()}", pause=1)


@scenario("hosts: a swarm's stack on three hosts grows, shrinks, heals, and is cut in two (A15)", quick=False, tools=True)
def swarm(world):
    if not has_several_hosts(world):
        return
    hosts = Hosts(3, world)
    cluster = stack(world, hosts)
    cluster.expect(3)
    equal([len(engine.run("ps", "-q", "--filter", cluster.label).split()) for engine in hosts.engines], [1, 1, 1],
          "nodes a host")
    equal({node.packet_size() for node in cluster.nodes()}, {1450}, "bytes of a packet")
    cluster.expect_settled()
    insert(cluster, "tasks.aerospike")
    resize(cluster, 2, 30)
    resize(cluster, 3, 30)
    kill_one(cluster)
    cut_and_mend(cluster)
    expect_record(cluster, "tasks.aerospike")


def resize(cluster, size, seconds):
    began = time.monotonic()
    cluster.world.engine.run("service", "scale", "-d", f"{SERVICE}={size}")
    cluster.expect(size, began, seconds, f"{size} nodes in")
    cluster.expect_settled()
    expect_record(cluster, "tasks.aerospike")


def kill_one(cluster):
    node = cluster.nodes()[-1]
    began = time.monotonic()
    node.engine.run("kill", node.name)
    wait_until(lambda: node.name not in [one.name for one in cluster.nodes()], PATIENCE, "it is gone")
    cluster.expect(3, began, 40, "a killed one replaced in")
    cluster.expect_settled()


def cut_and_mend(cluster):
    hosts = cluster.hosts
    last = [node for node in cluster.nodes() if node.engine is hosts.engines[2]][0]
    others = [node for node in cluster.nodes() if node.engine is not hosts.engines[2]]
    hosts.cut(2)
    began = time.monotonic()
    wait_until(lambda: [node.statistics().get("cluster_size") for node in others] == ["2", "2"], PATIENCE, "two go on")
    wait_until(lambda: last.statistics().get("cluster_size") == "1", PATIENCE, "the third is alone")
    cluster.world.note(f"two parts in {time.monotonic() - began:.1f} s")
    hosts.mend(2)
    cluster.expect(3, time.monotonic(), 60, "one again in")
    cluster.expect_settled()


@scenario("hosts: two engines joined by a store, as in the article's days (A15c)", quick=False, tools=True)
def store(world):
    if not has_several_hosts(world):
        return
    hosts = Hosts(2, world, store=True)
    first, second = hosts.engines
    first.run("network", "create", "--driver", "overlay", "--internal", "prod")
    wait_until(lambda: "prod" in second.run("network", "ls", "--format", "{{.Name}}").split(), PATIENCE, "both hosts know prod")
    cluster = Cluster(world, hosts, "prod", "label=com.aerospike.cluster=awesome-counter")
    compose = Compose(cluster.world, [compose_v1()], "article.yml")
    compose.run("up", "-d", "aerospike")
    first.run("run", "-d", "--name", "blog_discovery_1", "-e", "AEROSPIKE_NETWORK_NAME=prod", "-e",
              "AEROSPIKE_CLUSTER_NAME=awesome-counter", "flotilla/discovery",
              *(f"--swarm-url=tcp://{hosts.address(index)}:2375" for index in (0, 1)), "--plugin", "aerospike", "start")
    second.run("run", "-d", "--name", "blog_aerospike_2", "--net", "prod", "--label", "com.aerospike.cluster=awesome-counter",
               "-e", "affinity:com.aerospike.cluster!=awesome-counter", "flotilla/server")
    wait_until(lambda: "does not answer" in first.logs("blog_discovery_1"), PATIENCE, "the service says what it lacks")
    began = time.monotonic()
    first.run("network", "connect", "prod", "blog_discovery_1")
    cluster.expect(2, began, 15, "one cluster after it was connected in")
    insert(cluster, "blog_aerospike_1")
    cluster.expect_settled()
    expect_record(cluster, "blog_aerospike_1", second)
    lose_and_return(cluster, second)


def lose_and_return(cluster, second):
    began = time.monotonic()
    second.run("kill", "blog_aerospike_2")
    cluster.expect(1, began, 10, "crash noticed in")
    began = time.monotonic()
    second.run("start", "blog_aerospike_2")
    cluster.expect(2, began, 15, "back in")
    cluster.expect_settled()
    expect_record(cluster, "blog_aerospike_2")
