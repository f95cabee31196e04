"""crash.py: kills flotillad again and again under mixed writes and checks what a restart brings back.

A round: some connections write, update, and delete records of their own, many requests in flight on each; at a random
moment the server is killed by SIGKILL; it is started again on its files, and every record is read. Between the rounds
there are, one time in eight, some where it is asked to stop; they are not counted. Two namespaces have different promises:

  commit   commit-to-device: nothing acknowledged is lost
  relaxed  flush-max-ms 100: nothing acknowledged earlier than that (and a margin) is lost

In both a record is whole or absent, has a state it really had, and what was deleted stays deleted; a stop on
request loses nothing. After each round the states found are the truth of the next.

Options: --engine memory (with a file behind it; the default) or device, --rounds N (kills; 15), --seed N (random): with the same seed the same writes and moments, as far as the machine's
timing allows. The files of a failed run stay in build/nodes.
"""

import argparse
import collections
import dataclasses
import random
import sys
import threading
import time

import wire
from node import Node, NodeDied, stored_namespace

FLUSH_MS = 100
MARGIN_SECONDS = 1.0  # How late the flush may be on a busy machine.
CONNECTIONS_PER_NAMESPACE = 3
KEYS_PER_CONNECTION = 200
WINDOW = 24  # Requests in flight on a connection.
ABSENT = None


@dataclasses.dataclass
class Promise:
    """How old an acknowledgement must be at the kill, in seconds, to count as kept."""

    namespace: str
    age: float


PROMISES = [Promise("commit", 0), Promise("relaxed", FLUSH_MS / 1000 + MARGIN_SECONDS)]


@dataclasses.dataclass
class State:
    """What a record was after one write: a version (ABSENT: deleted), and when that was acknowledged."""

    version: int | None
    acknowledged: float | None = None  # time.monotonic(); None: never, it may have happened or not.


