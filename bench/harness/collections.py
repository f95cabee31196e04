"""Requests for lists and maps: the rows of `bench/data` as messages."""

import functools
from dataclasses import dataclass

BIN = b"c"
READ, WRITE, RESPOND_ALL = 0x01, 0x01, 0x80
OP_READ, OP_WRITE, OP_CDT_READ, OP_CDT_MODIFY = 1, 2, 3, 4
BLOB, MAP, LIST = 4, 19, 20
VALUE, INDEX = 7, 1  # Return types.
KEY_ORDERED, VALUE_ORDERED = 0x01, 0x03

# Every number has a size of five bytes, so that places and bytes grow alike.
FIRST, STEP = 1 << 16, 3


def pack(value):
    """Whole numbers and lists of them as msgpack."""
    if isinstance(value, list):
        return header(0x90, 0xDC, len(value)) + b"".join(map(pack, value))
    if 0 <= value < 0x80:
        return bytes([value])
    if value < 0:
        return b"\xd3" + value.to_bytes(8, "big", signed=True)
    return b"\xce" + value.to_bytes(4, "big")


def header(small, tag16, count):
    if count < 16:
        return bytes([small | count])
    if count < 1 << 16:
        return bytes([tag16]) + count.to_bytes(2, "big")
    return bytes([tag16 + 1]) + count.to_bytes(4, "big")


def number(i):
    return FIRST + STEP * i


@dataclass(frozen=True)
class Shape:
    title: str
    particle: int
    flags: int

    @functools.cache
    def encoded(self, size):
        """A collection of `size` numbers, or of pairs of them, ascending."""
        is_map = self.particle == MAP
        flags = b"\xc7\x00" + bytes([self.flags]) + (b"\xc0" if is_map else b"") if self.flags else b""
        start = header(0x80, 0xDE, size + bool(flags)) if is_map else header(0x90, 0xDC, size + bool(flags))
        one = (lambda i: pack(number(i)) * 2) if is_map else (lambda i: pack(number(i)))
        return start + flags + b"".join(map(one, range(size)))


@dataclass(frozen=True)
class Row:
    shape: Shape
    title: str
    request: object  # Of a size: read or not, and the operation's list.
    changes_size: bool = False
    is_look_up: bool = False  # Ought to take logarithmic time.


def message(set_name, is_read, op, particle, value):
    operation = bytes([op, particle, 0, len(BIN)]) + BIN + value
    fields = [b"\x00test", b"\x01" + set_name.encode(), b"\x04" + bytes(20)]
    body = bytes([22, READ if is_read else 0, 0 if is_read else WRITE, 0, 0, 0]) + bytes(8)
    body += (10_000).to_bytes(4, "big") + len(fields).to_bytes(2, "big") + (1).to_bytes(2, "big")
    for part in [*fields, operation]:
        body += len(part).to_bytes(4, "big") + part
    return ((2 << 56) | (3 << 48) | len(body)).to_bytes(8, "big") + body


def put_message(set_name, shape, size):
    return message(set_name, False, OP_WRITE, shape.particle, shape.encoded(size))


def get_message(set_name):
    return message(set_name, True, OP_READ, 0, b"")


def row_message(set_name, row, size):
    is_read, operation = row.request(size)
    return message(set_name, is_read, OP_CDT_READ if is_read else OP_CDT_MODIFY, BLOB, pack(operation))


def middle(size):
    return number(size // 2)


UNORDERED_LIST = Shape("list", LIST, 0)
ORDERED_LIST = Shape("ordered list", LIST, KEY_ORDERED)
UNORDERED_MAP = Shape("map", MAP, 0)
ORDERED_MAP = Shape("key-ordered map", MAP, KEY_ORDERED)
SORTED_MAP = Shape("key- and value-ordered map", MAP, VALUE_ORDERED)
SHAPES = [UNORDERED_LIST, ORDERED_LIST, UNORDERED_MAP, ORDERED_MAP, SORTED_MAP]


def list_rows(shape):
    ordered = shape.flags != 0
    return [
        Row(shape, "get by index, the middle", lambda n: (True, [19, VALUE, n // 2]), is_look_up=ordered),
        Row(shape, "get by value, the middle", lambda n: (True, [20, INDEX, middle(n)]), is_look_up=ordered),
        Row(shape, "increment the middle", lambda n: (False, [12, n // 2, 1])),
        Row(shape, "append" + (", sorted into the middle" if ordered else ""),
            lambda n: (False, [1, middle(n) + 1]), changes_size=True),
    ]


def map_rows(shape):
    ordered = shape.flags != 0
    return [
        Row(shape, "get by key, the middle", lambda n: (True, [97, VALUE, middle(n)]), is_look_up=ordered),
        Row(shape, "get by index, the middle", lambda n: (True, [98, VALUE, n // 2]), is_look_up=ordered),
        Row(shape, "increment the middle", lambda n: (False, [73, middle(n), 1])),
        Row(shape, "put a new key into the middle", lambda n: (False, [67, middle(n) + 1, 70000]), changes_size=True),
    ]


ROWS = [row for shape in SHAPES for row in (map_rows(shape) if shape.particle == MAP else list_rows(shape))]
