"""The smallest client: info, put, get. Enough to tell whether a node serves and keeps what it acknowledged."""

import hashlib
import socket
import struct
import time


NOT_FOUND = 2
AT_ONCE = 200


class Refused(Exception):
    """A result code other than 0; `code` holds it."""

    def __init__(self, code):
        super().__init__(f"result code {code}")
        self.code = code


class Client:
    def __init__(self, host, port=3000, name_space="test", timeout=5):
        self.socket = socket.create_connection((host, port), timeout=timeout)
        self.name_space = name_space

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def info(self, name):
        kind, body = self._ask(1, name.encode() + b"\n")
        assert kind == 1, f"kind {kind} in answer to info"
        asked, _, value = body.decode().partition("\t")
        assert asked == name, f"asked {name}, answered {asked}"
        return value.rstrip("\n")

    def put(self, key, value):
        self.put_all([(key, value)])

    def put_all(self, pairs):
        """Many, without waiting for each: on a busy machine every wait is one for a processor as well."""
        self._pipelined([_request(self.name_space, 0, 1, key, struct.pack(">IBBBB", 4 + 1 + len(value), 2, 3, 0, 1) + b"v" +
                                  value.encode()) for key, value in pairs])

    def get(self, key):
        """The value that was put, or None."""
        return self.get_all([key])[0]

    def get_all(self, keys):
        return [_value(body) for body in
                self._pipelined([_request(self.name_space, 3, 0, key, b"") for key in keys], allowed=(0, NOT_FOUND))]

    def _pipelined(self, requests, allowed=(0,)):
        answers = []
        for first in range(0, len(requests), AT_ONCE):
            part = requests[first:first + AT_ONCE]
            self.socket.sendall(b"".join(part))
            bodies = [self._read_message() for _ in part]
            for body in bodies:
                if body[5] not in allowed:
                    raise Refused(body[5])
            answers += bodies
        return answers

    def _read_message(self):
        kind, body = self._read_frame()
        assert kind == 3 and len(body) >= 22, f"kind {kind}, {len(body)} bytes in answer to a message"
        return body

    def _ask(self, kind, body):
        self.socket.sendall(_frame(kind, body))
        return self._read_frame()

    def _read_frame(self):
        head = struct.unpack(">Q", self._read(8))[0]
        return head >> 48 & 0xFF, self._read(head & (1 << 48) - 1)

    def _read(self, size):
        parts = bytearray()
        while len(parts) < size:
            part = self.socket.recv(size - len(parts))
            if not part:
                raise ConnectionError("closed by the server")
            parts += part
        return bytes(parts)


def _frame(kind, body):
    return struct.pack(">Q", 2 << 56 | kind << 48 | len(body)) + body


def _request(name_space, info1, info2, key, operation):
    fields = b"".join(struct.pack(">IB", len(data) + 1, kind) + data for kind, data in (
        (0, name_space.encode()), (1, b"e2e"), (4, _digest("e2e", key))))
    header = struct.pack(">BBBBBBIIIHH", 22, info1, info2, 0, 0, 0, 0, 0, 5000, 3, 1 if operation else 0)
    return _frame(3, header + fields + operation)


def _value(body):
    if body[5] == NOT_FOUND:
        return None
    size, _, _, _, name_size = struct.unpack_from(">IBBBB", body, 22)
    return body[22 + 8 + name_size:22 + 4 + size].decode()


def _digest(set_name, key):
    # Any 20 bytes that depend on the key do: servers trust the digest that a client sends.
    return hashlib.sha1(f"{set_name}:{key}".encode()).digest()


def wait_until(is_so, seconds, what, pause=0.1):
    """Asks until it answers something true; that is returned. Connection failures count as not yet. `what` is the text of
    the failure, or a function that makes it then."""
    end = time.monotonic() + seconds
    while True:
        try:
            found = is_so()
            if found:
                return found
        except (OSError, Refused, AssertionError):
            pass
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds} s: {what() if callable(what) else what}")
        time.sleep(pause)
