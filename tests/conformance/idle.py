"""idle.py: ten thousand silent connections, and a client that never reads its replies, disturb nobody.

Checks that other clients' gets go on as fast as before within a bound, that the server's memory grows no more than
stated here, and that it gives the connections back. Prints every figure.
"""

import resource
import select
import socket
import statistics
import sys
import time

import wire
from node import Node, NodeDied

IDLE = 10_000
SPARE_DESCRIPTORS = 200
BYTES_PER_IDLE = 16 << 10
BYTES_FOR_DEAF = 32 << 20
GETS = 2000
SLOWER = 5  # The median get may take this many times as long ...
SLACK_SECONDS = 0.005  # ... and this much more, for the noise of a busy machine.
BIG = 100_000
FLOOD_SECONDS = 3

failures = []


def check(name, good, figures):
    print(f"{'ok  ' if good else 'FAIL'} idle: {name}: {figures}", flush=True)
    if not good:
        failures.append(name)


def median_get(connection, digest):
    """Median seconds of a get, one at a time."""
    request, times = wire.message("test", digest, wire.READ | wire.READ_ALL), []
    for _ in range(GETS):
        began = time.perf_counter()
        connection.send(request)
        code, _ = wire.parse_reply(connection.receive())
        times.append(time.perf_counter() - began)
        assert code == wire.OK, f"a get answers {code}"
    return statistics.median(times)


def put(connection, digest, size):
    connection.send(wire.message("test", digest, second=wire.WRITE, ops=[wire.op(wire.OP_WRITE, "b", wire.BLOB, bytes(size))]))
    code, _ = wire.parse_reply(connection.receive())
    assert code == wire.OK, f"a put answers {code}"


def as_fast_as(before, now):
    return now <= SLOWER * before + SLACK_SECONDS


def microseconds(*times):
    return " -> ".join(f"{t * 1e6:.0f} us" for t in times)


def idle_connections(node, connection, small, before):
    resident = node.resident_bytes()
    began = time.monotonic()
    idle = [socket.create_connection(("127.0.0.1", node.port)) for _ in range(IDLE)]
    print(f"     {IDLE} connections in {time.monotonic() - began:.1f} s")
    now = median_get(connection, small)
    grown = node.resident_bytes() - resident
    check("gets beside idle connections", as_fast_as(before, now), f"median {microseconds(before, now)}")
    check("memory of an idle connection", grown <= IDLE * BYTES_PER_IDLE,
          f"{grown / IDLE:.0f} bytes each, at most {BYTES_PER_IDLE}")
    check("all idle connections live", all_alive(idle), f"{IDLE} of them")
    return idle


def all_alive(connections):
    """None was closed, and the last one still answers."""
    poll = select.poll()
    for one in connections:
        poll.register(one, select.POLLIN)
    if poll.poll(0):
        return False
    last = connections[-1]
    last.sendall(b"\x02\x01" + (7).to_bytes(6, "big") + b"status\n")
    last.settimeout(5)
    return last.recv(100).endswith(b"ok\n")


def deaf_client(node, connection, small, big, before):
    """Asks for big records as long as the server takes requests, and reads nothing."""
    resident = node.resident_bytes()
    deaf = socket.create_connection(("127.0.0.1", node.port))
    requests = wire.message("test", big, wire.READ | wire.READ_ALL) * 100
    sent = flood(deaf, requests, lambda: node.resident_bytes() <= resident + 4 * BYTES_FOR_DEAF)
    now = median_get(connection, small)
    grown = node.resident_bytes() - resident
    asked = sent * BIG * 100 // len(requests)
    check("gets beside a client that never reads", as_fast_as(before, now), f"median {microseconds(before, now)}")
    check("memory of a client that never reads", grown <= BYTES_FOR_DEAF,
          f"{grown >> 20} MiB for {asked >> 20} MiB asked, at most {BYTES_FOR_DEAF >> 20} MiB")
    deaf.close()


def flood(deaf, requests, goes_on):
    """Sends the requests over and over while the server takes them and `goes_on()`; how many bytes it took."""
    deaf.setblocking(False)
    writable = select.poll()
    writable.register(deaf, select.POLLOUT)
    sent, deadline = 0, time.monotonic() + FLOOD_SECONDS
    while time.monotonic() < deadline and goes_on():
        try:
            sent += deaf.send(requests[sent % len(requests) :])
        except BlockingIOError:
            writable.poll(100)
        except OSError:
            break  # To throw the client out is a good answer too.
    return sent


def ask_for_descriptors():
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = IDLE + SPARE_DESCRIPTORS
    if hard != resource.RLIM_INFINITY and hard < wanted:
        sys.exit(f"FAIL idle: the machine allows {hard} descriptors a process; {wanted} are needed")
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted if hard == resource.RLIM_INFINITY else hard, hard))


def scenario(node):
    connection = wire.Connection(node.port)
    small, big = wire.digest_of("small"), wire.digest_of("big")
    put(connection, small, 100)
    put(connection, big, BIG)
    before = median_get(connection, small)
    idle = idle_connections(node, connection, small, before)
    deaf_client(node, connection, small, big, before)
    for one in idle:
        one.close()
    time.sleep(1)
    now = median_get(connection, small)
    check("gets after they left", as_fast_as(before, now), f"median {microseconds(before, now)}")


def main():
    ask_for_descriptors()
    try:
        with Node("idle") as node:
            scenario(node)
            node.check_alive()
    except (AssertionError, NodeDied, OSError, EOFError) as error:
        print(f"FAIL idle: {error}")
        failures.append("died")
    print(f"{6 - len(failures)} passed, {len(failures)} failed")
    sys.exit(bool(failures))


main()
