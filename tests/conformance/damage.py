"""damage.py [RECORDS]: bytes are flipped in a data file of one node of two, and every record is read all the same (default 5000).

While it runs, found by clients that read; found by the scrub, where nobody reads, on a device and behind a namespace in
memory; and while the node is down. Each time the damage is reported, counted, and repaired from the other node or from
memory; in the end the other node is killed, and the damaged one has everything.
"""

import random
import sys
import time

import cluster
import wire
from checks import Checks
from node import Node, NodeDied, free_ports, info, stored_namespace

RECORDS = 5000
BODY = 4096  # Some segments of 8 MiB are filled with them.
SEGMENT = 8 << 20
MARK, SEALED = b"flotsegm", 2
FLIPS = 300
AT_ONCE = 50
# Only what was written is read from memory; nothing waits long for the file.
NAMESPACES = (stored_namespace("test", "device", "test.dat", "post-write-cache 0\n        flush-max-ms 100")
              + stored_namespace("bar", "memory", "bar.dat", "flush-max-ms 100"))

check = Checks("damage")


def body(i, version):
    return f"{i}:{version}:".encode().ljust(BODY, bytes([65 + i % 26]))


def ask_all(member, count, parts):
    """Some requests at a time: answers (namespace, i, code, bins) for all records of both namespaces."""
    connection = wire.Connection(member.port)
    for namespace in ("test", "bar"):
        for first in range(0, count, AT_ONCE):
            some = range(first, min(first + AT_ONCE, count))
            for i in some:
                connection.send(wire.message(namespace, wire.digest_of("damage", i), **parts(i)))
            for i in some:
                yield (namespace, i, *wire.parse_reply(connection.receive()))
    connection.close()


def put_all(member, count, version):
    codes = [code for _, _, code, _ in ask_all(member, count, lambda i: {
        "second": wire.WRITE, "ops": [wire.op(wire.OP_WRITE, "b", wire.BLOB, body(i, version))]}) if code]
    check("all is written", not codes, str(codes[:5]))


def wrong(member, count, version):
    """Records of both namespaces that the member does not answer as they were written."""
    return [(namespace, i, code) for namespace, i, code, bins in ask_all(member, count, lambda _: {"first": wire.READ | wire.READ_ALL})
            if code != wire.OK or bins.get("b") != body(i, version)]


def sealed(file):
    """Where the sealed segments of a data file are."""
    size = file.seek(0, 2)
    for at in range(SEGMENT, size, SEGMENT):
        file.seek(at + SEGMENT - 512)
        mark = file.read(64)
        if len(mark) == 64 and mark[:8] == MARK and int.from_bytes(mark[12:16], "little") == SEALED:
            yield at


def flip(member, name):
    """One bit each in many places of the segments that are full, their marks among them. How many segments."""
    with open(member.folder / "slot-0" / name, "r+b", buffering=0) as file:
        segments = list(sealed(file))
        places = [random.choice(segments) + random.randrange(SEGMENT) for _ in range(FLIPS)]
        for at in places + [segments[0] + 20, segments[-1] + SEGMENT - 512 + 20]:
            file.seek(at)
            was = file.read(1)[0]
            file.seek(at)
            file.write(bytes([was ^ 1 << random.randrange(8)]))
    return len(segments)


def numbers(member, namespace):
    pairs = (pair.partition("=") for pair in info(member.port, f"namespace/{namespace}").split(";"))
    return {name: int(value) for name, _, value in pairs if value.isdigit()}


def said(member, words):
    return sum(words in line for line in member.log.read_text(errors="replace").splitlines())


def settled(members):
    return cluster.until(60, lambda: cluster.stable(members, 2))[0] is not None


def read_by_clients(members, count):
    """The node under damage is asked, and the other, which takes it for the primary of half of them."""
    damaged = members[0]
    segments = flip(damaged, "test.dat")
    bad = [wrong(member, count, 1) for member in members]
    check("every record is read, whatever is damaged", not any(bad), f"{segments} segments; {[b[:3] for b in bad]}")
    now = numbers(damaged, "test")
    check("the damage is counted, and what was read is repaired", now["records_repaired"] > 0, str(now["records_repaired"]))
    check("and reported, with what it held", said(damaged, "a record does not check") and said(damaged, "Other copies are asked for"))
    gone, _ = cluster.until(30, lambda: numbers(damaged, "test")["damaged_records"] == 0)
    check("nothing is left damaged", bool(gone), str(numbers(damaged, "test")["damaged_records"]))


def found_by_scrub(members, count):
    """Nobody reads until it is over."""
    damaged = members[0]
    put_all(damaged, count, 2)
    time.sleep(2)
    for name in ("test", "bar"):
        before = numbers(damaged, name)
        flip(damaged, f"{name}.dat")
        info(damaged.port, f"set-config:context=namespace;id={name};scrub-period=2")

        def done():
            now = numbers(damaged, name)
            return now["scrub_passes"] >= before["scrub_passes"] + 3 and now["damaged_records"] == 0 and now

        now, seconds = cluster.until(60, done)
        now = now or numbers(damaged, name)
        check(f"the scrub of {name} finds it", now["scrub_errors"] > before["scrub_errors"],
              f"{now['scrub_errors']} places of {now['scrub_segments_total']} segments, {seconds:.1f} s")
        check(f"and has it repaired in {name}", now["damaged_records"] == 0 and now["records_repaired"] > before["records_repaired"],
              f"{now['records_repaired'] - before['records_repaired']} records")
        info(damaged.port, f"set-config:context=namespace;id={name};scrub-period=0")
    time.sleep(1)
    lost = said(damaged, "records lost")
    damaged.kill()
    damaged.start()
    check("after a crash the files have no damage", said(damaged, "records lost") == lost)
    check("both are together again", settled(members))
    bad = [wrong(member, count, 2) for member in members]
    check("every record is there", not any(bad), str([b[:3] for b in bad]))


def found_at_start(members, count):
    damaged, other = members
    damaged.kill()
    flip(damaged, "test.dat")
    flip(damaged, "bar.dat")
    damaged.start()
    check("a start reports what is lost", said(damaged, "records lost") > 0)
    check("and claims nothing of it", said(damaged, "compared as if never filled") > 0)
    check("the copies are in sync again", settled(members))
    bad = [wrong(member, count, 2) for member in members]
    check("every record is there again", not any(bad), str([b[:3] for b in bad]))
    both = [sum(numbers(m, name)["objects"] for name in ("test", "bar")) for m in members]
    check("at both", both == [2 * count, 2 * count], str(both))
    other.kill()
    alone, _ = cluster.until(60, lambda: cluster.stable(members[:1], 1))
    check("the other is gone", alone is not None)
    bad = wrong(damaged, count, 2)
    check("and nothing with it", not bad, str(bad[:3]))


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    random.seed(7)
    ports = free_ports(6)
    members = [Node(f"damage-{i}", NAMESPACES, port=ports + 3 * i, seeds=[ports, ports + 3]) for i in range(2)]
    try:
        for member in members:
            member.__enter__()
        check("two nodes form a cluster", settled(members))
        put_all(members[0], count, 1)
        time.sleep(2)
        read_by_clients(members, count)
        found_by_scrub(members, count)
        found_at_start(members, count)
    except NodeDied as death:
        print(f"FAIL damage: {death}")
        check.failures.append("a server died")
    finally:
        for member in members:
            member.stop()
    check.exit()


if __name__ == "__main__":
    main()
