"""Clusters of containers: they grow, shrink, lose nodes and get them back, with the discovery service and without it.

How long something took is counted from the action, as the acceptance list of docs/manual/container.md does.
"""

import json
import re
import shutil
import time

from harness.client import wait_until
from harness.scenario import equal, scenario

from .article import Compose, ensure_compose_v2, remove_if_made

RECORDS = 10_000
PATIENCE = 90  # Not a promise: the machine may be busy. What is promised is given to World.within().
CRASH_SECONDS = 0.150 * 10 + 2  # Heartbeat interval x timeout, and 2 s.


class Project:
    """A project of Compose with the service `aerospike`, its nodes, and the network they are on.

    Of version 2 of Compose if `recent`, which puts another character into the containers' names.
    """

    def __init__(self, world, source, project="blog", network=None, recent=False):
        self.world = world
        self.compose = Compose(world, [ensure_compose_v2(world) if recent else compose_v1()], source, project)
        self.network = network or f"{project}_prod"
        self.recent = recent
        self.discovery = self._container("discovery", 1)

    def name(self, number):
        return self._container("aerospike", number)

    def _container(self, service, number):
        return ("-" if self.recent else "_").join((self.compose.name, service, str(number)))

    def names(self, size):
        return [self.name(number) for number in range(1, size + 1)]

    def up(self):
        self.compose.run("up", "-d", *([] if self.compose.is_article else ["--no-build"]))

    def scale(self, size):
        """Answers when it was asked for."""
        began = time.monotonic()
        if self.recent:
            self.compose.run("up", "-d", "--no-build", "--no-recreate", "--no-deps", "--scale", f"aerospike={size}", "aerospike")
        else:
            self.compose.run("scale", f"aerospike={size}")
        return began

    def tools(self, *arguments):
        return self.world.engine.run("run", "--rm", "--net", self.network, "flotilla/tools", *arguments, check=False)


def article(world):
    world.network("prod", "--internal", "--subnet", "172.31.80.0/24")
    remove_if_made(world, "/var/lib/boot2docker")
    project = Project(world, "article.yml", network="prod")
    project.up()
    world.engine.run("network", "connect", "prod", project.discovery)
    return project


def compose_v1():
    program = shutil.which("docker-compose")
    assert program, "docker-compose (Debian's 1.29) is not installed"
    return program


def with_a_service(world, name="blog", recent=False):
    """The file with the discovery service, in the format of today's Compose."""
    project = Project(world, "docker-compose.yml", name, recent=recent)
    project.up()
    return project


def by_dns(world, name="blog", recent=False):
    project = Project(world, "dns.yml", name, recent=recent)
    project.up()
    return project


def statistics(world, name):
    with world.client(name) as client:
        return dict(pair.partition("=")[::2] for pair in client.info("statistics").split(";"))


def is_one_cluster(world, names):
    said = [statistics(world, name) for name in names]
    return all(one["cluster_size"] == str(len(names)) and one["cluster_integrity"] == "true" and
               one["cluster_key"] == said[0]["cluster_key"] for one in said)


def running_nodes(world):
    """Names of all nodes: version 1 gives a new one the next number."""
    return world.engine.run("ps", "--filter", "label=com.docker.compose.service=aerospike", "--format",
                            "{{.Names}}").split()


def sizes(world, names):
    def size(name):
        try:
            return statistics(world, name)["cluster_size"]
        except OSError as why:
            return str(why)
    return ", ".join(f"{name}: {size(name)}" for name in names)


def expect_cluster(world, names, began=None, seconds=None, what=""):
    wait_until(lambda: is_one_cluster(world, names), PATIENCE,
               lambda: f"{len(names)} nodes in one cluster; {sizes(world, names)}")
    if began is not None:
        world.within(began, seconds, what)


def expect_no_migrations(world, names):
    wait_until(lambda: all(statistics(world, name)["migrate_partitions_remaining"] == "0" for name in names), PATIENCE,
               "migrations have ended")


def seeds(world, name):
    """Of the node's configuration: hosts by address."""
    with world.client(name) as client:
        return re.findall(r"heartbeat\.mesh-seed-address-port=([^;]+):\d+", client.info("get-config:context=network"))


def put_all(world, name):
    with world.client(name) as client:
        client.put_all([(key, f"value {key}") for key in range(RECORDS)])


def expect_all(world, name):
    """Of a node that is alone."""
    def missing():
        with world.client(name) as client:
            return [key for key, value in enumerate(client.get_all(range(RECORDS))) if value != f"value {key}"]
    lost = missing()
    assert not lost, f"{len(lost)} of {RECORDS} records lost: {lost[:10]}"


def listed_nodes(project, name):
    """How many nodes asadm finds, from this one on."""
    done = project.tools("asadm", "-j", "-e", "info network", "-h", name)
    equal(done.returncode, 0, f"exit code of asadm: {done.stderr}")
    return sum(len(group["records"]) for group in json.loads(done.stdout)["groups"])


