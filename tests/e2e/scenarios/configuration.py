"""Configuration by file and by environment, and oddly named variables."""

import json
import os

from harness.client import wait_until
from harness.scenario import equal, scenario

CONFIG = """\
service { cluster-name from-file }
network {
    service { address any
        port 3000 }
    fabric { port 3001 }
    heartbeat { mode mesh
        port 3002 }
}
namespace bar {
    replication-factor 1
    storage-engine memory { data-size 1G }
}
"""


def info(world, node, name, port=3000):
    with world.client(node, port) as client:
        return client.info(name)


@scenario("config: an empty folder on /etc/aerospike leaves the built-in configuration (A20)")
def empty_folder(world):
    folder = os.path.dirname(world.write("empty/.keep", ""))
    os.remove(os.path.join(folder, ".keep"))
    for mode in ("rw", "ro"):
        node = world.ready_server(options=["-v", f"{folder}:/etc/aerospike:{mode}"])
        equal(info(world, node, "namespaces"), "test", "namespaces")
        assert os.listdir(folder) == [], "the server left something in the folder"


@scenario("config: an aerospike.conf in /etc/aerospike is used as it is (A20)")
def own_file(world):
    folder = os.path.dirname(world.write("conf/aerospike.conf", CONFIG))
    node = world.ready_server(options=["-v", f"{folder}:/etc/aerospike:ro", "-e", "NAMESPACE=ignored"])
    equal(info(world, node, "namespaces"), "bar", "namespaces")
    equal(info(world, node, "cluster-name"), "from-file", "cluster-name")


@scenario("config: --config-file names another file")
def named_file(world):
    path = world.write("other.conf", CONFIG)
    node = world.ready_server("asd", "--config-file", "/conf/other.conf", options=["-v", f"{path}:/conf/other.conf:ro"])
    equal(info(world, node, "namespaces"), "bar", "namespaces")


@scenario("config: the vendor's variables")
def variables(world):
    node = world.ready_server(options=[
        "-e", "NAMESPACE=bar", "-e", "SERVICE_PORT=3100", "-e", "STORAGE_GB=1", "-e", "MEM_GB=2", "-e", "DEFAULT_TTL=60",
        "-e", "NSUP_PERIOD=30", "-e", "NETLINK=eth0", "-e", "FEATURE_KEY_FILE=/nowhere", "-e", "DATA_IN_MEMORY=true",
        "-e", "LOGFILE=/var/log/aerospike/aerospike.log", "-e", "CLUSTER_NAME=mine"])
    equal(info(world, node, "namespaces", 3100), "bar", "namespaces")
    equal(info(world, node, "cluster-name", 3100), "mine", "cluster-name")
    settings = dict(pair.partition("=")[::2] for pair in
                    info(world, node, "get-config:context=namespace;id=bar", 3100).split(";"))
    equal(settings.get("default-ttl"), "60", "default-ttl")
    equal(settings.get("nsup-period"), "30", "nsup-period")
    equal(settings.get("storage-engine"), "memory", "storage-engine")
    copied = world.engine.run("cp", f"{node}:/var/log/aerospike/aerospike.log", "-", check=False)
    assert copied.returncode == 0 and "cake" in copied.stdout, "LOGFILE was not written"


@scenario("config: the log goes to standard output, as text or as one JSON object a line")
def log_format(world):
    node = world.ready_server(options=["-e", "LOG_FORMAT=json"])
    done = world.engine.run("logs", node, check=False)
    equal(done.stderr, "", "standard error")
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert lines and all({"time", "level", "context", "message"} <= set(line) for line in lines), lines
    node = world.ready_server()
    equal(world.engine.run("logs", node, check=False).stderr, "", "standard error")


@scenario("config: any parameter by environment, at every start")
def any_parameter(world):
    node = world.ready_server(options=["-e", "FLOTILLA__network__heartbeat__interval=250",
                                       "-e", "FLOTILLA__service__proto-fd-max=5000"])
    for context, setting in (("network", "heartbeat.interval=250"), ("service", "proto-fd-max=5000")):
        assert setting in info(world, node, f"get-config:context={context}").split(";"), setting
    node = world.server(options=["-e", "FLOTILLA__service__no-such-thing=1"])
    equal(world.exit_code(node), 2, "exit code")
    assert "no-such-thing" in world.engine.logs(node)


@scenario("config: variables of old Swarm with odd names do no harm (A16, A17)")
def odd_names(world):
    node = world.ready_server(options=["-e", "affinity:com.aerospike.cluster!=awesome-counter",
                                       "-e", "constraint:node==blog-0"])
    equal(info(world, node, "status"), "ok", "status")


@scenario("config: metrics, liveness and readiness over HTTP")
def http(world):
    node = world.ready_server()
    from urllib.request import urlopen

    def page(path):
        with urlopen(f"http://{world.address(node)}:9145{path}", timeout=5) as reply:
            return reply.read().decode()
    for path in ("/livez", "/readyz"):
        wait_until(lambda path=path: page(path) is not None, 5, path)
    assert "aerospike_" in page("/metrics") or "flotilla_" in page("/metrics")
