"""replay.py PORT FILE...: sends recorded exchanges to a server with empty namespaces `test` and `bar`, in order, and
compares the replies with the recorded ones.

The files and their keys are described in tests/golden/README.md. Names of exchanges that cannot match yet stand in
golden-expected-failures.txt. Options: --list FILE another list, --names prints nothing but the names that fail.
"""

import argparse
import json
import pathlib
import select
import socket
import sys
import time

from expected import Result, judge, read_list
from node import receive_exactly

REPLY_SECONDS = 2
SETTLE_SECONDS = 10  # A background job may take that much longer than it did when recorded.
SILENCE_SECONDS = 0.5  # That long without a byte means "no reply".
CLOCK_SECONDS = 10  # Slack of an absolute void-time.
EPOCH_2010 = 1262304000
PROTO_HEADER = 8
HEADER = 22  # Of a sub-message.
LAST = 0x01  # Bit of its fourth byte.
PRIVATE_FIELD = 15  # Value of an index entry: a private hash for strings, a cell for points.


def sub_messages(body):
    """Start and end of each sub-message of a proto body. Raises ValueError when it does not parse."""
    at = 0
    while at < len(body):
        start, at = at, at + HEADER
        if at > len(body):
            raise ValueError("a sub-message is cut short")
        fields_and_ops = (int.from_bytes(body[start + 18 : start + 20], "big") +
                          int.from_bytes(body[start + 20 : start + 22], "big"))
        for _ in range(fields_and_ops):
            at += 4 + int.from_bytes(body[at : at + 4], "big")
        if at > len(body):
            raise ValueError("a sub-message is cut short")
        yield start, at


def bodies(raw):
    """Bodies of concatenated protos."""
    while raw:
        end = PROTO_HEADER + int.from_bytes(raw[2:PROTO_HEADER], "big")
        yield raw[PROTO_HEADER:end]
        raw = raw[end:]


def has_last(body):
    return any(body[start + 3] & LAST for start, _ in sub_messages(body))


def ends_stream(body, last_is_due):
    """A stream ends with the LAST bit; where the recorded one has none, with an error that names no record."""
    if has_last(body):
        return True
    return not last_is_due and any(body[start + 5] != 0 and body[start + 18 : start + 20] == b"\0\0"
                                   for start, _ in sub_messages(body))


def comparable(message, mask_private):
    """A sub-message without what differs by run: its void-time, and private index values if asked."""
    out = bytearray(message)
    if any(out[10:14]):
        out[10:14] = b"TIME"
    at = HEADER
    for _ in range(int.from_bytes(out[18:20], "big")):
        size = int.from_bytes(out[at : at + 4], "big")
        if mask_private and out[at + 4] == PRIVATE_FIELD:
            out[at + 5 : at + 4 + size] = bytes(size - 1)
        at += 4 + size
    return bytes(out)


def unordered(raw, mask_private):
    return sorted(comparable(body[start:end], mask_private)
                  for body in bodies(raw) for start, end in sub_messages(body))