def expect_clients_see(project, size):
    """A client that was given any one node lists all of them, and reads the record through it."""
    for name in project.names(size):
        # A node that came back is shown to clients only once they have dropped what it was.
        wait_until(lambda name=name: listed_nodes(project, name) == size, PATIENCE, f"a client of {name} sees {size} nodes")
        done = project.tools("aql", "-h", name, "-c", "select * from test.foo where pk = 1")
        assert '| 1  | "abc" |' in done.stdout, done.stdout + done.stderr


SECONDS_OF_LOAD = re.compile(r"(\d\d:\d\d:\d\d)\.\d+ INFO .* total\(.*?timeouts=(\d+) errors=(\d+)\)")


class Load:
    """Reads and updates by a smart client in a container, until end()."""

    KEYS = 2000

    def __init__(self, project, host, seconds):
        self.world = project.world
        self.name = self.world.unique("load")
        filled = project.tools("asbench", "-h", host, "-s", "load", "-k", str(self.KEYS), "-w", "I", "--max-errors=0", "-q")
        equal(filled.returncode, 0, f"exit code of the first writes: {filled.stdout}{filled.stderr}")
        self.world.container(self.name, "--net", project.network, "flotilla/tools", "asbench", "-h", host, "-s", "load", "-k",
                             str(self.KEYS), "-w", "RU,50", "-z", "8", "-g", "500", "-t", str(seconds), "--max-errors=0", "-L")

    def end(self, what):
        code = self.world.exit_code(self.name, 120)
        log = self.world.engine.logs(self.name)
        done = re.search(r"Done: (\d+) operations .*, (\d+) failed", log)
        assert done and int(done[1]) > 0, f"the load has done nothing during {what}: {log[-1000:]}"
        timeouts = sum(map(int, re.findall(r"total\(.*?timeouts=(\d+)", log)))
        if int(done[2]):
            self.world.note("seconds with failures: " + ", ".join(
                f"{at} ({late} timed out, {failed} other)" for at, late, failed in SECONDS_OF_LOAD.findall(log)
                if late != "0" or failed != "0"))
        assert int(done[2]) <= timeouts, f"{done[2]} of {done[1]} operations failed during {what}, {timeouts} by time-out"
        self.world.note(f"{done[1]} operations meanwhile, {done[2]} failed")
        self.world.in_time(code == 0, f"{timeouts} operations timed out during {what}")


def scale_up(project, insert=True):
    """A4, A5."""
    world = project.world
    expect_cluster(world, project.names(1))
    if insert:
        done = project.tools("aql", "-h", project.name(1), "-c", "insert into test.foo (pk, val1) values (1, 'abc')")
        assert "OK, 1 record affected." in done.stdout, done.stdout + done.stderr
        put_all(world, project.name(1))
    began = project.scale(2)
    expect_cluster(world, project.names(2), began, 15, "two nodes in")
    expect_no_migrations(world, project.names(2))
    expect_clients_see(project, 2)


def scale_down(project, tipped):
    """A7."""
    world = project.world
    gone = world.address(project.name(2))
    load = Load(project, project.name(1), 15)
    time.sleep(3)
    began = project.scale(1)
    expect_cluster(world, project.names(1), began, 30, "one again in")
    load.end("scale down")
    expect_all(world, project.name(1))
    if tipped:
        wait_until(lambda: gone not in seeds(world, project.name(1)), PATIENCE,
                   lambda: f"{gone} is no seed any more: {seeds(world, project.name(1))}")
        world.within(began, 60, "its seed gone in")
    # By name nobody was tipped: the only seed is the name.
    assert gone not in seeds(world, project.name(1)), seeds(world, project.name(1))


def crash_and_return(project):
    """A8, A9."""
    world, engine = project.world, project.world.engine
    began = project.scale(2)
    expect_cluster(world, project.names(2), began, 15, "two again in")
    expect_no_migrations(world, project.names(2))
    old = world.address(project.name(2))
    began = time.monotonic()
    engine.run("kill", project.name(2))
    expect_cluster(world, project.names(1), began, CRASH_SECONDS, "crash noticed in")
    expect_all(world, project.name(1))
    occupy(project, old)
    began = time.monotonic()
    engine.run("start", project.name(2))
    expect_cluster(world, project.names(2), began, 15, "back in")
    if project.network == "prod":
        assert world.address(project.name(2)) != old, "it was to come back with another address"
    expect_no_migrations(world, project.names(2))
    expect_clients_see(project, 2)


def occupy(project, address):
    """Takes the address, where the network lets one choose, so that its last owner gets another."""
    world = project.world
    if project.network == "prod":
        world.container(world.unique("other"), "--net", "prod", "--ip", address, "flotilla/discovery", "--source", "dns",
                        "--dns-name", "nowhere")


def life_of_a_cluster(project, tipped):
    scale_up(project)
    scale_down(project, tipped)
    crash_and_return(project)


@scenario("cluster: the discovery service makes it grow, shrink, and heal (A4 to A9)", tools=True)
def with_discovery(world):
    life_of_a_cluster(article(world), True)


