"""New images under load: no operation fails, nothing acknowledged is lost."""

import os
import re
import subprocess
import time

from harness.client import wait_until
from harness.hosts import Hosts
from harness.images import ROOT
from harness.scenario import scenario

from .cluster import by_dns, expect_all, expect_cluster, expect_no_migrations, put_all, running_nodes
from .hosts import SERVICE, has_several_hosts, stack

PATIENCE = 300
NEXT = "flotilla/server:next"


def build_next(engine):
    """The same programs in another image."""
    engine.env["DOCKER_BUILDKIT"] = "0"
    engine.run("build", "-t", NEXT, "-", input="FROM flotilla/server\nLABEL next=1\n")


class GoLoad:
    """The official Go client at work in a container of its own until end(), with the ledger of tests/cluster: it knows every
    acknowledged write."""

    RECORDS, PER_SECOND = 2000, 500

    def __init__(self, project, host):
        self.world = project.world
        self.name = self.world.unique("load")
        self._build_image()
        self.world.container(self.name, "--net", project.network, "load", "-at", f"{host}:3000", "-records", str(self.RECORDS),
                             "-rate", str(self.PER_SECOND))
        wait_until(lambda: "the load runs" in self._log(), PATIENCE, lambda: f"the Go client is at work: {self._log()}")

    def _build_image(self):
        context = os.path.join(self.world.folder, "go-load")
        subprocess.run(["go", "build", "-o", os.path.join(context, "load"), "."], check=True,
                       cwd=os.path.join(ROOT, "tests", "cluster"), env={**os.environ, "CGO_ENABLED": "0"})
        with open(os.path.join(context, "Dockerfile"), "w", encoding="utf-8") as file:
            file.write('FROM scratch\nCOPY load /load\nENTRYPOINT ["/load"]\n')
        self.world.engine.env["DOCKER_BUILDKIT"] = "0"
        self.world.engine.run("build", "-t", "load", context)

    def _log(self):
        return self.world.engine.logs(self.name)

    def end(self, what):
        self.world.engine.run("stop", "-t", "120", self.name, timeout=150)
        log = self._log()
        done = re.search(r"load: (\d+) operations, failed: (.*)", log)
        assert done and int(done[1]) > 0, f"the load has done nothing during {what}: {log[-1000:]}"
        self.world.note(f"{done[1]} operations of the Go client meanwhile, failed: {done[2]}")
        for why in re.findall("FAIL .*", log):
            assert "no operation fails" in why, f"{what}: {why}"
            self.world.in_time(False, f"{what}: {why}")
        assert re.search(r"^\d+ passed, \d+ failed$", log, re.MULTILINE), f"the load did not end well: {log[-1000:]}"


@scenario("update: a swarm's five tasks on three hosts, one at a time", quick=False, tools=True)
def swarm(world):
    if not has_several_hosts(world):
        return
    hosts = Hosts(3, world)
    for engine in hosts.engines:
        build_next(engine)
    cluster = stack(world, hosts)
    manager = hosts.engines[0]
    manager.run("service", "update", "-d", "--no-resolve-image", "--replicas-max-per-node", "2", "--replicas", "5",
                "--update-delay", "5s", "--update-monitor", "5s", SERVICE)
    cluster.expect(5)
    cluster.expect_settled()
    load = GoLoad(cluster, "tasks.aerospike")
    began = time.monotonic()
    manager.run("service", "update", "-d", "--no-resolve-image", "--image", NEXT, SERVICE)

    def is_done():
        images = [node.engine.inspect(node.name, "{{.Config.Image}}") for node in cluster.nodes()]
        return images == [NEXT] * 5
    wait_until(is_done, PATIENCE, "all five are of the new image", pause=1)
    world.note(f"updated in {time.monotonic() - began:.0f} s")
    load.end("the update")
    cluster.expect(5)


@scenario("update: three containers of Compose, one at a time", quick=False, tools=True)
def compose(world):
    build_next(world.engine)
    project = by_dns(world)
    project.scale(3)
    names = project.names(3)
    expect_cluster(world, names)
    put_all(world, names[0])
    expect_no_migrations(world, names)
    load = GoLoad(project, names[0])
    began = time.monotonic()
    change_image(project)
    # Compose would recreate all containers of a service at once.
    for name in names:
        world.engine.run("stop", "-t", "60", name)
        world.engine.run("rm", name)
        project.compose.run("up", "-d", "--no-build", "--no-recreate", "--scale", "aerospike=3")
        now = running_nodes(world)
        expect_cluster(world, now)
        expect_no_migrations(world, now)
    world.note(f"updated in {time.monotonic() - began:.0f} s")
    assert {world.engine.inspect(name, "{{.Config.Image}}") for name in now} == {NEXT}
    load.end("the update")
    expect_cluster(world, now)
    expect_all(world, now[0])


def change_image(project):
    path = os.path.join(project.compose.folder, "docker-compose.yml")
    with open(path, encoding="utf-8") as file:
        text = file.read()
    assert "image: flotilla/server\n" in text
    with open(path, "w", encoding="utf-8") as file:
        file.write(text.replace("image: flotilla/server\n", f"image: {NEXT}\n"))
