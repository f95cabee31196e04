"""Two nodes on this machine that have a copy each of every record, on a device."""

import contextlib
import shutil
import time

from . import stored

FORMED_SECONDS = 30
SYNCED_SECONDS = 300
LOOK_S = 0.05


class Member(stored.Stored):
    copies = 2

    def __init__(self, binaries, folder, number, file_bytes, settings):
        self.name = f"node-{number}"
        super().__init__(binaries, folder, file_bytes)
        self.settings = settings

    def is_in_cluster(self, ignore_migrations):
        answer = self.info(f"cluster-stable:size=2;ignore-migrations={str(ignore_migrations).lower()}")
        return not answer.startswith("ERROR")


class Pair:
    """The second one comes back empty as often as it is wanted."""

    def __init__(self, binaries, folder, file_bytes, settings=()):
        self.members = [Member(binaries, folder, number, file_bytes, settings) for number in (1, 2)]
        for member in self.members:
            member.seeds = [other.heartbeat for other in self.members]

    @contextlib.contextmanager
    def running(self):
        with self.members[0].running(), self.members[1].running():
            self.wait_synced()
            yield self

    def wait_synced(self):
        self._wait(SYNCED_SECONDS, False)

    def lose_second(self):
        self.members[1].kill()
        shutil.rmtree(self.members[1].folder)

    def bring_second(self):
        """Empty; until its copies are being filled."""
        self.members[1].start()
        self._wait(FORMED_SECONDS, True)
        before = self.total("migrate_records_transmitted")
        self._until(FORMED_SECONDS, lambda: self.total("migrate_records_transmitted") > before, "nothing is filled")

    def total(self, statistic):
        return sum(member.statistic(statistic) for member in self.members if member.is_running())

    def _wait(self, seconds, ignore_migrations):
        self._until(seconds, lambda: all(m.is_in_cluster(ignore_migrations) for m in self.members), "the nodes do not come together")

    @staticmethod
    def _until(seconds, done, otherwise):
        end = time.monotonic() + seconds
        while not done():
            if time.monotonic() > end:
                raise RuntimeError(f"{otherwise} within {seconds} s")
            time.sleep(LOOK_S)
