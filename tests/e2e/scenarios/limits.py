"""Limits of the container are seen, said once, and kept."""

import re

from harness.scenario import equal, scenario


@scenario("limits: memory and processors of the container are detected and logged")
def detected(world):
    node = world.ready_server(options=["--memory", "300m", "--cpus", "1"])
    log = world.engine.logs(node)
    assert re.search(r"processors 1\b.*memory 300 MiB", log), "no line names one processor and 300 MiB"
    with world.client(node) as client:
        client.put(1, "one")


@scenario("limits: starts with 1024 file descriptors, and says what it gave up")
def few_descriptors(world):
    node = world.ready_server(options=["--ulimit", "nofile=1024:1024"])
    log = world.engine.logs(node)
    assert re.search(r"proto-fd-max.*1024", log), "no word about the limit"
    with world.client(node) as client:
        client.put(1, "one")


@scenario("limits: raises a soft limit on descriptors to the hard one by itself")
def soft_limit(world):
    node = world.ready_server(options=["--ulimit", "nofile=1024:4096"])
    pid = world.engine.inspect(node, "{{.State.Pid}}")
    with open(f"/proc/{pid}/limits", encoding="ascii") as limits:
        line = next(line for line in limits if line.startswith("Max open files"))
    equal(line.split()[3], "4096", "soft limit")
