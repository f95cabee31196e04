"""Acknowledged writes outlive containers."""

from harness.scenario import scenario

KEYS = 500


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
    assert expect_all(world, node) == identity, "another node id after a restart"


@scenario("data: is back after SIGKILL")
def killed(world):
    node = world.ready_server()
    put_all(world, node)
    world.engine.run("kill", node)
    world.engine.run("start", node)
    world.wait_ready(node)
    expect_all(world, node)


@scenario("data: a new container finds it, and its node id, in the old one's volume")
def recreated(world):
    volume = ["-v", f"{world.volume()}:/opt/aerospike/data"]
    first = world.ready_server(options=volume)
    identity = put_all(world, first)
    world.engine.run("stop", "-t", "20", first)
    world.engine.run("rm", first)
    second = world.ready_server(options=volume)
    assert expect_all(world, second) == identity, "another node id on the same data"


@scenario("data: two containers share one volume without touching each other's records")
def shared_volume(world):
    volume = ["-v", f"{world.volume()}:/opt/aerospike/data"]
    first = world.ready_server(options=volume)
    identity = put_all(world, first)
    second = world.ready_server(options=volume)
    with world.client(second) as client:
        assert client.info("node") != identity, "two nodes with one identity"
    expect_all(world, first)


@scenario("data: the device engine keeps it too (DATA_IN_MEMORY=false)")
def device_engine(world):
    volume = ["-v", f"{world.volume()}:/opt/aerospike/data", "-e", "DATA_IN_MEMORY=false", "-e", "STORAGE_GB=1"]
    node = world.ready_server(options=volume)
    put_all(world, node)
    world.engine.run("restart", "-t", "20", node)
    world.wait_ready(node)
    expect_all(world, node)
