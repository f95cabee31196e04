"""A server whose namespace is on a device: a file on this disk, past the page cache. And what the disk did."""

import mmap
import os
import time

from . import servers

SEGMENT = 8 << 20


class Stored(servers.Flotilla):
    """Two reactors, nothing pinned."""

    is_pinned = False
    reactors = 2

    def __init__(self, binaries, folder, file_bytes, more=()):
        super().__init__(binaries, folder, core=None)
        self.file = os.path.join(self.folder, "test.dat")
        lines = [f"file {self.file}", f"filesize {file_bytes}", "direct-files true", *more]
        self.storage = "device {\n        " + "\n        ".join(lines) + "\n    }"

    def statistic(self, *names):
        """The namespace's: one number, or as many as there are names."""
        values = dict(pair.partition("=")[::2] for pair in self.info("namespace/test").split(";"))
        found = [int(values[name]) for name in names]
        return found[0] if len(found) == 1 else found

    def queries(self):
        """Those that run, and the last ones that ran: their fields by name."""
        return [dict(pair.partition("=")[::2] for pair in job.split(":")) for job in self.info("query-show").split(";") if job]

    def set_storage(self, name, value):
        answer = self.info(f"set-config:context=namespace;id=test;{name}={value}")
        if answer != "ok":
            raise RuntimeError(f"{name}: {answer}")

    def timed_start(self):
        """Seconds until it serves."""
        began = time.monotonic()
        self.start()
        return time.monotonic() - began

    def timed_stop(self):
        began = time.monotonic()
        self.stop()
        return time.monotonic() - began

    def kill(self):
        self.process.kill()
        self.process.wait()

    def bytes_written(self):
        """By the process, to storage."""
        with open(f"/proc/{self.pid}/io", encoding="ascii") as lines:
            return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def disk_reads(path):
    """Reads that the disk under the file has done, of all processes."""
    device = os.stat(path).st_dev
    with open(f"/sys/dev/block/{os.major(device)}:{os.minor(device)}/stat", encoding="ascii") as counts:
        return int(counts.read().split()[0])


def read_speed(path, most_bytes):
    """Bytes a second when the file is read from its start on, in long direct reads, one after the other."""
    room = mmap.mmap(-1, SEGMENT)
    fd = os.open(path, os.O_RDONLY | os.O_DIRECT)
    done, began = 0, time.monotonic()
    try:
        while done < most_bytes:
            got = os.preadv(fd, [room], done)
            if got == 0:
                break
            done += got
    finally:
        os.close(fd)
    return done / (time.monotonic() - began)