@scenario("cluster: the same by DNS, without a discovery service (A4 to A9)", tools=True)
def without_discovery(world):
    life_of_a_cluster(by_dns(world), False)


@scenario("compose v2: a cluster grows, shrinks, and heals (A4 to A9)", quick=False, tools=True)
def with_compose_v2(world):
    life_of_a_cluster(with_a_service(world, recent=True), True)


@scenario("compose v2: the same by DNS (A4 to A9)", quick=False, tools=True)
def dns_with_compose_v2(world):
    life_of_a_cluster(by_dns(world, recent=True), False)


@scenario("cluster: nodes that start while the discovery service is down are taken in when it is back (A10)", quick=False,
          tools=True)
def discovery_restarts(world):
    start_while_it_is_down(article(world))


@scenario("compose v2: nodes that start while the discovery service is down (A10)", quick=False, tools=True)
def discovery_restarts_v2(world):
    start_while_it_is_down(with_a_service(world, recent=True))


def start_while_it_is_down(project):
    world = project.world
    scale_up(project)
    world.engine.run("stop", project.discovery)
    project.scale(4)
    for name in project.names(4):
        world.wait_ready(name)
    equal(statistics(world, project.name(1))["cluster_size"], "2", "nodes while nobody tells them")
    began = time.monotonic()
    world.engine.run("start", project.discovery)
    expect_cluster(world, project.names(4), began, 15, "four nodes in")


def processor_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100


@scenario("cluster: all returns when the engine restarts (A11)", quick=False, tools=True)
def engine_restarts(world):
    restart_the_engine(world, article)


@scenario("compose v2: all returns when the engine restarts (A11)", quick=False, tools=True)
def engine_restarts_v2(world):
    restart_the_engine(world, lambda world: with_a_service(world, recent=True))


def restart_the_engine(world, start):
    if world.options.engine != "own":
        world.note("not run: the engine is not the test's own")
        return
    project = start(world)
    scale_up(project)
    names = project.names(2)
    world.engine.run("update", "--restart", "always", *names, project.discovery)
    world.engine.stop_daemon()
    time.sleep(3)
    world.engine.start_daemon()
    began = time.monotonic()
    for name in (*names, project.discovery):
        wait_until(lambda name=name: world.engine.inspect(name, "{{.State.Running}}") == "true", PATIENCE, f"{name} runs")
    expect_cluster(world, names, began, 30, "two nodes in")
    expect_no_migrations(world, names)
    expect_clients_see(project, 2)
    pid = world.engine.inspect(project.discovery, "{{.State.Pid}}")
    used, seen = processor_seconds(pid), time.monotonic()
    time.sleep(10)
    share = (processor_seconds(pid) - used) / (time.monotonic() - seen)
    world.note(f"the discovery service then uses {share * 100:.1f} % of a processor")
    assert share < 0.05, f"{share * 100:.0f} % of a processor"


def split_and_mend(project):
    world, engine = project.world, project.world.engine
    scale_up(project)
    engine.run("network", "disconnect", project.network, project.name(2))
    cut_at = time.monotonic()
    expect_cluster(world, project.names(1), cut_at, CRASH_SECONDS, "two parts in")
    # The cut-off node is asked from inside: it has no other address.
    wait_until(lambda: "cluster_size=1" in engine.run("exec", project.name(2), "asinfo", "-v", "statistics", "-l").split(),
               PATIENCE, "the other part is a cluster of one")
    expect_all(world, project.name(1))
    time.sleep(max(0, 30 - (time.monotonic() - cut_at)))
    engine.run("network", "connect", "--alias", "aerospike", project.network, project.name(2))
    expect_cluster(world, project.names(2), time.monotonic(), 15, "one again in")
    expect_no_migrations(world, project.names(2))
    expect_clients_see(project, 2)
    project.scale(1)
    expect_cluster(world, project.names(1))
    expect_all(world, project.name(1))


@scenario("cluster: a node is cut off for 30 s (A12)", quick=False, tools=True)
def cut_off(world):
    split_and_mend(article(world))


@scenario("cluster: a node is cut off for 30 s, without a discovery service (A12)", quick=False, tools=True)
def cut_off_by_dns(world):
    split_and_mend(by_dns(world))


@scenario("compose v2: a node is cut off for 30 s (A12)", quick=False, tools=True)
def cut_off_v2(world):
    split_and_mend(with_a_service(world, recent=True))


@scenario("cluster: a paused container is left out and comes back", quick=False, tools=True)
def paused(world):
    project = by_dns(world)
    scale_up(project)
    began = time.monotonic()
    world.engine.run("pause", project.name(2))
    expect_cluster(world, project.names(1), began, CRASH_SECONDS, "left out in")
    began = time.monotonic()
    world.engine.run("unpause", project.name(2))
    expect_cluster(world, project.names(2), began, 15, "back in")
    expect_no_migrations(world, project.names(2))


@scenario("cluster: nine nodes are one cluster", quick=False, tools=True)
def nine(world):
    project = by_dns(world)
    began = project.scale(9)
    expect_cluster(world, project.names(9), began, 60, "nine nodes in")
