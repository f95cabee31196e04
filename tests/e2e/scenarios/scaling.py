"""The same file twice on one engine, and a cluster that never stops growing and shrinking."""

import random
import time

from harness.client import wait_until
from harness.scenario import equal, scenario

from .cluster import (PATIENCE, RECORDS, Load, by_dns, expect_all, expect_cluster, expect_no_migrations, put_all, running_nodes,
                      seeds, with_a_service)
from .discovery import members, status

FIRST_SIZES = (8, 3, 5, 1)
MOST_NODES = 8
STEP_SECONDS = 20
SOAK_SECONDS = 600
# Pages that an allocator keeps for good are touched in the first minutes.
WARM_UP_SECONDS = 180
GROWTH_KIB = 2048


def addresses(project, size):
    return {project.world.address(name) for name in project.names(size)}


def both_are_apart(projects, tipped):
    """Each is one cluster of two, with its own records and its own seeds."""
    world = projects[0].world
    for project in projects:
        expect_cluster(world, project.names(1))
        project.scale(2)
    for project in projects:
        expect_cluster(world, project.names(2))
        expect_no_migrations(world, project.names(2))
        done = project.tools("aql", "-h", "aerospike", "-c",
                             f"insert into test.foo (pk, val1) values (1, '{project.compose.name}')")
        assert "OK, 1 record affected." in done.stdout, done.stdout + done.stderr
    for project, other in (projects, reversed(projects)):
        done = project.tools("aql", "-h", "aerospike", "-c", "select * from test.foo where pk = 1")
        assert f'| "{project.compose.name}"' in done.stdout, done.stdout + done.stderr
        assert not addresses(project, 2) & addresses(other, 2), "both have the same addresses"
        for name in project.names(2):
            assert not addresses(other, 2) & set(seeds(world, name)), f"{name} was told of the other project"
        if tipped:
            expect_own_members(project)


def expect_own_members(project):
    world, service = project.world, project.discovery
    wanted = {("awesome-counter", name): "ready" for name in project.names(2)}
    wait_until(lambda: members(world, service) == wanted, PATIENCE, lambda: f"{wanted}, not {members(world, service)}")
    assert status(world, service)["settled"], status(world, service)


@scenario("cluster: one file, two projects, each a cluster of its own (A21)", quick=False, tools=True)
def two_projects(world):
    both_are_apart([with_a_service(world, name) for name in ("blog", "shop")], True)


@scenario("compose v2: one file, two projects (A21)", quick=False, tools=True)
def two_projects_v2(world):
    both_are_apart([with_a_service(world, name, recent=True) for name in ("blog", "shop")], True)


@scenario("cluster: one file, two projects, without a discovery service (A21)", quick=False, tools=True)
def two_projects_by_dns(world):
    both_are_apart([by_dns(world, name) for name in ("blog", "shop")], False)


class Footprint:
    """Of the discovery service: resident memory and open descriptors."""

    def __init__(self, world, service):
        self.pid = world.engine.inspect(service, "{{.State.Pid}}")

    def kib(self):
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("Rss:"))


def sizes_of(seed):
    """1, 8, 3, 5, 1, and any other from then on."""
    yield from FIRST_SIZES
    pick, size = random.Random(seed), 1
    while True:
        size = pick.choice([other for other in range(1, MOST_NODES + 1) if other != size])
        yield size


@scenario("cluster: scaled at random every 20 s for ten minutes under load (A22)", quick=False, tools=True)
def soak(world):
    seed = random.randrange(1 << 32)
    world.note(f"seed {seed}")
    project = with_a_service(world)
    expect_cluster(world, project.names(1))
    put_all(world, project.name(1))
    footprint = Footprint(world, project.discovery)
    load = Load(project, project.name(1), SOAK_SECONDS + 60)
    began, warm, seen = time.monotonic(), None, [1]
    for size in sizes_of(seed):
        if time.monotonic() - began > SOAK_SECONDS:
            break
        asked = project.scale(size)
        seen.append(size)
        if warm is None and asked - began > WARM_UP_SECONDS:
            warm = footprint.kib()
        time.sleep(max(0, asked + STEP_SECONDS - time.monotonic()))
    world.note("sizes " + " ".join(map(str, seen)))
    project.scale(3)
    names = running_nodes(world)
    equal(len(names), 3, "nodes that run")
    expect_cluster(world, names)
    expect_no_migrations(world, names)
    load.end("the steps")
    expect_only_live_seeds(world, names)
    project.scale(1)
    names = running_nodes(world)
    expect_cluster(world, names)
    expect_all(world, names[0])
    expect_only_live_seeds(world, names)
    grown = footprint.kib() - warm
    world.note(f"{RECORDS} records are there; the discovery service has {warm} KiB, {grown:+} at the end")
    assert grown <= GROWTH_KIB, f"the discovery service has grown by {grown} KiB"


def expect_only_live_seeds(world, names):
    live = {world.address(name) for name in names}

    def dead():
        return {seed for name in names for seed in seeds(world, name)} - live
    wait_until(lambda: not dead(), PATIENCE, lambda: f"seeds that nobody has: {dead()}")
