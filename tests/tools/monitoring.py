"""What monitoring systems see of a cluster of three: the Prometheus exporter of the original's vendor and our own /metrics,
both scraped by Debian's Prometheus after some load.

usage: monitoring.py        starts nodes, exporters, and Prometheus of its own

Every node must be up in both; what dashboards depend on must be there; and every series that both have must have the same
value, but for those in MOVING."""

import contextlib
import json
import pathlib
import re
import shutil
import subprocess
import sys
import time
import urllib.parse
import urllib.request

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/conformance"))

import cluster  # noqa: E402
from node import Node, free_ports, info  # noqa: E402

MODULE = "github.com/aerospike/aerospike-prometheus-exporter"
EXPORTER = ROOT / "build/exporter"
BENCH = ROOT / "build/release/bin/flotilla"
SIZE = 3
RECORDS = 2000
PATIENCE_SECONDS = 60

# Series whose value is of the moment at which somebody looks, or counts the looking itself.
MOVING = re.compile(r"aerospike_(node_ticks|latencies_.*|node_stats_(uptime|time_since_rebalance|cluster_clock_skew_ms|cpu_.*|.*_cpu_pct|.*system_.*"
                    r"|heap_.*|info_.*|client_connections.*|threads_.*|heartbeat_.*|fabric_.*|early_.*|reaped_fds"
                    r"|process_.*)|namespace_(current_time|nsup_.*))")
# What counts the exporter's own work, and what later exporters have no more.
VENDORS_OWN = re.compile(r"aerospike_(node_ticks|jobs_.*)")

# What the vendor's dashboards and alerts depend on most, by the names that both the exporter of this version and we have.
WANTED = """
node_up node_stats_uptime node_stats_cluster_size node_stats_client_connections node_stats_client_connections_opened
node_stats_client_connections_closed node_stats_system_free_mem_pct node_stats_heap_efficiency_pct
node_stats_cluster_clock_skew_ms node_stats_failed_best_practices
namespace_effective_replication_factor namespace_master_objects namespace_migrate_tx_partitions_remaining
namespace_migrate_rx_partitions_remaining namespace_ns_cluster_size namespace_stop_writes namespace_hwm_breached
namespace_unavailable_partitions namespace_dead_partitions namespace_clock_skew_stop_writes
namespace_client_read_success namespace_client_read_error namespace_client_read_timeout namespace_client_read_not_found
namespace_client_write_success namespace_client_write_error namespace_client_write_timeout
namespace_client_delete_success namespace_client_udf_complete namespace_batch_sub_read_success
namespace_evicted_objects namespace_expired_objects sets_objects
latencies_read_ms_bucket latencies_write_ms_bucket
""".split()

failed = passed = 0


def check(what, holds, seen=""):
    global failed, passed
    passed += bool(holds)
    failed += not holds
    print(f"{'ok  ' if holds else 'FAIL'} {what}{': ' if seen else ''}{seen}", flush=True)


@contextlib.contextmanager
def running(arguments, log):
    with open(log, "wb") as output:
        process = subprocess.Popen([str(part) for part in arguments], stdout=output, stderr=subprocess.STDOUT)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def get(url):
    return urllib.request.urlopen(url, timeout=10).read().decode()


def until(what, done):
    answer, _ = cluster.until(PATIENCE_SECONDS, done)
    if not answer:
        raise SystemExit(f"FAIL {what}: not within {PATIENCE_SECONDS} s")
    return answer


def exporter_config(folder, node_port, port):
    file = folder / f"exporter-{port}.toml"
    file.write_text(f'[Agent]\nbind = "127.0.0.1:{port}"\ntimeout = 10\n'
                    f'[Aerospike]\ndb_host = "127.0.0.1"\ndb_port = {node_port}\ntimeout = 5\n')
    return file


def prometheus_config(folder, jobs):
    file = folder / "prometheus.yml"
    file.write_text("global:\n  scrape_interval: 1s\nscrape_configs:\n" + "".join(
        f"  - job_name: {job}\n    static_configs:\n      - targets: {json.dumps([f'127.0.0.1:{port}' for port in ports])}\n"
        for job, ports in jobs.items()))
    return file


