"""What the images are made of."""

import json

from harness import images
from harness.scenario import equal, scenario

SIZE_MAX = 25_000_000


@scenario("image: server is small, and has no shell")
def is_small(world):
    size = images.compressed_size(world.engine, "flotilla/server")
    world.note(f"{size / 1e6:.1f} MB compressed")
    assert size <= SIZE_MAX, f"{size} bytes compressed, more than {SIZE_MAX}"
    shell = world.engine.run("run", "--rm", "--entrypoint", "/bin/sh", "flotilla/server", check=False)
    assert shell.returncode == 127, f"/bin/sh answers {shell.returncode}"


@scenario("image: tools are small", tools=True)
def tools_are_small(world):
    size = images.compressed_size(world.engine, "flotilla/tools")
    world.note(f"{size / 1e6:.1f} MB compressed")
    assert size <= SIZE_MAX, f"{size} bytes compressed, more than {SIZE_MAX}"


@scenario("image: says what it is and how it is run")
def metadata(world):
    config = json.loads(world.engine.inspect("flotilla/server", "{{json .Config}}"))
    equal(config["User"], "10001:0", "user")
    equal(config["StopSignal"], "SIGTERM", "stop signal")
    equal(config["Healthcheck"]["Test"], ["CMD", "asinfo", "-v", "status"], "health check")
    equal(set(config["ExposedPorts"]), {"3000/tcp", "3001/tcp", "3002/tcp", "9145/tcp"}, "ports")
    for label in ("title", "description", "licenses", "version", "revision", "created"):
        assert config["Labels"].get(f"org.opencontainers.image.{label}"), f"no label {label}"
    assert config["Labels"]["org.opencontainers.image.version"] == images.project_version()


@scenario("image: the exact tag names the version that the server answers (A19)")
def version(world):
    exact = images.project_version()
    ids = {world.engine.inspect(f"flotilla/server:{tag}", "{{.Id}}")
           for tag in (exact, exact.rsplit(".", 1)[0], "latest")}
    assert len(ids) == 1, f"tags of different images: {ids}"
    node = world.ready_server()
    with world.client(node) as client:
        equal(client.info("flotilla-version"), exact, "flotilla-version")
        equal(client.info("build"), "8.1.2.0", "build")


@scenario("image: takes `asd`, leading options, and other programs as its command")
def commands(world):
    for arguments in (["--version"], ["asd", "--version"], ["flotillad", "--version"]):
        done = world.engine.run("run", "--rm", "flotilla/server", *arguments, check=False)
        assert done.returncode == 0, f"{arguments}: exit {done.returncode}: {done.stderr}"
        assert images.project_version() in done.stdout, f"{arguments}: {done.stdout}"
    done = world.engine.run("run", "--rm", "flotilla/server", "asinfo", "--help", check=False)
    assert done.returncode == 0 and "-v" in done.stdout, f"asinfo --help: exit {done.returncode}: {done.stderr}"
