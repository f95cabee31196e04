"""Backups in the ASB text format (docs/formats/asb.md), written and read by other code than the tools'."""

import base64
import hashlib
import struct
import time


def digest(set_name, kind, key):
    return hashlib.new("ripemd160", set_name.encode() + bytes([kind]) + key).digest()


def text_value(value):
    """msgpack of a text or a small integer, as it stands inside lists and maps."""
    if isinstance(value, int):
        return struct.pack(">BI", 0xCE, value) if value > 65535 else (
            struct.pack(">BH", 0xCD, value) if value > 255 else
            (struct.pack("BB", 0xCC, value) if value > 127 else bytes([value])))
    raw = b"\x03" + value.encode()
    return bytes([0xA0 | len(raw)]) + raw


def packed_list(items, ordered=False):
    body = b"".join(items)
    return bytes([0x90 | (len(items) + ordered)]) + (b"\xc7\x00\x01" if ordered else b"") + body


def packed_map(pairs, ordered=False):
    body = b"".join(key + value for key, value in pairs)
    return bytes([0x80 | (len(pairs) + ordered)]) + (b"\xc7\x00\x01\xc0" if ordered else b"") + body


SKETCH = bytes.fromhex("000400" + "00" * 8 + "000040000040000000000000")
LIVES_UNTIL = int(time.time()) - 1262304000 + 30 * 86400  # Servers refuse what lives for more than ten years.
BLOBS = "BJCPRHE"  # Plain bytes, and those of languages.


def record(number, set_name):
    """A record with a bin of every type. Kinds of keys alternate; a third has a time to live."""
    if number % 3 == 0:
        key_line, key = b"+ k I %d\n" % number, digest(set_name, 1, struct.pack(">q", number))
    elif number % 3 == 1:
        text = b"key %d" % number
        key_line, key = b"+ k S %d %s\n" % (len(text), text), digest(set_name, 3, text)
    else:
        raw = struct.pack(">q", number)
        encoded = base64.b64encode(raw)
        key_line, key = b"+ k B %d %s\n" % (len(encoded), encoded), digest(set_name, 4, raw)
    text = "text %d\nwith a line feed, and ümläute" % number
    text = text.encode()
    point = b'{"type":"Point","coordinates":[%d.5,%d.25]}' % (number % 180, number % 90)
    blob = hashlib.blake2b(key, digest_size=24).digest()
    values = [
        b"- I int %d\n" % (number * 1_000_003 - (1 << 40)),
        b"- D float %d.5\n" % number,
        b"- Z bool %s\n" % (b"T" if number % 2 else b"F"),
        b"- S text %d %s\n" % (len(text), text),
        b"- G point %d %s\n" % (len(point), point),
    ]
    letter = BLOBS[number % len(BLOBS)].encode()
    nested = packed_map([(text_value("a"), packed_list([text_value(number % 70000)]))])
    encoded = [
        (b"B", b"blob", blob),
        (letter, b"other", blob[: number % 20 + 1]),
        (b"Y", b"sketch", SKETCH),
        (b"L", b"list", packed_list([text_value("x"), text_value(number % 100000), nested])),
        (b"L", b"sorted", packed_list([text_value(1), text_value(number % 1000 + 2)], True)),
        (b"M", b"map", packed_map([(text_value(1), text_value("one")), (text_value("k"), text_value(number % 300))])),
        (b"M", b"ordered", packed_map([(text_value(number % 100), text_value("v"))], True)),
    ]
    for kind, name, raw in encoded:
        coded = base64.b64encode(raw)
        values.append(b"- %s %s %d %s\n" % (kind, name, len(coded), coded))
    lives_until = 0 if number % 3 else LIVES_UNTIL
    return b"%s+ n test\n+ d %s\n+ s %s\n+ g 1\n+ t %d\n+ b %d\n%s" % (
        key_line, base64.b64encode(key), set_name.encode(), lives_until, len(values), b"".join(values))


def write(path, count, set_name):
    """`count` records from number 0 on."""
    with open(path, "wb", buffering=1 << 20) as file:
        file.write(b"Version 3.1\n# namespace test\n# first-file\n")
        for number in range(count):
            file.write(record(number, set_name))


class Records:
    """Iterates over the records of files: digest, a sum of key, set, and bins, and where the record ends in its file."""

    def __init__(self, *paths):
        self.paths = paths

    def __iter__(self):
        for path in self.paths:
            with open(path, "rb", buffering=1 << 20) as file:
                yield from self._of(file)

    @staticmethod
    def _value(file, line):
        """A line whose value is sized goes on for as long as its size says."""
        fields = line.split(b" ")
        kind = fields[1][:1]
        if kind in b"NZID" and len(kind):
            value = fields[-1].strip() if kind != b"N" else b""
            return fields[2], kind + (repr(float(value)).encode() if kind == b"D" else value)
        head = b" ".join(fields[:4]) + b" "
        size = int(fields[3])
        while len(line) < len(head) + size + 1:
            line += file.readline()
        raw = line[len(head):len(head) + size]
        if kind not in b"SG" and not fields[1].endswith(b"!"):
            raw = base64.b64decode(raw)
        return fields[2], kind + raw

    def _of(self, file):
        line = file.readline()
        while line:
            if not line.startswith(b"+"):
                line = file.readline()
                continue
            key = group = b""
            found = None
            expires = False
            bins = 0
            while line.startswith(b"+ "):
                kind, rest = line[2:3], line[4:]
                if kind == b"k":
                    words = rest.split(b" ", 2)
                    if words[0] != b"I":
                        size = int(words[1])
                        while len(words[2]) < size + 1:
                            more = file.readline()
                            rest, words[2] = rest + more, words[2] + more
                    key = rest
                elif kind == b"d":
                    found = base64.b64decode(rest)
                elif kind == b"s":
                    group = rest
                elif kind == b"t":
                    expires = rest.strip() != b"0"
                elif kind == b"b":
                    bins = int(rest)
                line = file.readline()
            values = []
            for _ in range(bins):
                values.append(self._value(file, line))
                end = file.tell()
                line = file.readline()
            total = hashlib.blake2b(key + group + (b"t" if expires else b"-"), digest_size=8)
            for name, value in sorted(values):
                total.update(struct.pack(">II", len(name), len(value)) + name + value)
            yield found, total.digest(), end
