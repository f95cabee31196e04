"""The few messages of the client protocol that the fault tests send, on a plain socket."""

import hashlib
import socket
import struct

READ, READ_ALL = 0x01, 0x02  # First flag byte.
WRITE, DELETE = 0x01, 0x02  # Second.
OP_READ, OP_WRITE, OP_INCREMENT = 1, 2, 5
INTEGER, BLOB = 1, 4
OK, NOT_FOUND = 0, 2
HEADER = struct.Struct(">BBBBBBIIIHH")
HEADER_SIZE = 22


def message(namespace, digest, first=0, second=0, ops=()):
    """One proto about one record. The server takes the digest as it is, so any 20 bytes name a record."""
    fields = field(0, namespace.encode()) + field(1, b"faults") + field(4, digest)
    body = HEADER.pack(HEADER_SIZE, first, second, 0, 0, 0, 0, 0, 0, 3, len(ops)) + fields + b"".join(ops)
    return b"\x02\x03" + len(body).to_bytes(6, "big") + body


def field(kind, data):
    return struct.pack(">IB", len(data) + 1, kind) + data


def op(code, name, kind=0, value=b""):
    return struct.pack(">IBBBB", 4 + len(name) + len(value), code, kind, 0, len(name)) + name.encode() + value


def integer(value):
    return value.to_bytes(8, "big", signed=True)


def digest_of(*words):
    return hashlib.sha1(repr(words).encode()).digest()


def parse_reply(body):
    """Result code and bins of a reply without fields; integers as int, all else as bytes."""
    values = HEADER.unpack_from(body)
    code, op_count = values[5], values[10]
    at, bins = HEADER_SIZE, {}
    for _ in range(op_count):
        size, _, kind, _, name_size = struct.unpack_from(">IBBBB", body, at)
        name = body[at + 8 : at + 8 + name_size].decode()
        value = body[at + 8 + name_size : at + 4 + size]
        bins[name] = int.from_bytes(value, "big", signed=True) if kind == INTEGER else value
        at += 4 + size
    return code, bins


class Connection:
    """A pipelined connection: any number of requests may be on their way."""

    def __init__(self, port, timeout=10):
        self.socket = socket.create_connection(("127.0.0.1", port), timeout)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.buffer = bytearray()

    def send(self, data):
        self.socket.sendall(data)

    def receive(self):
        """The body of the next reply. Raises OSError or EOFError when the connection ends."""
        while True:
            if len(self.buffer) >= 8:
                end = 8 + int.from_bytes(self.buffer[2:8], "big")
                if len(self.buffer) >= end:
                    body = bytes(self.buffer[8:end])
                    del self.buffer[:end]
                    return body
            part = self.socket.recv(1 << 16)
            if not part:
                raise EOFError("the connection was closed")
            self.buffer += part

    def close(self):
        self.socket.close()
