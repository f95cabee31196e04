"""Limits of the container are seen, said once, and kept."""

import re

from harness.scenario import scenario


@scenario("limits: memory and processors of the container are detected and logged")
def detected(world):
    node = world.ready_server(options=["--memory", "300m", "--cpus", "0.5"])
    log = world.engine.logs(node)
    lines = [line for line in log.splitlines() if re.search(r"300 ?Mi?B?|314572800", line)]
    assert lines, f"no line names the limit of 300 MiB:\n{log}"
    assert any(re.search(r"\b0\.50?\b", line) for line in log.splitlines()), f"no line names half a processor:\n{log}"
    with world.client(node) as client:
        client.put(1, "one")


@scenario("limits: starts with 1024 file descriptors, and says what it gave up")
def few_descriptors(world):
    node = world.ready_server(options=["--ulimit", "nofile=1024:1024"])
    log = world.engine.logs(node)
    assert re.search(r"proto-fd-max", log) and "1024" in log, f"no word about the limit:\n{log}"
    with world.client(node) as client:
        client.put(1, "one")


@scenario("limits: raises a soft limit on descriptors to the hard one by itself")
def soft_limit(world):
    node = world.ready_server(options=["--ulimit", "nofile=1024:65536"])
    pid = world.engine.inspect(node, "{{.State.Pid}}")
    with open(f"/proc/{pid}/limits", encoding="ascii") as limits:
        line = next(line for line in limits if line.startswith("Max open files"))
    assert int(line.split()[3]) > 1024, line
