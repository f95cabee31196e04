"""damage.py [RECORDS]: bytes are flipped in a data file of one node of two, and every record is read all the same (default 5000).

While it runs, found by clients that read; found by the scrub, where nobody reads, on a device and behind a namespace in
memory; and while the node is down. Each time the damage is reported, counted, and repaired from the other node or from
memory; in the end the other node is killed, and the damaged one has everything.
"""

import random
import sys
import time

import cluster
from checks import Checks
from datafile import DataFile, flip
from node import Node, NodeDied, free_ports, info, stored_namespace
from stored_records import Records

RECORDS = 5000
BODY = 4096  # Some segments of 8 MiB are filled with them.
FLIPS = 300
# Only what was written is read from memory; nothing waits long for the file.
NAMESPACES = (stored_namespace("test", "device", "test.dat", "post-write-cache 0\n        flush-max-ms 100")
              + stored_namespace("bar", "memory", "bar.dat", "flush-max-ms 100"))

check = Checks("damage")


def put_all(member, records, version):
    codes = records.put_all(member, version)
    check("all is written", not codes, str(codes[:5]))


def flip_many(member, name):
    """One bit each in many places of the segments that are full, their marks among them. How many segments."""
    path = member.folder / "slot-0" / name
    file = DataFile(path)
    slots = list(file.sealed())
    places = [file.offset(random.choice(slots), random.randrange(file.segment)) for _ in range(FLIPS)]
    flip(path, places + [file.offset(slots[0], 20), file.offset(slots[-1], file.foot + 20)])
    return len(slots)


def settled(members):
    return cluster.until(60, lambda: cluster.stable(members, 2))[0] is not None


def read_by_clients(members, records):
    """The node under damage is asked, and the other, which takes it for the primary of half of them."""
    damaged = members[0]
    segments = flip_many(damaged, "test.dat")
    bad = [records.wrong(member, 1) for member in members]
    check("every record is read, whatever is damaged", not any(bad), f"{segments} segments; {[b[:3] for b in bad]}")
    now = damaged.numbers("test")
    check("the damage is counted, and what was read is repaired", now["records_repaired"] > 0, str(now["records_repaired"]))
    check("and reported, with what it held", damaged.said("a record does not check") and damaged.said("Other copies are asked for"))
    gone, _ = cluster.until(30, lambda: damaged.numbers("test")["damaged_records"] == 0)
    check("nothing is left damaged", bool(gone), str(damaged.numbers("test")["damaged_records"]))


def found_by_scrub(members, records):
    """Nobody reads until it is over."""
    damaged = members[0]
    put_all(damaged, records, 2)
    time.sleep(2)
    for name in ("test", "bar"):
        before = damaged.numbers(name)
        flip_many(damaged, f"{name}.dat")
        info(damaged.port, f"set-config:context=namespace;id={name};scrub-period=2")

        def done():
            now = damaged.numbers(name)
            return now["scrub_passes"] >= before["scrub_passes"] + 3 and now["damaged_records"] == 0 and now

        now, seconds = cluster.until(60, done)
        now = now or damaged.numbers(name)
        check(f"the scrub of {name} finds it", now["scrub_errors"] > before["scrub_errors"],
              f"{now['scrub_errors']} places of {now['scrub_segments_total']} segments, {seconds:.1f} s")
        check(f"and has it repaired in {name}", now["damaged_records"] == 0 and now["records_repaired"] > before["records_repaired"],
              f"{now['records_repaired'] - before['records_repaired']} records")
        info(damaged.port, f"set-config:context=namespace;id={name};scrub-period=0")
    time.sleep(1)
    lost = damaged.said("records lost")
    damaged.kill()
    damaged.start()
    check("after a crash the files have no damage", damaged.said("records lost") == lost)
    check("both are together again", settled(members))
    bad = [records.wrong(member, 2) for member in members]
    check("every record is there", not any(bad), str([b[:3] for b in bad]))


def found_at_start(members, records):
    damaged, other = members
    damaged.kill()
    flip_many(damaged, "test.dat")
    flip_many(damaged, "bar.dat")
    damaged.start()
    check("a start reports what is lost", damaged.said("records lost") > 0)
    check("and claims nothing of it", damaged.said("compared as if never filled") > 0)
    check("the copies are in sync again", settled(members))
    bad = [records.wrong(member, 2) for member in members]
    check("every record is there again", not any(bad), str([b[:3] for b in bad]))
    both = [sum(m.numbers(name)["objects"] for name in ("test", "bar")) for m in members]
    check("at both", both == [2 * records.count, 2 * records.count], str(both))
    other.kill()
    alone, _ = cluster.until(60, lambda: cluster.stable(members[:1], 1))
    check("the other is gone", alone is not None)
    bad = records.wrong(damaged, 2)
    check("and nothing with it", not bad, str(bad[:3]))


def main():
    records = Records("damage", ("test", "bar"), int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS, BODY)
    random.seed(7)
    ports = free_ports(6)
    members = [Node(f"damage-{i}", NAMESPACES, port=ports + 3 * i, seeds=[ports, ports + 3]) for i in range(2)]
    try:
        for member in members:
            member.__enter__()
        check("two nodes form a cluster", settled(members))
        put_all(members[0], records, 1)
        time.sleep(2)
        read_by_clients(members, records)
        found_by_scrub(members, records)
        found_at_start(members, records)
    except NodeDied as death:
        print(f"FAIL damage: {death}")
        check.failures.append("a server died")
    finally:
        for member in members:
            member.stop()
    check.exit()


if __name__ == "__main__":
    main()