class Line:
    """One connection to the server, opened anew after anything unexpected."""

    def __init__(self, port):
        self.port = port
        self.open()

    def open(self):
        self.socket = socket.create_connection(("127.0.0.1", self.port), REPLY_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.settimeout(REPLY_SECONDS)

    def reopen(self):
        self.socket.close()
        self.open()

    def proto(self):
        head = receive_exactly(self.socket, PROTO_HEADER)
        return head + receive_exactly(self.socket, int.from_bytes(head[2:], "big"))

    def protos(self, count):
        return b"".join(self.proto() for _ in range(count))

    def stream(self, last_is_due):
        got = b""
        while True:
            proto = self.proto()
            got += proto
            if ends_stream(proto[PROTO_HEADER:], last_is_due):
                return got

    def is_silent(self, seconds):
        return not select.select([self.socket], [], [], seconds)[0]

    def is_closed(self):
        try:
            return self.socket.recv(1) == b""
        except ConnectionResetError:
            return True


def difference(got, want):
    """One line that says where two replies part."""
    at = next((i for i, (a, b) in enumerate(zip(got, want)) if a != b), min(len(got), len(want)))
    codes = ""
    if min(len(got), len(want)) > 13 and got[1] == want[1] == 3:
        codes = f"result {got[13]} for {want[13]}, "
    return f"{codes}byte {at} of {len(want)}: got {got[max(0, at - 4) : at + 24].hex()} want {want[max(0, at - 4) : at + 24].hex()}"


def times_are_wrong(exchange, got):
    now = time.time() - EPOCH_2010
    for offset, ttl in exchange.get("void_time", []):
        void_time = int.from_bytes(got[offset : offset + 4], "big")
        if abs(void_time - now - ttl) > CLOCK_SECONDS:
            return f"void-time {void_time}, want about {int(now + ttl)}"
    return None


def compare(exchange, got, want):
    """Why the reply is not the recorded one; None when it is."""
    if exchange.get("compare") == "unordered":
        mask = exchange.get("mask_bval", False)
        ours, theirs = unordered(got, mask), unordered(want, mask)
        if ours == theirs:
            return None
        if len(ours) != len(theirs):
            return f"{len(ours)} rows for {len(theirs)}: {difference(got, want)}"
        return next(difference(bytes(8) + a, bytes(8) + b) for a, b in zip(ours, theirs) if a != b)
    ours, theirs = bytearray(got), bytearray(want)
    for offset, size in exchange.get("volatile", []):
        ours[offset : offset + size] = theirs[offset : offset + size]
    if ours != theirs:
        return difference(bytes(ours), bytes(theirs))
    return times_are_wrong(exchange, got)


def reply_to(exchange, line, want):
    if not want:
        return b""
    if exchange.get("compare") == "unordered":
        return line.stream(any(has_last(body) for body in bodies(want)))
    return line.protos(len(list(bodies(want))))


def play(exchange, line):
    """Why the exchange differs from the recorded one; None when it does not."""
    want = bytes.fromhex(exchange["response"])
    time.sleep(exchange.get("sleep_ms", 0) / 1000)
    line.socket.sendall(bytes.fromhex(exchange["request"]))
    why = compare(exchange, reply_to(exchange, line, want), want)
    if exchange.get("closed"):
        if not line.is_closed():
            why = why or "the connection stays open"
        line.reopen()
    elif exchange.get("no_reply"):
        if not line.is_silent(SILENCE_SECONDS):
            why = why or "there is a reply"
        line.reopen()
    elif why is None and not line.is_silent(0):
        why = "there is more than the reply"
    return why


def play_until_settled(exchange, line):
    """A read that waits for a background job is repeated until it shows what the job did."""
    deadline = time.monotonic() + SETTLE_SECONDS
    why = play(exchange, line)
    while why and exchange.get("sleep_ms") and is_read(exchange) and time.monotonic() < deadline:
        why = play(exchange, line)
    return why


def is_read(exchange):
    """A message whose second flag byte, the one of writes, is zero."""
    request = bytes.fromhex(exchange["request"])
    return request[1] == 3 and request[PROTO_HEADER + 2] == 0


def replay(path, line):
    topic = path.stem.removeprefix("wire-")
    for row in open(path):
        exchange = json.loads(row)
        try:
            why = play_until_settled(exchange, line)
        except (OSError, EOFError, ValueError) as error:
            why = str(error) or type(error).__name__
        if why is not None:
            line.reopen()
        yield Result(f"{topic}: {exchange['name']}", why is None, why or "")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("files", nargs="+", type=pathlib.Path)
    parser.add_argument("--list", default=pathlib.Path(__file__).with_name("golden-expected-failures.txt"))
    parser.add_argument("--names", action="store_true")
    args = parser.parse_args()
    results = []
    for path in args.files:
        line = Line(args.port)
        of_file = list(replay(path, line))
        line.socket.close()
        results += of_file
        if not args.names:
            print(f"{path.name} {sum(r.passed for r in of_file)}/{len(of_file)}", flush=True)
    if args.names:
        print("\n".join(r.name for r in results if not r.passed))
        return
    topics = {path.stem.removeprefix("wire-") for path in args.files}
    reasons = {name: why for name, why in read_list(args.list).items() if name.partition(":")[0] in topics}
    sys.exit(not judge(results, reasons))


main()
