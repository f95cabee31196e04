"""fallback.py: where io_uring is forbidden, records on devices are read by threads; the server says so once, however many namespaces
there are, and not where it is allowed."""

import time

import wire
import without_io_uring
from checks import Checks
from node import Node, NodeDied, stored_namespace

SAID = "io_uring cannot be used here"
RECORDS = 500

check = Checks("fallback")


def reads_back(port, namespace):
    """Of the records written, how many are read right, once none is in a cache."""
    digests = [wire.digest_of(namespace, i) for i in range(RECORDS)]
    connection = wire.Connection(port)
    connection.send(b"".join(
        wire.message(namespace, digest, second=wire.WRITE, ops=[wire.op(wire.OP_WRITE, "v", wire.INTEGER, wire.integer(i))])
        for i, digest in enumerate(digests)))
    written = sum(wire.parse_reply(connection.receive())[0] == wire.OK for _ in digests)
    time.sleep(1)
    connection.send(b"".join(wire.message(namespace, digest, wire.READ | wire.READ_ALL) for digest in digests))
    right = sum(wire.parse_reply(connection.receive()) == (wire.OK, {"v": i}) for i in range(RECORDS))
    connection.close()
    return written, right


def serve(how, times):
    options = "post-write-cache 0\n        flush-max-ms 1\n        direct-files true"
    namespaces = "".join(stored_namespace(name, "device", f"{name}.dat", options) for name in ("one", "two"))
    with Node("fallback", namespaces) as node:
        for name in ("one", "two"):
            found = reads_back(node.port, name)
            check(f"{how}: {name} serves what is on its device", found == (RECORDS, RECORDS), found)
        said = node.log.read_text().count(SAID)
        check(f"{how}: that io_uring cannot be used is said {'once' if times else 'never'}", said == times, str(said))


def main():
    try:
        if not without_io_uring.is_forbidden():
            serve("allowed", 0)
        without_io_uring.forbid()
        serve("forbidden", 1)
    except NodeDied as death:
        check("the server lives", False, death)
    check.exit()


main()
