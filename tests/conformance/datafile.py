"""Where in a data file what stands (docs/formats/data-file.md): of a file that is closed or quiet, what has a checksum."""

import dataclasses
import mmap

SEALED = 2
HEADER_COPIES = (0, 8192)
HEADER_BYTES = 128
MARK_BYTES = 64
UNIT_BYTES = 64


@dataclasses.dataclass(frozen=True)
class Place:
    """`at` counts from the start of the segment, `size` in bytes."""

    slot: int
    at: int
    size: int


class DataFile:
    """`path`: of a file in clear; nothing is changed here."""

    def __init__(self, path):
        with open(path, "rb") as file:
            self.image = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        newest = max(HEADER_COPIES, key=lambda at: self.number(at + 16, 8))
        self.segment = self.number(newest + 84)
        self.align = self.number(newest + 92)
        self.checkpoint = self.number(newest + 124)
        self.foot = self.segment - self.align

    def number(self, at, size=4):
        return int.from_bytes(self.image[at : at + size], "little")

    def offset(self, slot, at):
        return slot * self.segment + at

    def headers(self):
        return [Place(0, at, HEADER_BYTES) for at in HEADER_COPIES]

    def sealed(self):
        """Slots of the segments that are full."""
        for slot in range(1, len(self.image) // self.segment):
            mark = self.offset(slot, self.foot)
            if self.image[mark : mark + 8] == b"flotsegm" and self.number(mark + 12) == SEALED:
                yield slot

    def marks(self):
        return [Place(slot, at, MARK_BYTES) for slot in self.sealed() for at in (0, self.foot)]

    def units(self):
        """Their headers and, each in one piece, their records. Only such as are known to have been durable: what does not check
        behind them may have been torn by a crash."""
        durable = self.durable()
        for slot, at, records in self._all_units():
            if (self.number(self.offset(slot, at) + 16, 8), at) < durable:
                yield Place(slot, at, UNIT_BYTES), Place(slot, at + UNIT_BYTES, records)

    def durable(self):
        """The furthest point that units and marks say was durable: number of the segment, and offset in it."""
        said = [self.offset(mark.slot, mark.at) + 48 for mark in self.marks()]
        said += [self.offset(slot, at) + 40 for slot, at, _ in self._all_units()]
        return max((self.number(at, 8), self.number(at + 8)) for at in said)

    def _all_units(self):
        """Slot, offset in the segment, and bytes of records."""
        for slot in self.sealed():
            at, end = self.align, self.number(self.offset(slot, self.foot) + 36)
            while at < end:
                records = self.number(self.offset(slot, at) + 32)
                yield slot, at, records
                at += -(-(UNIT_BYTES + records) // self.align) * self.align

    def root(self):
        return Place(self.checkpoint, self.align, self.number(self.offset(self.checkpoint, self.align) + 12))

    def chunks(self):
        root = self.offset(self.checkpoint, self.align)
        slots = [self.number(root + 64 + 4 * i) for i in range(self.number(root + 40))]
        return [Place(slot, self.align, self.number(self.offset(slot, self.align) + 12)) for slot in slots]


def flip(path, offsets):
    """One bit in each of the bytes, the lowest in the first, the next in the second, and so on."""
    with open(path, "r+b", buffering=0) as file:
        for i, at in enumerate(offsets):
            file.seek(at)
            was = file.read(1)[0]
            file.seek(at)
            file.write(bytes([was ^ 1 << i % 8]))