class Prometheus:
    def __init__(self, port):
        self.base = f"http://127.0.0.1:{port}/api/v1/query?query="

    def query(self, expression):
        answer = json.loads(get(self.base + urllib.parse.quote(expression)))
        return [(one["metric"], float(one["value"][1])) for one in answer["data"]["result"]]

    def series(self, job):
        """Name and the labels that say of what it is -> value. Later exporters, and we, have labels besides."""
        return {(labels["__name__"], *(labels.get(name, "") for name in ("service", "ns", "set", "le"))): value
                for labels, value in self.query(f'{{job="{job}",__name__=~"aerospike_.*"}}')}


def some_load(port):
    common = ["-h", f"127.0.0.1:{port}", "-n", "test", "-s", "demo", "-k", str(RECORDS), "--no-config-file"]
    for workload in (["-w", "I"], ["-w", "RU,50", "-t", "2"], ["-w", "RU,100", "-t", "1", "--batch-size", "10"]):
        subprocess.run([str(BENCH), "bench", *common, *workload], check=True, stdout=subprocess.DEVNULL)
    for statement in ("select * from test.demo limit 5", "delete from test.demo where pk = 'nobody'"):
        subprocess.run([str(BENCH), "sql", "-h", f"127.0.0.1:{port}", "-c", statement], check=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def compare(prometheus):
    vendor, own = prometheus.series("exporter"), prometheus.series("flotilla")
    names = {key[0] for key in vendor}
    missing = [name for name in WANTED if "aerospike_" + name not in names]
    check("the exporter finds what dashboards depend on", not missing, " ".join(missing) or f"{len(names)} metrics")
    missing = [name for name in WANTED if "aerospike_" + name not in {key[0] for key in own}]
    check("/metrics has it too", not missing, " ".join(missing))
    both = [key for key in vendor.keys() & own.keys() if not MOVING.fullmatch(key[0])]
    different = sorted((*key, vendor[key], own[key]) for key in both if vendor[key] != own[key])
    check("both say the same", both and not different, "; ".join(map(str, different[:10])) or f"{len(both)} series")
    alone = sorted(name for name in names - {key[0] for key in own} if not VENDORS_OWN.fullmatch(name))
    check("/metrics has every metric of the exporter", not alone, " ".join(alone))


def run(members, folder):
    ports = free_ports(2 * SIZE + 1)
    exporters, prometheus_port = range(ports, ports + SIZE), ports + 2 * SIZE
    jobs = {"exporter": exporters, "flotilla": [m.port + 3 for m in members]}
    with contextlib.ExitStack() as stack:
        for member, port in zip(members, exporters):
            stack.enter_context(running([EXPORTER, "-config", exporter_config(folder, member.port, port)], folder / f"{port}.log"))
        some_load(members[0].port)
        until("the cluster at rest", lambda: cluster.stable(members, SIZE))
        stack.enter_context(running(["prometheus", f"--config.file={prometheus_config(folder, jobs)}",
                                     f"--storage.tsdb.path={folder / 'tsdb'}",
                                     f"--web.listen-address=127.0.0.1:{prometheus_port}"], folder / "prometheus.log"))
        prometheus = Prometheus(prometheus_port)
        until("Prometheus scrapes all", lambda: sum(v for _, v in prometheus.query("up")) == 2 * SIZE)
        time.sleep(3)  # Scrapes from before the last operation are over.
        for job in jobs:
            up = prometheus.query(f'aerospike_node_up{{job="{job}"}}')
            check(f"{job}: every node is up", len(up) == SIZE and all(v == 1 for _, v in up), len(up))
        compare(prometheus)
        total = prometheus.query('sum by (job) (aerospike_namespace_client_write_success)')
        check("writes, as both count them", len({v for _, v in total}) == 1 and total[0][1] >= RECORDS, total)
        for port in exporters:
            errors = [line for line in (folder / f"{port}.log").read_text().splitlines() if re.search("level=(warn|err|fatal)", line)]
            check(f"exporter {port - ports + 1} logs no error", not errors, " | ".join(errors[:3]))


def main():
    subprocess.run(["go", "build", "-o", EXPORTER, MODULE], cwd=ROOT / "tests/tools/exporter", check=True)
    folder = ROOT / "build/nodes/monitoring"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    ports = [free_ports(4) for _ in range(SIZE)]
    with contextlib.ExitStack() as stack:
        members = [stack.enter_context(Node(f"monitored-{i}", port=port, seeds=ports, http=port + 3))
                   for i, port in enumerate(ports)]
        until("a cluster of three", lambda: cluster.stable(members, SIZE))
        run(members, folder)
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
