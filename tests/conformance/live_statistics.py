"""live_statistics.py: every counter of a node that runs alone moves when what it counts happens, and so do its latencies.

Does everything that is counted, once, over the client protocol, and compares `statistics` and `namespace/test` from
before and after. What belongs to features that are not there yet, or to other nodes, is listed by pattern below; a
counter that neither moved nor is listed is a failure, and so is a listed one that moved.
"""

import re
import socket
import struct
import sys
import time

import wire
from node import Node, NodeDied, info

# Counters that stay 0 on a single node without these features.
FEATURES = {
    "other nodes": r"(client|batch_sub)_proxy_|from_proxy|dup_res|retransmit_|re_repl_|heartbeat_|fabric_|migrate_|appeals",
    "UDFs": r"(client|batch_sub|udf_sub)_(udf_(complete|timeout|filtered_out)|lang_)|udf_sub_|_(udf_bg|aggr)_",
    "secondary indexes": r"^si_query_|sindex_|geo_region_query_",
    "transactions": r"mrt_",
    "XDR": r"xdr_",
    # A request runs to completion as soon as it is read: none waits in a queue, and none times out there.
    "queues": r"_timeout$|fail_key_busy|early_tsvc_|ops_sub_tsvc_error|read_touch_tsvc_error|read_touch_error|lost_conflict",
    # Buffers belong to connections here.
    "buffers of batches": r"batch_index_(huge|created|destroyed)_buffers",
    "two clients at one record in the same moment": r"read_touch_skip",
    "a port for operators": r"admin_connections",
}
COUNTER = re.compile(r"_(success|error|timeout|not_found|filtered_out|complete|abort)$|^(fail|retransmit|dup_res|read_touch|"
                     r"ttl_reductions|deleted_last_bin|batch_index_(?!queue|proto|unused)|.*_connections_(opened|closed)|"
                     r"demarshal_error|early_tsvc|reaped_fds|deprecated_requests|expired_objects)")


def numbers(text):
    pairs = (pair.partition("=") for pair in text.split(";"))
    return {name: int(value) for name, _, value in pairs if re.fullmatch(r"\d+", value)}


class Client:
    """A connection, and requests with every flag."""

    def __init__(self, port):
        self.port = port
        self.connection = wire.Connection(port)

    def ask(self, frame, stream=False):
        """Result codes of a reply; of a stream, all of them up to the last."""
        self.connection.send(frame)
        codes = []
        while True:
            body, at = self.connection.receive(), 0
            while at < len(body):
                values = wire.HEADER.unpack_from(body, at)
                codes.append(values[5])
                last, at = values[3] & 1, message_end(body, at)
                if not stream or last:
                    return codes
        return codes

    def statistic(self, of, name):
        return numbers(info(self.port, of))[name]

    def reductions(self):
        return {applied: self.statistic("namespace/test", name)
                for applied, name in (("true", "ttl_reductions_applied"), ("false", "ttl_reductions_ignored"))}

    def shorten(self):
        self.one("life", second=WRITE, ttl=1000, ops=PUT)
        return self.one("life", second=WRITE, ttl=100, ops=PUT) == wire.OK

    def one(self, key, first=0, second=0, third=0, generation=0, ttl=0, ops=(), extra=(), ns="test", set_name=b"s"):
        fields = [wire.field(0, ns.encode()), wire.field(1, set_name), wire.field(4, wire.digest_of(key)), *extra]
        return self.ask(frame(first, second, third, generation, ttl, fields, ops))[0]


def message_end(body, at):
    values = wire.HEADER.unpack_from(body, at)
    at += values[0]
    for _ in range(values[9] + values[10]):
        at += 4 + struct.unpack_from(">I", body, at)[0]
    return at


def frame(first, second=0, third=0, generation=0, ttl=0, fields=(), ops=()):
    body = wire.HEADER.pack(wire.HEADER_SIZE, first, second, third, 0, 0, generation, ttl, 1000, len(fields), len(ops))
    body += b"".join(fields) + b"".join(ops)
    return b"\x02\x03" + len(body).to_bytes(6, "big") + body


