"""cluster.py [SIZE...]: processes on loopback form a cluster, as clients and tools see it (default: of 3 and of 5).

Checks that all answer one cluster key, that each knows the others, that the maps of all nodes claim every partition and
column exactly once and in equal shares, that a record written through one node is read through every other, that nodes
that were killed or stopped are missed, and that stopping a node loses nothing. Prints how long each took.
"""

import base64
import pathlib
import sys
import time

import wire
from checks import Checks
from node import Node, NodeDied, free_ports, info

PARTITIONS = 4096
COLUMNS = 2  # The replication factor of the configuration.
FORMED_SECONDS = 20
SETTLED_SECONDS = 60
RECORDS = 300
POLL_SECONDS = 0.05

check = Checks("cluster")


def until(seconds, done):
    """What `done` answered first that was true, and after how many seconds; None when time is up."""
    began = time.monotonic()
    while time.monotonic() - began < seconds:
        try:
            answer = done()
        except OSError:
            answer = None
        if answer:
            return answer, time.monotonic() - began
        time.sleep(POLL_SECONDS)
    return None, time.monotonic() - began


def stable(members, size):
    """The one key that all members answer, once nothing moves any more."""
    keys = {info(m.port, f"cluster-stable:size={size};ignore-migrations=false") for m in members}
    return keys.pop() if len(keys) == 1 and not next(iter(keys)).startswith("ERROR") else None


def columns(member, namespace="test"):
    for part in info(member.port, "replicas").split(";"):
        name, _, rest = part.partition(":")
        if name == namespace:
            return [int.from_bytes(base64.b64decode(text), "big") for text in rest.split(",")[2:]]
    return []


def check_maps(members):
    maps = [columns(m) for m in members]
    for column in range(min(COLUMNS, len(members))):
        owned = [m[column] if len(m) > column else 0 for m in maps]
        union, twice = 0, 0
        for one in owned:
            twice |= union & one
            union |= one
        sizes = [one.bit_count() for one in owned]
        check(f"column {column} is claimed once each", union == (1 << PARTITIONS) - 1 and twice == 0,
              f"{union.bit_count()} claimed, {twice.bit_count()} twice")
        check(f"column {column} is shared equally", max(sizes) - min(sizes) <= 1, str(sizes))


def check_peers(members):
    """A node that came back is shown a little later, once clients have forgotten its former life."""
    ids = {info(m.port, "node"): m for m in members}

    def lists_all(name, member):
        listed = info(member.port, "peers-clear-std")
        others = set(ids) - {name}
        return (all(f"[{o},,[127.0.0.1:{ids[o].port}]]" in listed for o in others)
                and listed.count(",,[") == len(others))

    for name, member in ids.items():
        shown, _ = until(SETTLED_SECONDS, lambda: lists_all(name, member))
        check(f"{name} lists its peers", bool(shown), info(member.port, "peers-clear-std"))


def request(member, digest, **parts):
    connection = wire.Connection(member.port)
    try:
        connection.send(wire.message("test", digest, **parts))
        return wire.parse_reply(connection.receive())
    finally:
        connection.close()


def put_all(members, first):
    """Through each member in turn, whoever owns the record. Answers the codes that are not OK."""
    codes = []
    for i in range(first, first + RECORDS):
        code, _ = request(members[i % len(members)], wire.digest_of("cluster", i), second=wire.WRITE,
                          ops=[wire.op(wire.OP_WRITE, "b", wire.INTEGER, wire.integer(i))])
        if code != wire.OK:
            codes.append(code)
    return codes


def missing(members, count):
    """Records that some member does not answer as they were written."""
    bad = []
    for i in range(count):
        for member in members:
            code, bins = request(member, wire.digest_of("cluster", i), first=wire.READ | wire.READ_ALL)
            if code != wire.OK or bins.get("b") != i:
                bad.append((i, code))
    return bad


def objects(members):
    return sum(int(dict(pair.split("=", 1) for pair in info(m.port, "namespace/test").split(";") if "=" in pair)["objects"])
               for m in members)


def check_formed(members, what):
    key, seconds = until(SETTLED_SECONDS, lambda: stable(members, len(members)))
    check(f"{len(members)} nodes {what}", key is not None, f"key {key}, {seconds:.2f} s")
    if key is None:
        for member in members:
            print(member.log_tail(15))
        return False
    check_maps(members)
    check_peers(members)
    return True


def run(size):
    ports = free_ports(3 * size)
    all_ports = [ports + 3 * i for i in range(size)]
    members = [Node(f"cluster-{size}-{i}", port=port, seeds=all_ports) for i, port in enumerate(all_ports)]
    try:
        for member in members:
            member.__enter__()
        if not check_formed(members, "form a cluster"):
            return
        codes = put_all(members, 0)
        check("every member takes every write", not codes, str(codes[:5]))
        bad = missing(members, RECORDS)
        check("every member reads every record", not bad, str(bad[:5]))
        count, _ = until(5, lambda: objects(members) == min(COLUMNS, len(members)) * RECORDS)
        check("every record has its copies", bool(count), f"{objects(members)} objects")
        if size > 1:
            change(members)
        for member in members:
            member.stop()
        codes = [member.process.returncode for member in members]
        check("all end in good order", not any(codes), f"exit {codes}")
    finally:
        for member in members:
            member.stop()


def change(members):
    """One is killed, comes back; another one leaves."""
    killed = members[-1]
    killed.kill()
    rest = members[:-1]
    if check_formed(rest, "go on without one that was killed"):
        bad = missing(rest, RECORDS)
        check("nothing is lost with it", not bad, str(bad[:5]))
    killed.start()
    if not check_formed(members, "are together again"):
        return
    leaver, rest = members[0], members[1:]
    began = time.monotonic()
    code = leaver.stop()
    check("a node leaves in good order", code == 0, f"exit {code} after {time.monotonic() - began:.2f} s")
    if check_formed(rest, "go on without one that left"):
        bad = missing(rest, RECORDS)
        check("nothing is lost with it either", not bad, str(bad[:5]))


def main():
    for size in [int(word) for word in sys.argv[1:]] or [3, 5]:
        try:
            run(size)
        except NodeDied as death:
            print(f"FAIL cluster: {death}")
            check.failures.append("a server died")
    check.exit()


if __name__ == "__main__":
    main()
