"""Nodes that find each other by a headless service's name alone, as those of deploy/k8s do."""

import time

from harness.names import NameServer
from harness.scenario import scenario

from .cluster import CRASH_SECONDS, expect_all, expect_cluster, expect_no_migrations, put_all

GATEWAY = "172.31.79.1"
NAME = "flotilla.default.svc.cluster.local"
SERVICE = f"_mesh._tcp.{NAME}"
MESH_PORT = 3002


class Pods:
    """A stateful set's pods: each has a volume of its own, keeps it, and gets another address with every life."""

    def __init__(self, world, seeds="flotilla"):
        self.world, self.seeds = world, seeds
        self.network = world.network(None, "--subnet", "172.31.79.0/24", "--gateway", GATEWAY)
        self.server = NameServer(GATEWAY, {NAME: []})
        world.at_end(self.server.stop)
        self.volumes, self.pods, self.lives = {}, {}, 10

    def start(self, ordinal):
        """Answers when its address could be looked up."""
        if ordinal not in self.volumes:
            self.volumes[ordinal] = self.world.volume()
        self.lives += 1
        self.pods[ordinal] = self.world.server(options=[
            "--net", self.network, "--ip", f"172.31.79.{self.lives}", "--dns", GATEWAY, "--dns-search",
            NAME.partition(".")[2], "--dns-option", "ndots:5", "-v", f"{self.volumes[ordinal]}:/opt/aerospike/data", "-e",
            "CLUSTER_NAME=flotilla", "-e", f"CLUSTER_SEEDS={self.seeds}"])
        return self._publish()

    def end(self, ordinal, *how):
        name = self.pods.pop(ordinal)
        began = time.monotonic()
        self.world.engine.run(*how, name)
        self._publish()
        return began

    def names(self):
        return [self.pods[ordinal] for ordinal in sorted(self.pods)]

    def _publish(self):
        addresses = [self.world.address(name) for name in self.pods.values()]
        self.server.zone[NAME] = addresses
        pods = {f"pod-{number}.{NAME}": [address] for number, address in enumerate(addresses)}
        self.server.zone.update(pods)
        self.server.zone[SERVICE] = [(name, MESH_PORT) for name in pods]
        return time.monotonic()

    def expect(self, began, seconds, what):
        expect_cluster(self.world, self.names(), began, seconds, what)


@scenario("headless: three pods grow, shrink, and heal by their service's name (A4 to A9)", quick=False)
def three_pods(world):
    pods = Pods(world)
    pods.expect(pods.start(0), 15, "one node in")
    put_all(world, pods.names()[0])
    pods.expect(pods.start(1), 15, "two in")
    pods.expect(pods.start(2), 15, "three in")
    expect_no_migrations(world, pods.names())
    pods.expect(pods.end(2, "stop", "-t", "60"), 30, "two again in")
    expect_no_migrations(world, pods.names())
    pods.expect(pods.end(1, "kill"), CRASH_SECONDS, "crash noticed in")
    expect_all(world, pods.names()[0])
    pods.expect(pods.start(1), 15, "back, with another address, in")
    expect_no_migrations(world, pods.names())
    pods.expect(pods.end(0, "stop", "-t", "60"), 30, "the first one gone in")
    expect_all(world, pods.names()[0])


@scenario("headless: three pods find each other by SRV records, which tell the port too", quick=False)
def three_pods_by_srv(world):
    # The port beside the name is not that of anybody.
    pods = Pods(world, f"{SERVICE}:1")
    pods.start(0)
    pods.start(1)
    pods.expect(pods.start(2), 15, "three in")
    pods.expect(pods.end(1, "kill"), CRASH_SECONDS, "crash noticed in")
    pods.expect(pods.start(1), 15, "back, with another address, in")