class Key:
    """One record and all states it may be found in."""

    def __init__(self, namespace, number):
        self.namespace = namespace
        self.number = number
        self.digest = wire.digest_of(namespace, number)
        self.states = [State(ABSENT, 0.0)]
        self.versions = 0  # Never used twice, so that an old state is known when it comes back.

    def payload(self, version):
        """The blob that goes with a version: its size and bytes follow from both names."""
        size = 8 + (self.number * 37 + version * 101) % 1500
        return (b"%d/%d." % (self.number, version) * (size // 4 + 1))[:size]

    def allowed(self, cut):
        """States the record may have now, when all that was acknowledged before `cut` must be there."""
        kept = 0
        for i, state in enumerate(self.states):
            if state.acknowledged is not None and state.acknowledged <= cut:
                kept = i
        return [state.version for state in self.states[kept:]]

    def settle(self, version):
        self.states = [State(version, 0.0)]


class Writer(threading.Thread):
    """One connection and the keys only it writes; ends when the server does."""

    def __init__(self, port, keys, seed):
        super().__init__(daemon=True)
        self.keys, self.random, self.port = keys, random.Random(seed), port
        self.acknowledged, self.error = 0, None
        self.in_flight = collections.deque()

    def run(self):
        try:
            connection = wire.Connection(self.port)
            while True:
                self.send_some(connection)
                self.take_reply(connection)
        except (OSError, EOFError):
            pass  # The kill.
        except Exception as error:
            self.error = error

    def send_some(self, connection):
        out = bytearray()
        busy = {key.number for key, _, _ in self.in_flight}
        while len(self.in_flight) < WINDOW:
            key = self.random.choice(self.keys)
            if key.number in busy:
                continue
            busy.add(key.number)
            out += self.request(key)
        if out:
            connection.send(out)

    def request(self, key):
        if self.random.random() < 0.2:
            return self.note(key, ABSENT, (wire.OK, wire.NOT_FOUND),
                             wire.message(key.namespace, key.digest, second=wire.WRITE | wire.DELETE))
        key.versions += 1
        version = key.versions
        ops = [wire.op(wire.OP_WRITE, "v", wire.INTEGER, wire.integer(version)),
               wire.op(wire.OP_WRITE, "p", wire.BLOB, key.payload(version)),
               wire.op(wire.OP_INCREMENT, "n", wire.INTEGER, wire.integer(1))]
        return self.note(key, version, (wire.OK,), wire.message(key.namespace, key.digest, second=wire.WRITE, ops=ops))

    def note(self, key, version, good, request):
        state = State(version)
        key.states.append(state)
        self.in_flight.append((key, state, good))
        return request

    def take_reply(self, connection):
        code, _ = wire.parse_reply(connection.receive())
        key, state, good = self.in_flight.popleft()
        if code not in good:
            raise AssertionError(f"{key.namespace} answered {code} to a write")
        state.acknowledged = time.monotonic()
        self.acknowledged += 1


def read_all(port, keys):
    """Version found for each key, in their order; raises AssertionError when a record is not whole."""
    connection, found = wire.Connection(port), []
    for first in range(0, len(keys), 200):
        some = keys[first : first + 200]
        connection.send(b"".join(wire.message(k.namespace, k.digest, wire.READ | wire.READ_ALL) for k in some))
        found += [found_version(key, *wire.parse_reply(connection.receive())) for key in some]
    connection.close()
    return found


def found_version(key, code, bins):
    if code == wire.NOT_FOUND:
        return ABSENT
    name = f"{key.namespace} key {key.number}"
    assert code == wire.OK, f"{name}: read answers {code}"
    assert set(bins) == {"v", "p", "n"}, f"{name}: bins {sorted(bins)}"
    assert bins["p"] == key.payload(bins["v"]), f"{name}: version {bins['v']} has another one's payload"
    return bins["v"]


class World:
    """The server, all keys, and the count of what was checked."""

    def __init__(self, node, seed):
        self.node, self.random = node, random.Random(seed)
        self.keys = {p.namespace: [Key(p.namespace, i) for i in range(CONNECTIONS_PER_NAMESPACE * KEYS_PER_CONNECTION)]
                     for p in PROMISES}
        self.writes = self.kills = self.stops = 0

    def round(self):
        writers = self.start_writers()
        time.sleep(self.random.choice([0.02, 0.1, 0.4, 1.0, 2.0]) * self.random.uniform(0.5, 1.5))
        self.node.check_alive()
        asked = self.random.random() < 1 / 8
        ended = time.monotonic()
        if asked:
            code = self.node.stop()
            assert code == 0, f"asked to stop, it ended with {code}"
            self.stops += 1
        else:
            self.node.kill()
            self.kills += 1
        for writer in writers:
            writer.join()
            if writer.error:
                raise writer.error
            self.writes += writer.acknowledged
        self.node.start()
        self.check(ended, asked)

    def start_writers(self):
        writers = []
        for keys in self.keys.values():
            for first in range(0, len(keys), KEYS_PER_CONNECTION):
                writers.append(Writer(self.node.port, keys[first : first + KEYS_PER_CONNECTION],
                                      self.random.getrandbits(64)))
        for writer in writers:
            writer.start()
        return writers

    def check(self, ended, asked):
        for promise in PROMISES:
            keys = self.keys[promise.namespace]
            cut = float("inf") if asked else ended + (3600 if promise.age == 0 else -promise.age)
            for key, version in zip(keys, read_all(self.node.port, keys)):
                allowed = key.allowed(cut)
                assert version in allowed, (f"{promise.namespace} key {key.number}: found "
                                            f"{describe(version)}, may be {', '.join(map(describe, allowed))}")
                key.settle(version)


def describe(version):
    return "absent" if version is ABSENT else f"version {version}"


def namespaces(folder, engine):
    return (stored_namespace("commit", engine, f"{folder}/commit.dat", "commit-to-device true") +
            stored_namespace("relaxed", engine, f"{folder}/relaxed.dat", f"flush-max-ms {FLUSH_MS}"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--engine", choices=["memory", "device"], default="memory")
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--seed", type=int, default=random.SystemRandom().randrange(1 << 32))
    args = parser.parse_args()
    print(f"seed {args.seed}", flush=True)
    node = Node("crash")
    node.namespaces = namespaces(node.folder, args.engine)
    world = World(node, args.seed)
    try:
        with node:
            while world.kills < args.rounds:
                world.round()
                if world.kills % 10 == 0:
                    print(f"{world.kills} kills, {world.stops} stops, {world.writes} acknowledged writes", flush=True)
    except (AssertionError, NodeDied, OSError, EOFError) as error:
        print(f"FAIL crash: behind {world.kills} kills and {world.stops} stops: {error}")
        print(f"   repeat with tests/conformance/crash.py --engine {args.engine} --seed {args.seed} "
              f"--rounds {world.kills + 1}; files in {node.folder}")
        print(f"{max(0, world.kills - 1)} passed, 1 failed")
        sys.exit(1)
    print(f"{world.kills} kills, {world.stops} stops, {world.writes} acknowledged writes")
    print(f"{world.kills} passed, 0 failed")


main()
