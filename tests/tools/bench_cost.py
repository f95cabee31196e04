"""What one operation costs the load generator: CPU time of `flotilla bench`, and of the benchmark of the official Go client,
against the same server with the same work, one after the other, several times.

usage: bench_cost.py [seconds of a run] [rounds]       defaults 3 and 3; starts a server of its own

Operations are counted by the server, CPU time by the kernel, so neither tool is trusted. Ratios of CPU time hold on a busy
machine too. Fails when ours costs more than half of Go's."""

import os
import pathlib
import signal
import statistics
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/conformance"))

from node import Node, info  # noqa: E402

MODULE = "github.com/aerospike/aerospike-client-go/v8/tools/benchmark"
GO_BENCHMARK = ROOT / "build/go-benchmark"
KEYS = "10000"
THREADS = "16"
SHARE_MOST = 0.5


def build_go_benchmark():
    """Out of the module that tests/cluster is pinned to."""
    subprocess.run(["go", "build", "-o", GO_BENCHMARK, MODULE], cwd=ROOT / "tests/cluster", check=True)


def operations(port):
    pairs = dict(pair.split("=", 1) for pair in info(port, "namespace/test").split(";") if "=" in pair)
    return sum(int(pairs[name]) for name in ("client_read_success", "client_read_not_found", "client_write_success"))


def microseconds(port, seconds, arguments):
    """Of CPU time for each operation."""
    before = operations(port)
    process = subprocess.Popen([str(part) for part in arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(seconds)
    os.kill(process.pid, signal.SIGINT)
    time.sleep(0.5)
    os.kill(process.pid, signal.SIGKILL)  # Not Popen's own: it would take the figures of a process that has ended.
    _, _, usage = os.wait4(process.pid, 0)
    process.returncode = 0
    done = operations(port) - before
    if done < 1000:
        raise SystemExit(f"FAIL {arguments[0]}: only {done} operations in {seconds} s")
    return (usage.ru_utime + usage.ru_stime) * 1e6 / done


def main():
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 3
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 3
    build_go_benchmark()
    with Node("bench-cost") as node:
        while info(node.port, "partition-generation").startswith("-"):
            time.sleep(0.05)
        target = ["-h", "127.0.0.1", "-p", node.port, "-n", "test", "-s", "cost", "-k", KEYS]
        ours = [ROOT / "build/release/bin/flotilla", "bench", *target, "-z", THREADS, "-o", "I", "-t", "3600",
                "--no-config-file"]
        go = [GO_BENCHMARK, *target, "-c", THREADS, "-o", "I"]
        microseconds(node.port, 1, [*ours, "-w", "I"])  # So that reads find what they look for.
        failed = 0
        for name, our_work, go_work in (("half reads, half writes", "RU,50", "RU:50"), ("reads alone", "RU,100", "RU:100")):
            figures = [(microseconds(node.port, seconds, [*ours, "-w", our_work]),
                        microseconds(node.port, seconds, [*go, "-w", go_work])) for _ in range(rounds)]
            our_cost, go_cost = (statistics.median(column) for column in zip(*figures))
            share = our_cost / go_cost
            failed += share > SHARE_MOST
            print(f"{'FAIL' if share > SHARE_MOST else 'ok  '} {name}: flotilla bench {our_cost:.1f} us of CPU time an "
                  f"operation, the Go client's benchmark {go_cost:.1f} us: {share:.2f} of it, at most {SHARE_MOST} wanted")
    print(f"{2 - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
