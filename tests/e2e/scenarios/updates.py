"""New images under load: no operation fails, nothing acknowledged is lost."""

import os
import time

from harness.client import wait_until
from harness.hosts import Hosts
from harness.scenario import scenario

from .cluster import Load, by_dns, expect_all, expect_cluster, expect_no_migrations, put_all, running_nodes
from .hosts import SERVICE, has_several_hosts, stack

PATIENCE = 300
NEXT = "flotilla/server:next"


def build_next(engine):
    """The same programs in another image."""
    engine.env["DOCKER_BUILDKIT"] = "0"
    engine.run("build", "-t", NEXT, "-", input="FROM flotilla/server\nLABEL next=1\n")


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
    load = Load(cluster, "tasks.aerospike", 150)
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
    load = Load(project, names[0], 90)
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
