"""Runs of the load generator, and rounds of them: the echo server and the servers in turns."""

import json
import os
import subprocess
import time
from dataclasses import dataclass, field

from . import machine
from .rows import BATCH_ROWS, Row


@dataclass
class Sample:
    """One run of the generator against one server."""

    operations: int
    records: int
    wall_s: float
    cpu_us: float  # Of the server, for each request or record of the row.
    reply_bytes: float
    latency_us: dict
    generator_busy: float


@dataclass
class Series:
    """All samples of one row and one server, with the echo server's beside each."""

    row: Row
    server: str
    samples: list = field(default_factory=list)
    echoes: list = field(default_factory=list)

    def ratios(self):
        return [own.cpu_us / echo.cpu_us for own, echo in zip(self.samples, self.echoes)]

    def ratios_to(self, other):
        return [own.cpu_us / theirs.cpu_us for own, theirs in zip(self.samples, other.samples)]


class Generator:
    def __init__(self, binaries, folder, core, keys, value_bytes):
        self.path = os.path.join(binaries, "load_generator")
        self.core = core
        self.keys = keys
        self.value_bytes = value_bytes
        self.digests = os.path.join(folder, "digests")
        self.next_request = 0

    def load(self, server):
        """Puts every key once."""
        return self._run(server, ["--operation", "put", "--sequential", "--connections", "16", "--in-flight", "16",
                                  "--operations", str(self.keys)], "put", "request")

    def put(self, server, requests, value_bytes_most, *order):
        """Puts whose values have from `value_bytes` to `value_bytes_most` bytes, keys at random unless `order` says else."""
        done = self._run(server, ["--operation", "put", "--connections", "16", "--in-flight", "16", "--operations", str(requests),
                                  "--value-bytes-most", str(value_bytes_most), "--first-request", str(self.next_request), *order],
                         "put", "request")
        self.next_request += requests
        return done

    def measure(self, server, row):
        return self._measure(server, row.operation, row.connections, row.in_flight, row.requests, row.per)

    def measure_echo(self, echo, row):
        operation = "put" if row.operation == "put" else "get"
        return self._measure(echo, operation, row.echo_connections, 1, row.echo_requests, "request")

    def measure_tail(self, server, rate, requests, has_query):
        """Gets that come at a steady rate, alone or while all records are queried on one more connection."""
        arguments = ["--operation", "get", "--connections", "64", "--rate", str(rate), "--operations", str(requests),
                     "--warm-up", str(requests // 10), "--first-request", str(self.next_request)]
        if has_query:
            arguments += ["--background-query", "--query-records", str(self.keys)]
        self.next_request += 2 * requests
        return self._run(server, arguments, "get", "request")

    def run(self, server, arguments, operation):
        """A run with all options but those of the place and the keys among `arguments`."""
        return self._run(server, arguments, operation, "request")

    def run_message(self, server, arguments):
        """A run with the operation `message`, whose options are all among `arguments`."""
        return self._run(server, arguments, "message", "request")

    def _measure(self, server, operation, connections, in_flight, requests, per):
        warm_up = requests // 10
        arguments = ["--operation", operation, "--connections", str(connections), "--in-flight", str(in_flight),
                     "--operations", str(requests), "--warm-up", str(warm_up),
                     "--first-request", str(self.next_request), "--batch-rows", str(BATCH_ROWS)]
        if operation == "query":
            arguments += ["--query-records", str(self.keys)]
        self.next_request += requests + warm_up
        return self._run(server, arguments, operation, per)

    def _run(self, server, arguments, operation, per):
        core = self.core if server.is_pinned else -1
        command = [self.path, "--port", str(server.port), "--server-pid", str(server.pid), "--core", str(core),
                   "--keys", str(self.keys), "--value-bytes", str(self.value_bytes), "--digests", self.digests,
                   *server.generator_options(operation), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise RuntimeError(f"{server.name}: {done.stderr.strip()}\n  {' '.join(command)}")
        found = json.loads(done.stdout)
        count = found["records"] if per == "record" else found["operations"]
        return Sample(operations=found["operations"], records=found["records"], wall_s=found["wall_ns"] / 1e9,
                      cpu_us=found["server_cpu_ns"] / 1e3 / count,
                      reply_bytes=found["reply_bytes"] / found["operations"],
                      latency_us={name: ns / 1e3 for name, ns in found["latency_ns"].items()},
                      generator_busy=found["generator_cpu_ns"] / found["wall_ns"])


def run_rounds(generator, echoes, servers, rows, rounds, say):
    """`echoes` maps a reply size to its echo server. A round goes over all rows, so that slow drift meets every row alike;
    in each row the echo server and the servers take turns, every second round the other way round."""
    series = {(row.title, s.name): Series(row, s.name) for row in rows for s in servers
              if s.is_ours or row.takes_rivals}
    for number in range(rounds):
        for row in rows:
            ones = {s: series[row.title, s.name] for s in servers if (row.title, s.name) in series}
            turns = [echoes[row.echo_bytes(generator.value_bytes)], *ones]
            for server in turns if number % 2 == 0 else reversed(turns):
                if server in ones:
                    ones[server].samples.append(generator.measure(server, row))
                    continue
                echo = generator.measure_echo(server, row)
                for one in ones.values():
                    one.echoes.append(echo)
            say(f"round {number + 1}/{rounds}: {row.title}: echo {echo.cpu_us:.2f} us, "
                + ", ".join(f"{s.name} {one.samples[-1].cpu_us:.2f}" for s, one in ones.items()))
    return list(series.values())


@dataclass
class Tail:
    rate: int
    alone: list = field(default_factory=list)
    beside_query: list = field(default_factory=list)


def tail_pairs(generator, server, pairs, scale, say):
    tail = Tail(rate=20_000)
    requests = max(100, int(60_000 * scale))
    for number in range(pairs):
        turns = [(tail.alone, False), (tail.beside_query, True)]
        for samples, has_query in turns if number % 2 == 0 else reversed(turns):
            samples.append(generator.measure_tail(server, tail.rate, requests, has_query))
        say(f"tail {number + 1}/{pairs}: p99.9 {tail.alone[-1].latency_us['p99.9']:,.0f} us alone, "
            f"{tail.beside_query[-1].latency_us['p99.9']:,.0f} us beside a query")
    return tail


@dataclass
class Memory:
    server: str
    before: int
    after: int
    records: int
    value_bytes: int

    def per_record(self):
        return (self.after - self.before) / self.records - self.value_bytes


def load_and_weigh(generator, server, settle_s):
    before = machine.resident_bytes(server.pid)
    generator.load(server)
    time.sleep(settle_s)
    return Memory(server.name, before, machine.resident_bytes(server.pid), generator.keys, generator.value_bytes)


@dataclass
class Idle:
    server: str
    resident: int
    cpu_share: float


def idle(server, seconds):
    before, started = machine.cpu_seconds(server.pid), time.monotonic()
    time.sleep(seconds)
    used = machine.cpu_seconds(server.pid) - before
    return Idle(server.name, machine.resident_bytes(server.pid), used / (time.monotonic() - started))
