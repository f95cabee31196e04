"""sampled_damage.py [PLACES]: bits are flipped in data files of real nodes, in 20,000 places or as many as are asked for.

Each kind of bytes has its share of the places, and each place is accounted for: detected and reported where it is, contained,
and repaired where anything was lost.

- File headers, marks of segments, root and chunks of the index checkpoint: one place for each start of a node.
- Units and records of the segments, one place for a unit: at one node of two, while it runs, where the scrub finds them, on a
  device (the other node has the record) and behind a namespace in memory (which has it); and while the node is down.
- Both headers at once: the node refuses the file, and gets everything from the other one into a new one.
"""

import collections
import concurrent.futures
import itertools
import random
import re
import shutil
import sys
import time

import cluster
from checks import Checks
from datafile import DataFile, flip
from node import Node, NodeDied, free_ports, info, stored_namespace
from stored_records import Records

PLACES = 20_000
# Of the places. What is found at a start costs one each time.
SHARES = {"file headers": 0.05, "marks": 0.05, "checkpoint root": 0.05, "checkpoint chunks": 0.1}
SHARE_AT_START = 0.15
SHARE_OF_UNITS = 0.2  # Of the places in segments: unit headers; the others are in records.
AT_ONCE = 1000  # Units of a file that are damaged together.
LANES = 2  # Nodes that are started again and again, at the same time.

FILE = "test.dat"
# Many small units; nothing is compacted, or read from memory.
TUNING = "flush-size 16K\n        flush-max-ms 100\n        defrag-lwm-pct 1"
ALONE = stored_namespace("test", "device", FILE, TUNING, size="64M")
PAIR = (stored_namespace("test", "device", FILE, "post-write-cache 0\n        " + TUNING)
        + stored_namespace("bar", "memory", "bar.dat", TUNING))
GAP = re.compile(r"\{(\w+)\} file 0 segment (\d+) \(number [0-9a-f]+\) offset (\d+): (\d+) bytes damaged")
TOTAL = re.compile(r"\{(\w+)\} file 0: (\d+) damaged places")

check = Checks("sampled damage")
found = collections.Counter()  # Places by kind, each accounted for.


def account(kind, done, wanted, seconds, bad):
    found[kind] += done
    check(f"{kind}: every flip is found, reported, and harmless", not bad, f"{done} of {wanted}, {seconds:.0f} s; {bad[:3]}")


# ---------------------------------------------------------------------------------------------------------- one place for a start


class Restarted:
    """A node alone that was closed in good order, and is started from that file again and again, changed in one place."""

    def __init__(self, number):
        self.records = Records("alone", ["test"], 300, 100)
        self.node = Node(f"flipped-{number}", ALONE)
        self.kept = self.node.folder / "kept"

    def __enter__(self):
        self.node.__enter__()
        if self.records.put_all(self.node, 1) or self.node.stop() != 0:
            raise NodeDied("nothing to flip anything in")
        (self.node.folder / "slot-0").rename(self.kept)
        self.file = DataFile(self.kept / FILE)
        return self

    def __exit__(self, *of):
        self.node.__exit__(*of)

    def places(self, kind):
        return {"file headers": self.file.headers, "marks": self.file.marks, "checkpoint root": lambda: [self.file.root()],
                "checkpoint chunks": self.file.chunks}[kind]()

    def start_with(self, place, at):
        """What the log says of a start with a flip there."""
        slot = self.node.folder / "slot-0"
        shutil.copytree(self.kept, slot, dirs_exist_ok=True, copy_function=copy_sparse)
        flip(slot / FILE, [self.file.offset(place.slot, at)])
        self.node.log.write_bytes(b"")
        self.node.start()
        return self.node.log.read_text(errors="replace")

    def complaint(self, kind, place, log):
        """None if all is as it should be."""
        if kind.startswith("checkpoint"):
            if "its index checkpoint does not count, all is read" not in log:
                return "not reported"
        elif (("test", str(place.slot), str(place.at)) not in [gap[:3] for gap in GAP.findall(log)]
              or TOTAL.findall(log) != [("test", "1")]):
            return "not reported"
        wrong = self.records.wrong(self.node, 1)
        return f"{len(wrong)} records are wrong" if wrong else None

    def run(self, kind, count, seed):
        chosen = random.Random(seed)
        bad = []
        for _ in range(count):
            place = chosen.choice(self.places(kind))
            at = place.at + chosen.randrange(place.size)
            complaint = self.complaint(kind, place, self.start_with(place, at))
            self.node.kill()
            if complaint:
                bad.append((place, at, complaint))
        return bad


