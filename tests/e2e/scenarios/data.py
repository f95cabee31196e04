"""Acknowledged writes outlive containers."""

import time

from harness.scenario import equal, scenario

KEYS = 500
FLUSH_MAX_SECONDS = 1  # The initial value of flush-max-ms.


def put_all(world, node):
    with world.client(node) as client:
        for key in range(KEYS):
            client.put(key, f"value {key}")
        return client.info("node")


def expect_all(world, node):
    with world.client(node) as client:
        missing = [key for key in range(KEYS) if client.get(key) != f"value {key}"]
        assert not missing, f"{len(missing)} of {KEYS} records lost: {missing[:10]}"
        return client.info("node")


@scenario("data: is back after `docker restart`")
def restart(world):
    node = world.ready_server()
    identity = put_all(world, node)
    world.engine.run("restart", "-t", "20", node)
    world.wait_ready(node)
    equal(expect_all(world, node), identity, "node id after a restart")


def kill_and_start(world, node):
    world.engine.run("kill", node)
    world.engine.run("start", node)
    world.wait_ready(node)


@scenario("data: is back after SIGKILL, but for what is younger than flush-max-ms")
def killed(world):
    node = world.ready_server()
    put_all(world, node)
    time.sleep(FLUSH_MAX_SECONDS + 1)
    kill_and_start(world, node)
    expect_all(world, node)


@scenario("data: with commit-to-device, SIGKILL loses nothing that was acknowledged")
def killed_at_once(world):
    node = world.ready_server(options=["-e", "FLOTILLA__namespace__test__storage-engine__commit-to-device=true"])
    put_all(world, node)
    kill_and_start(world, node)
    expect_all(world, node)


@scenario("data: a new container finds it, and its node id, in the old one's volume")
def recreated(world):
    volume = ["-v", f"{world.volume()}:/opt/aerospike/data"]
    first = world.ready_server(options=volume)
    identity = put_all(world, first)
    world.engine.run("stop", "-t", "20", first)
    world.engine.run("rm", first)
    second = world.ready_server(options=volume)
    equal(expect_all(world, second), identity, "node id on the same data")


@scenario("data: a second container on the same volume leaves the first one's records alone")
def shared_volume(world):
    volume = ["-v", f"{world.volume()}:/opt/aerospike/data"]
    first = world.ready_server(options=volume)
    identity = put_all(world, first)
    second = world.server(options=volume)
    if world.waits_ready(second):
        world.note("it takes a slot of its own")
        with world.client(second) as client:
            assert client.info("node") != identity, "two nodes with one identity"
    else:
        world.note("it is refused")
        equal(world.exit_code(second), 1, "exit code")
        assert "in use" in world.engine.logs(second), world.engine.logs(second)
    equal(expect_all(world, first), identity, "node id of the first")


@scenario("data: DATA_IN_MEMORY=true keeps it in the file all the same")
def in_memory(world):
    node = world.ready_server(options=["-e", "DATA_IN_MEMORY=true", "-e", "STORAGE_GB=1"])
    put_all(world, node)
    world.engine.run("restart", "-t", "20", node)
    world.wait_ready(node)
    expect_all(world, node)


@scenario("data: DATA_IN_MEMORY=false keeps it on the device engine, or says that there is none yet")
def device_engine(world):
    node = world.server(options=["-e", "DATA_IN_MEMORY=false", "-e", "STORAGE_GB=1"])
    if not world.waits_ready(node):
        world.note("refused: there is no device engine yet")
        equal(world.exit_code(node), 2, "exit code")
        assert "storage-engine memory" in world.engine.logs(node), "no word of what to write instead"
        return
    put_all(world, node)
    world.engine.run("restart", "-t", "20", node)
    world.wait_ready(node)
    expect_all(world, node)