PUT = [wire.op(wire.OP_WRITE, "a", wire.INTEGER, wire.integer(1))]
ADD_BLOB = [wire.op(wire.OP_INCREMENT, "a", wire.BLOB, b"x")]  # No number: always an error.
BIG = [wire.op(wire.OP_WRITE, "a", wire.BLOB, bytes(2 << 20))]
NULL = [wire.op(wire.OP_WRITE, "a")]
FALSE = [wire.field(43, bytes([0xC2]))]  # The constant as an expression.
LONG_NAME = [wire.op(wire.OP_READ, "b" * 16)]  # Longer than a bin's name may be.
LARGE = [wire.op(wire.OP_WRITE, "a", wire.BLOB, bytes(100_000))]
GENERATION = 0x04
UDF = [wire.field(30, b"m"), wire.field(31, b"f"), wire.field(32, b"\x90")]
READ, WRITE, DELETE = wire.READ | wire.READ_ALL, wire.WRITE, wire.WRITE | wire.DELETE


def until(true, seconds=10):
    """Waits for what a node does by itself, once a second or so."""
    deadline = time.monotonic() + seconds
    while not true() and time.monotonic() < deadline:
        time.sleep(0.05)


def single_records(client):
    client.one(1, second=WRITE, ops=PUT)
    client.one(1, READ)
    client.one("none", READ)
    client.one(1, READ, extra=FALSE)
    client.one(1, wire.READ, ops=LONG_NAME)
    client.one(1, second=WRITE, ops=ADD_BLOB)
    client.one(1, second=WRITE, ops=PUT, extra=FALSE)
    client.one(1, second=WRITE | GENERATION, generation=77, ops=PUT)
    client.one(1, second=WRITE, ops=BIG)
    client.one(2, second=WRITE, ops=PUT)
    client.one(2, second=WRITE, ops=NULL)
    client.one(1, second=DELETE, extra=FALSE)
    client.one(1, second=DELETE | GENERATION, generation=77)
    client.one(1, second=DELETE)
    client.one(1, second=DELETE)
    client.one(1, second=WRITE, extra=UDF)
    client.one(1)


def lives(client):
    """Expiry, lives that a write would shorten, and reads that lengthen them."""
    client.one("short", second=WRITE, ttl=1, ops=PUT)
    for reductions in ("true", "false"):
        info(client.port, f"set-config:context=namespace;namespace=test;apply-ttl-reductions={reductions}")
        before = client.reductions()
        until(lambda: client.shorten() and client.reductions()[reductions] != before[reductions])
    client.one("touched", second=WRITE, ttl=1000, ops=PUT)
    key = [wire.field(0, b"test"), wire.field(1, b"s"), wire.field(4, wire.digest_of("touched"))]
    time.sleep(1.1)
    for _ in range(2):  # The second finds that little of the life has gone.
        client.ask(frame(READ, ttl=100, fields=key))
    info(client.port, "set-config:context=namespace;namespace=test;nsup-period=1")
    until(lambda: client.statistic("namespace/test", "expired_objects") > 0)


def row(index, key, first=0, second=0, generation=0, ops=(), extra=(), ns=b"test"):
    fields = [wire.field(0, ns), wire.field(1, b"s"), *extra]
    own_flags_generation_ttl = 0x0E
    head = struct.pack(">I", index) + wire.digest_of(key)
    head += struct.pack(">BBBBHI", own_flags_generation_ttl, first, second, 0, generation, 0)
    return head + struct.pack(">HH", len(fields), len(ops)) + b"".join(fields) + b"".join(ops)


def batch(rows, flags=0x04):
    return frame(wire.READ | 0x08, fields=[wire.field(41, struct.pack(">IB", len(rows), flags) + b"".join(rows))])


def batches(client):
    client.ask(batch([
        row(0, "b", second=WRITE, ops=PUT), row(1, "b", READ), row(2, "none", READ), row(3, "b", READ, extra=FALSE),
        row(4, "b", wire.READ, ops=LONG_NAME), row(5, "b", second=WRITE, ops=ADD_BLOB),
        row(6, "b", second=WRITE, ops=PUT, extra=FALSE), row(7, "b", second=DELETE, extra=FALSE), row(8, "b"),
        row(9, "b", second=WRITE, extra=UDF), row(10, "b", second=DELETE | GENERATION, generation=77), row(11, "b", second=DELETE),
        row(12, "b", second=DELETE),
    ]), stream=True)
    client.ask(batch([row(0, "b", READ, ns=b"unknown")]), stream=True)
    for key in range(20):
        client.one(("large", key), second=WRITE, ops=LARGE)
    client.connection.send(batch([row(i, ("large", i % 20), READ) for i in range(200)]))
    until(lambda: client.statistic("statistics", "batch_index_delay") > 0)
    while not client.connection.receive()[3] & 1:
        pass