def copy_sparse(source, to):
    """Of a data file only what is not zeros."""
    with open(source, "rb") as old, open(to, "wb") as new:
        end = old.seek(0, 2)
        old.seek(0)
        new.truncate(end)
        at = 0
        while at < end:
            try:
                at = old.seek(at, 3)  # SEEK_DATA
            except OSError:
                break
            hole = old.seek(at, 4)  # SEEK_HOLE
            old.seek(at)
            new.seek(at)
            new.write(old.read(hole - at))
            at = hole


def one_by_one(kind, lanes, places, pool):
    began = time.monotonic()
    each = -(-places // len(lanes))
    bad = [b for some in pool.map(lambda lane: lane[1].run(kind, each, f"{kind} {lane[0]}"), enumerate(lanes)) for b in some]
    account(kind, each * len(lanes), places, time.monotonic() - began, bad)


def at_starts(places):
    lanes = [Restarted(number) for number in range(LANES)]
    try:
        for lane in lanes:
            lane.__enter__()
        with concurrent.futures.ThreadPoolExecutor(LANES) as pool:
            for kind, share in SHARES.items():
                one_by_one(kind, lanes, round(places * share), pool)
    finally:
        for lane in lanes:
            lane.__exit__(*sys.exc_info())


# --------------------------------------------------------------------------------------------------------- one place for a unit


class Damaged:
    """Two nodes; the files of the first are damaged. Each round leaves all as it was."""

    def __init__(self):
        ports = free_ports(6)
        self.members = [Node(f"sampled-{i}", PAIR, port=ports + 3 * i, seeds=[ports, ports + 3]) for i in range(2)]
        self.node = self.members[0]
        self.records = Records("pair", ["test", "bar"], 5000, 4096)
        self.random = random.Random("pair")

    def prepare(self):
        for member in self.members:
            member.__enter__()
        check("two nodes form a cluster", self.settled())
        refused = self.records.put_all(self.node, 1)
        check("all is written", not refused, str(refused[:5]))
        time.sleep(2)

    def settled(self):
        return cluster.until(60, lambda: cluster.stable(self.members, 2))[0] is not None

    def flip_some(self, name, most):
        """In as many units, none beside another: (kind, slot, offset in the segment) of each flip."""
        path = self.node.folder / "slot-0" / f"{name}.dat"
        file = DataFile(path)
        units = list(file.units())[self.random.randrange(2) :: 2]
        done = []
        for header, records in self.random.sample(units, min(most, len(units))):
            kind, place = ("unit headers", header) if self.random.random() < SHARE_OF_UNITS else ("records", records)
            done.append((kind, place.slot, place.at + self.random.randrange(place.size)))
        flip(path, [file.offset(slot, at) for _, slot, at in done])
        return done

    def unreported(self, name, flips, log):
        gaps = collections.defaultdict(list)
        for ns, slot, at, size in GAP.findall(log):
            if ns == name:
                gaps[int(slot)].append((int(at), int(at) + int(size)))
        return [one for one in flips if not any(begin <= one[2] < end for begin, end in gaps[one[1]])]

    def found_by_scrub(self, name, most):
        """Flips, and those that nobody told of. Nobody reads until all that is to be repaired is."""
        before, told = self.node.numbers(name), self.node.log.stat().st_size
        flips = self.flip_some(name, most)
        self.scrub(name)
        now = self.node.numbers(name)
        bad = self.unreported(name, flips, self.node.log.read_bytes()[told:].decode(errors="replace"))
        if now["damaged_records"] or now["records_repaired"] == before["records_repaired"]:
            bad.append(f"{name}: {now['damaged_records']} records stay damaged")
        return flips, bad

    def scrub(self, name):
        """Until all of the file was read and repaired."""
        before = self.node.numbers(name)["scrub_passes"]

        def done():
            now = self.node.numbers(name)
            return now["scrub_passes"] >= before + 3 and now["damaged_records"] == 0

        for period in (1, 0):
            info(self.node.port, f"set-config:context=namespace;id={name};scrub-period={period}")
            if period:
                cluster.until(60, done)

    def found_at_start(self, most):
        """Of both namespaces. The log names a hundred places of a file, and counts all."""
        self.node.kill()
        flips = {name: self.flip_some(name, most) for name in self.records.namespaces}
        told = self.node.log.stat().st_size
        self.node.start()
        totals = {name: int(count) for name, count in TOTAL.findall(self.node.log.read_bytes()[told:].decode(errors="replace"))}
        bad = [f"{name}: {totals.get(name, 0)} of {len(some)} reported" for name, some in flips.items() if totals.get(name, 0) != len(some)]
        if not self.settled():
            bad.append("the copies do not come together")
        for name in self.records.namespaces:
            self.scrub(name)  # What a start found damaged stays in the file until then, and is found again.
        return flips["test"] + flips["bar"], bad

    def round(self, where, flips, bad, began):
        """Accounts for one, and waits until it has left no traces."""
        bad += [f"{number + 1}: {len(wrong)} records are wrong" for number, member in enumerate(self.members)
                if (wrong := self.records.wrong(member, 1))]
        for kind in ("unit headers", "records"):
            mine = sum(one[0] == kind for one in flips)
            account(f"{kind}, {where}", mine, mine, time.monotonic() - began, bad)
        time.sleep(2)

    def run(self, places):
        left = {True: round(places * SHARE_AT_START), False: round(places * (1 - SHARE_AT_START - sum(SHARES.values())))}
        names = itertools.cycle(self.records.namespaces)
        while left[False] > 0:
            name, began = next(names), time.monotonic()
            flips, bad = self.found_by_scrub(name, min(AT_ONCE, left[False]))
            self.round(f"by the scrub of {name}", flips, bad, began)
            left[False] -= len(flips)
        while left[True] > 0:
            began = time.monotonic()
            flips, bad = self.found_at_start(min(AT_ONCE, -(-left[True] // 2)))
            self.round("at a start", flips, bad, began)
            left[True] -= len(flips)

    def lose_both_headers(self):
        """The only damage that a file is refused for."""
        self.node.kill()
        path = self.node.folder / "slot-0" / FILE
        file = DataFile(path)
        flip(path, [file.offset(0, header.at + self.random.randrange(header.size)) for header in file.headers()])
        try:
            self.node.start()
            refused = False
        except NodeDied:
            refused = self.node.said("file 0 refused: both copies of its header are damaged") == 1
        check("a file without a header is refused", refused)
        found["file headers"] += 2
        path.unlink()
        self.node.start()
        check("the other node fills a new one", self.settled() and not self.records.wrong(self.node, 1))


def in_segments(places):
    pair = Damaged()
    try:
        pair.prepare()
        pair.run(places)
        pair.lose_both_headers()
    finally:
        for member in pair.members:
            member.stop()


def main():
    places = int(sys.argv[1]) if len(sys.argv) > 1 else PLACES
    try:
        at_starts(places)
        in_segments(places)
    except NodeDied as death:
        print(f"FAIL sampled damage: {death}")
        check.failures.append("a server died")
    check("as many places as were asked for", found.total() >= places, ", ".join(f"{kind} {n:,}" for kind, n in sorted(found.items())))
    check.exit()


if __name__ == "__main__":
    main()
