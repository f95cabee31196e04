"""The article's walk-through, as people type it: compose, aql, asadm."""

import os
import re
import shutil
import subprocess

from harness.client import wait_until
from harness.images import ROOT
from harness.scenario import scenario
from harness.terminal import Terminal

COMPOSE = os.path.join(ROOT, "deploy", "compose")


class Compose:
    """A project in a folder of its name: `blog` is the article's, so that its container is blog_aerospike_1."""

    def __init__(self, world, program, source, name="blog"):
        self.world = world
        self.program = program
        self.name = name
        self.is_article = source == "article.yml"  # Of a file format that knows less.
        self.folder = os.path.join(world.folder, name)
        os.makedirs(self.folder)
        shutil.copy(os.path.join(COMPOSE, source), os.path.join(self.folder, "docker-compose.yml"))
        world.at_end(lambda: self.run("down", "-v", "--remove-orphans", check=False))

    def run(self, *arguments, check=True):
        env = {**self.world.engine.env, "PWD": self.folder, "COMPOSE_PROJECT_NAME": self.name}
        # Where the engine is reached from here means nothing in a container, and the article's file passes it on.
        engine = ["-H", host] if (host := env.pop("DOCKER_HOST", None)) else []
        done = subprocess.run([*self.program, *engine, *arguments], cwd=self.folder, env=env, capture_output=True, text=True,
                              timeout=300, check=False)
        assert not check or done.returncode == 0, f"{' '.join(arguments)}: {done.stderr[-2000:]}"
        return done.stdout + done.stderr


def compose_v1(world):
    program = shutil.which("docker-compose")
    assert program, "docker-compose (Debian's 1.29) is not installed"
    return Compose(world, [program], "article.yml")


def tools(world, *arguments):
    return world.engine.run("run", "--rm", "--net", "prod", "flotilla/tools", *arguments, check=False)


def expect_ok(world, host):
    def is_ok():
        done = tools(world, "asinfo", "-h", host, "-v", "status")
        return done.returncode == 0 and done.stdout.strip() == "ok"
    wait_until(is_ok, 10, f"asinfo -h {host} -v status prints ok")


def aql_session(world, host):
    terminal = Terminal(["docker", "run", "-it", "--rm", "--net", "prod", "flotilla/tools", "aql", "-h", host],
                        world.engine.env)
    world.at_end(terminal.close)
    terminal.expect("aql> ")
    return terminal


def insert_and_select(world, host):
    terminal = aql_session(world, host)
    terminal.type("insert into test.foo (pk, val1) values (1, 'abc')\n")
    shown = terminal.expect("aql> ")
    assert re.search(r"\nOK, 1 record affected\.\r?\n\r?\n", shown), repr(shown)
    terminal.type("select * from test.foo where pk = 1\n")
    shown = terminal.expect("aql> ").replace("\r", "")
    for line in ("| PK | val1  |", '| 1  | "abc" |', "\nOK\n"):
        assert line in shown, f"no {line!r} in {shown!r}"
    assert re.search(r"\n1 row in set \(0\.\d{3} secs\)\n", shown), repr(shown)
    terminal.type("exit\n")
    assert terminal.process.wait(10) == 0


@scenario("article: docker-compose up, aql insert, aql select (A1, A2, A3, A16, A17)", tools=True)
def walk_through(world):
    world.network("prod", "--internal")
    remove_if_made(world, "/var/lib/boot2docker")
    compose = compose_v1(world)
    compose.run("up", "-d")
    expect_ok(world, "blog_aerospike_1")
    world.engine.run("network", "connect", "prod", "blog_discovery_1")
    expect_one_member(world)
    insert_and_select(world, "blog_aerospike_1")
    # The article mounts its folder on /etc/aerospike; nothing is left in it.
    assert os.listdir(compose.folder) == ["docker-compose.yml"], os.listdir(compose.folder)


def expect_one_member(world):
    def log():
        return world.engine.logs("blog_discovery_1")
    wait_until(lambda: re.search(r"member blog_aerospike_1 of awesome-counter \(\S+\) is ready as node", log()), 30,
               "the discovery service has seen the node")
    wait_until(lambda: "cluster awesome-counter has converged: 1 ready" in log(), 10, "and says that all is well")
    assert "WARNING" not in log(), log()


def remove_if_made(world, folder):
    """The engine makes folders that a compose file mounts and that are not there."""
    def remove():
        if os.path.isdir(folder) and not os.listdir(folder):
            os.rmdir(folder)
    if not os.path.exists(folder):
        world.at_end(remove)


@scenario("article: line by line, as the script that readers run (A2 to A7)", tools=True)
def script(world):
    remove_if_made(world, "/var/lib/boot2docker")
    environment = dict(world.engine.env)
    if world.options.engine == "own":
        del environment["DOCKER_HOST"]
    done = subprocess.run(world.engine.command_as_at_home(os.path.join(COMPOSE, "walk-through")), env=environment,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout
    world.transcript = done.stdout


@scenario("article: statements on aql's command line", tools=True)
def statements(world):
    world.network("prod", "--internal")
    node = world.ready_server(options=["--net", "prod"])
    done = tools(world, "aql", "-h", node, "-c", "insert into test.foo (pk, val1) values (1, 'abc')")
    assert done.returncode == 0, done.stderr
    assert done.stdout == "insert into test.foo (pk, val1) values (1, 'abc')\nOK, 1 record affected.\n\n\n", \
        repr(done.stdout)


@scenario("article: compose's own form of the file, with one volume", tools=True)
def compose_form(world):
    expect_compose_form(world, [shutil.which("docker-compose") or "docker-compose"], "blog_aerospike_1")


@scenario("compose v2: its own form of the file, with one volume", quick=False, tools=True)
def compose_v2(world):
    expect_compose_form(world, [ensure_compose_v2(world)], "blog-aerospike-1")


def expect_compose_form(world, program, name):
    compose = Compose(world, program, "docker-compose.yml")
    compose.run("up", "-d", "--no-build")
    network = "blog_prod"

    def is_ok():
        done = world.engine.run("run", "--rm", "--net", network, "flotilla/tools", "asinfo", "-h", "aerospike", "-v",
                                "status", check=False)
        return done.stdout.strip() == "ok"
    wait_until(is_ok, 10, "asinfo -h aerospike -v status prints ok")
    with world.client(name) as client:
        client.put(1, "one")
    compose.run("down")
    compose.run("up", "-d", "--no-build")
    wait_until(is_ok, 10, "the second container serves")
    with world.client(name) as client:
        assert client.get(1) == "one", "the volume lost a record"


def ensure_compose_v2(world):
    """The plug-in if Docker has it, else built once from its Go module."""
    for folder in ("/usr/libexec/docker/cli-plugins", "/usr/lib/docker/cli-plugins",
                   os.path.expanduser("~/.docker/cli-plugins")):
        if os.path.exists(os.path.join(folder, "docker-compose")):
            return os.path.join(folder, "docker-compose")
    folder = os.path.join(world.options.work, "compose-v2")
    if not os.path.exists(os.path.join(folder, "cmd")):
        go = shutil.which("go")
        assert go, "neither the compose plug-in nor go is installed"
        world.engine.run_outside(go, "install", "github.com/docker/compose/v2/cmd@v2.29.7",
                                 env={**os.environ, "GOBIN": folder}, timeout=1800)
    return os.path.join(folder, "cmd")
