"""Platforms that choose the user, take away rights, and forbid writing."""

from harness.scenario import equal, scenario


def expect_service(world, node):
    with world.client(node) as client:
        client.put(1, "one")
        equal(client.get(1), "one", "record")


@scenario("user: any user of group 0")
def arbitrary(world):
    volume = world.volume()
    expect_service(world, world.ready_server(options=["--user", "423456:0", "-v", f"{volume}:/opt/aerospike/data"]))


@scenario("user: root")
def root(world):
    expect_service(world, world.ready_server(options=["--user", "0:0"]))


@scenario("user: no capabilities, no new privileges, read-only root")
def hardened(world):
    volume = world.volume()
    expect_service(world, world.ready_server(options=[
        "--read-only", "--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--tmpfs", "/run:mode=775",
        "--tmpfs", "/tmp", "-v", f"{volume}:/opt/aerospike/data"]))


@scenario("user: io_uring forbidden by seccomp")
def no_io_uring(world):
    calls = '["io_uring_setup", "io_uring_enter", "io_uring_register"]'
    profile = world.write("seccomp.json", '{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ' + calls +
                          ', "action": "SCMP_ACT_ERRNO", "errnoRet": 1}]}')
    expect_service(world, world.ready_server(options=["--security-opt", f"seccomp={profile}"]))