def query(first=READ, second=0, third=0x04, task=None, rate=None, ops=(), extra=(), ns=b"test"):
    everything = wire.field(11, b"".join(struct.pack("<H", i) for i in range(4096)))
    fields = [wire.field(0, ns), wire.field(1, b"s"), *extra]
    fields += [] if second else [everything]
    fields += [wire.field(7, struct.pack(">Q", task))] if task else []
    fields += [wire.field(10, struct.pack(">I", rate))] if rate else []
    return frame(first, second, third, fields=fields, ops=ops)


SHORT, NO_INDEX = READ | 0x04, [wire.field(22, bytes([0]))]


def queries(client):
    for first in (READ, SHORT):
        client.ask(query(first), stream=True)
        client.ask(query(first, extra=NO_INDEX))
    touches = [PUT, ADD_BLOB]
    for ops in touches:
        client.ask(query(0, WRITE, ops=ops))
    client.ask(query(0, WRITE, ops=PUT, extra=FALSE))
    client.ask(query(0, WRITE))
    client.ask(query(0, WRITE, ops=PUT, task=1001, rate=1))
    info(client.port, "query-abort:trid=1001")
    client.connection.send(query(task=1002, rate=1))
    until(lambda: "trid=1002" in info(client.port, "query-show"))
    info(client.port, "query-abort:trid=1002")
    while not client.connection.receive()[3] & 1:
        pass


def connections(client):
    """One that speaks another protocol, one that says nothing, and an old word."""
    with socket.create_connection(("127.0.0.1", client.port)) as stranger:
        stranger.sendall(b"GET / HTTP/1.1\r\n\r\n")
        stranger.recv(1)
    info(client.port, "service")
    info(client.port, "set-config:context=service;proto-fd-idle-ms=1000")
    with socket.create_connection(("127.0.0.1", client.port)) as silent:
        silent.settimeout(30)
        silent.recv(1)


def check(name, good, why):
    print(f"{'ok  ' if good else 'FAIL'} statistics: {name}{'' if good else ': ' + why}", flush=True)
    return good


def check_counter(what, name, moved):
    listed = next((reason for reason, pattern in FEATURES.items() if re.search(pattern, name)), None)
    if listed:
        return check(f"{what} {name}", not moved, f"moved, and is listed as of {listed}")
    return check(f"{what} {name}", moved, "did not move")


LATENCIES = ["batch-index", "{test}-read", "{test}-write", "{test}-udf", "{test}-batch-sub-read", "{test}-batch-sub-write",
             "{test}-batch-sub-udf", "{test}-pi-query"]


def check_latencies(client):
    rows = dict(row.split(":", 1) for row in info(client.port, "latencies:").split(";"))
    return [check(f"latency of {name}", re.match(r"msec,[\d.]+(,[\d.]+){17}$", rows.get(name, "")), "was not measured")
            for name in LATENCIES]


def scenario(client):
    info(client.port, "set-config:context=service;ticker-interval=1")
    before = {what: numbers(info(client.port, what)) for what in ("statistics", "namespace/test")}
    for act in (single_records, lives, batches, queries, connections):
        act(client)
    time.sleep(2)
    results = []
    for what, old in before.items():
        new = numbers(info(client.port, what))
        results += [check_counter(what, name, new[name] != old[name]) for name in old if COUNTER.search(name)]
    return results + check_latencies(client)


def main():
    try:
        with Node("statistics") as node:
            results = scenario(Client(node.port))
            node.check_alive()
    except (AssertionError, NodeDied, OSError, EOFError) as error:
        print(f"FAIL statistics: {error}")
        results = [False]
    print(f"{sum(map(bool, results))} passed, {sum(not good for good in results)} failed")
    sys.exit(not all(results))


main()
