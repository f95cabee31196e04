"""The work that a database does beside its clients, four kinds of it. Each is prepared, then begun, and says how much it has done."""

import threading
import time

from . import tool


USERS = 16
BEGUN_SECONDS = 60


def wait_for_more(done):
    """Until it has grown."""
    before, end = done(), time.monotonic() + BEGUN_SECONDS
    while done() <= before:
        if time.monotonic() > end:
            raise RuntimeError(f"nothing was done within {BEGUN_SECONDS} s")
        time.sleep(0.1)


class Work:
    unit = ""

    def __init__(self, options, nodes, load):
        self.options, self.nodes, self.load = options, nodes, load

    def prepare(self):
        """Before any kind begins; in the order of KINDS."""

    def begin(self):
        """Returns once it goes on."""

    def done(self):
        """How much, ever since."""
        raise NotImplementedError

    def goes_on(self):
        """Whether it would have done more."""
        return True

    def end(self):
        """Whatever has begun; also after a failure."""


class Expiry(Work):
    """Records whose time runs out while gets are measured: so many in each second."""

    unit = "records removed since their time had run out"
    LEAD_S, TAIL_S = 10, 5  # Until the first are gone, and longer than gets are measured.

    def prepare(self):
        began = time.monotonic()
        seconds = self.options.seconds + self.TAIL_S
        each = self.options.expiring // seconds
        load = tool.Bench(self.options.binaries, self.nodes.members[0].port, each, 50, "expiring")
        for second in range(seconds):
            left = self.LEAD_S + second - int(time.monotonic() - began)
            load.run("-w", "I", "-K", second * each, "-z", USERS, "-e", max(1, left))

    def begin(self):
        wait_for_more(self.done)

    def done(self):
        return self.nodes.total("expired_objects")


class Compaction(Work):
    """Records are overwritten, chosen at random."""

    unit = "segments compacted"
    process = None

    def begin(self):
        self.process = self.load.start("-w", "RU,0", "-z", USERS, "-g", self.options.overwrites, "-t", 0)
        wait_for_more(self.done)

    def done(self):
        return self.nodes.total("storage-engine.file[0].defrag_reads")

    def goes_on(self):
        return self.process.poll() is None

    def end(self):
        if self.process is not None:
            tool.finish(self.process, now=True)
        self.process = None


class Query(Work):
    """All records are read, again and again."""

    unit = "records of a full query"

    def __init__(self, *of):
        super().__init__(*of)
        self.thread, self.process, self.ending = None, None, False
        self.seen = {}

    def begin(self):
        self.ending = False
        self.thread = threading.Thread(target=self._repeat)
        self.thread.start()
        wait_for_more(self.done)

    def _repeat(self):
        while not self.ending:
            self.process = self.load.read_all()
            self.process.communicate()

    def done(self):
        for member in self.nodes.members:
            if member.is_running():
                self.seen |= {(member.port, job["trid"]): int(job["recs-succeeded"]) for job in member.queries()}
        return sum(self.seen.values())

    def goes_on(self):
        return self.thread.is_alive()

    def end(self):
        if self.thread is None:
            return
        self.ending = True
        self.process.terminate()
        self.thread.join()
        self.thread = None


class Migration(Work):
    """The second node comes back empty, and gets a copy of every record."""

    unit = "records sent to the node that is filled"

    def prepare(self):
        self.nodes.lose_second()

    def begin(self):
        self.nodes.bring_second()

    def done(self):
        return self.nodes.total("migrate_records_transmitted")

    def goes_on(self):
        return self.nodes.total("migrate_tx_partitions_remaining") > 0


KINDS = {"expiry": Expiry, "compaction": Compaction, "query": Query, "migration": Migration}
