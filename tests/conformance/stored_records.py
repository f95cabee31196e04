"""Records of known values on real nodes: written, asked for, and compared. Many requests at a time on one connection."""

import wire

AT_ONCE = 50


class Records:
    """`count` records in each of the namespaces, of `size` bytes."""

    def __init__(self, label, namespaces, count, size):
        self.label, self.namespaces, self.count, self.size = label, namespaces, count, size

    def body(self, i, version):
        return f"{i}:{version}:".encode().ljust(self.size, bytes([65 + i % 26]))

    def put_all(self, member, version):
        """Result codes of what was not written."""
        return [code for _, _, code, _ in self._ask_all(member, lambda i: {
            "second": wire.WRITE, "ops": [wire.op(wire.OP_WRITE, "b", wire.BLOB, self.body(i, version))]}) if code]

    def wrong(self, member, version):
        """(namespace, number, result code) of those that the member does not answer as they were written."""
        return [(namespace, i, code) for namespace, i, code, bins
                in self._ask_all(member, lambda _: {"first": wire.READ | wire.READ_ALL})
                if code != wire.OK or bins.get("b") != self.body(i, version)]

    def _ask_all(self, member, parts):
        connection = wire.Connection(member.port)
        for namespace in self.namespaces:
            for first in range(0, self.count, AT_ONCE):
                some = range(first, min(first + AT_ONCE, self.count))
                for i in some:
                    connection.send(wire.message(namespace, wire.digest_of(self.label, i), **parts(i)))
                for i in some:
                    yield (namespace, i, *wire.parse_reply(connection.receive()))
        connection.close()
