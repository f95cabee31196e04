"""A backup that is made while others write, restored, and compared record by record; and damaged ones.

usage: backup.py [records]     default 3000; starts a server of its own. Prints what was measured.

The records come from a file that this program writes, with a bin of every type. What the restored namespace holds is read
out of a second backup, and both files are read here, not by the tools."""

import base64
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests/conformance"))

import asb  # noqa: E402
from node import Node, info, memory_namespace  # noqa: E402

BIN = ROOT / "build/release/bin"
SET = "base"
passed = failed = 0


def check(what, holds, seen=""):
    global passed, failed
    if holds:
        passed += 1
    else:
        failed += 1
        print(f"FAIL {what}: {str(seen)[-400:]}")


class Ended:
    """What a tool said, how long it took, and the most memory it had."""

    def __init__(self, *arguments):
        began = time.monotonic()
        with tempfile.TemporaryFile() as output:
            process = subprocess.Popen([str(part) for part in arguments], stdout=output, stderr=subprocess.STDOUT)
            _, status, usage = os.wait4(process.pid, 0)
            process.returncode = self.code = os.waitstatus_to_exitcode(status)
            output.seek(0)
            self.text = output.read().decode(errors="replace")
        self.seconds = time.monotonic() - began
        self.cpu = usage.ru_utime + usage.ru_stime
        self.megabytes = usage.ru_maxrss / 1024

    def measured(self, name, records):
        print(f"{name}: {records} records in {self.seconds:.1f} s, {self.cpu:.1f} s of CPU time, "
              f"{self.megabytes:.0f} MB of memory at most")


class Tools:
    def __init__(self, port):
        self.port = port

    def arguments(self, name, *more):
        return [BIN / name, "-h", "127.0.0.1", "-p", str(self.port), "--no-config-file", *more]

    def run(self, name, *more):
        return Ended(*self.arguments(name, *more))


def hot_digests(count):
    """Of the records that are written during the backup: those with the integer keys 0 to count - 1."""
    return {asb.digest(SET, 1, struct.pack(">q", number)) for number in range(count)}


def compare(source, restored, hot):
    """Every record that nobody wrote meanwhile is there, and none is another."""
    wanted = {found: total for found, total, _ in asb.Records(source) if found not in hot}
    differing = surplus = others = 0
    example = None
    for found, total, _ in asb.Records(*restored):
        if found in hot:
            others += 1
            continue
        before = wanted.pop(found, None)
        if before is None:
            surplus += 1
        elif before != total:
            differing += 1
            example = example or found.hex()
    check("no record is missing", not wanted, f"{len(wanted)} are, {next(iter(wanted), b'').hex()} for one")
    check("no record is there twice or from nowhere", surplus == 0, surplus)
    check("no record differs", differing == 0, f"{differing} do, {example} for one")
    check("records that were written meanwhile are there, too", others > 0, others)
    return others


def files_of(folder):
    return sorted(pathlib.Path(folder).glob("*.asb"))


def backup_under_writes(tools, folder, records, hot):
    """Somebody writes from before the backup's beginning until after its end."""
    load = subprocess.Popen([str(part) for part in tools.arguments(
        "asbench", "-n", "test", "-s", SET, "-b", "int", "-k", str(hot), "-K", "0", "-w", "RU,10", "-z", "2", "-g", "3000",
        "-t", "36000")], stdout=subprocess.DEVNULL, stderr=subprocess.STDOUT)
    try:
        time.sleep(1)
        made = tools.run("asbackup", "-n", "test", "-d", folder, "-z", "zstd", "--file-limit", "64")
        check("somebody wrote all the time", load.poll() is None, load.poll())
    finally:
        load.send_signal(signal.SIGINT)
        load.wait()
    check("the backup is made", made.code == 0, made.text)
    made.measured("backup", records)


def damage(tools, folder, source):
    """A file of its own, with a bit flipped or its end missing."""
    path = pathlib.Path(folder) / "damaged.asb"
    made = tools.run("asbackup", "-n", "bar", "-o", path)
    check("a backup in one file is made", made.code == 0, made.text)
    ends = [end for _, _, end in asb.Records(path)]
    size = path.stat().st_size
    sums = [other for other in path.parent.iterdir() if other.name.startswith(path.name) and other != path]
    check("it has checksums", len(sums) == 1, sums)
    for name, at in (("flipped", size * 2 // 5), ("truncated", size * 3 // 5)):
        broken = pathlib.Path(folder) / f"{name}.asb"
        shutil.copy(path, broken)
        for other in sums:
            shutil.copy(other, str(other).replace(path.name, broken.name))
        with open(broken, "r+b") as file:
            file.seek(at)
            byte = file.read(1)[0]
            file.seek(at)
            if name == "flipped":
                file.write(bytes([byte ^ 0x10]))
            else:
                file.truncate()
        before = sum(end <= at for end in ends)
        refused = tools.run("asrestore", "-i", broken, "-n", "bar,salvaged")
        check(f"{name}: it is refused", refused.code == 1 and "nothing was restored" in refused.text, refused.text)
        check(f"{name}: the place is named", str(broken) in refused.text and "line " in refused.text, refused.text)
        saved = tools.run("asrestore", "-i", broken, "-n", "bar,salvaged", "--salvage", "-g")
        check(f"{name}: on request all {before} records before it are restored",
              f"Restored {before} records (0 existed, 0 were newer, 0 had expired, 0 left out, 0 failed)" in saved.text,
              saved.text)
        check(f"{name}: that, too, ends as a failure", saved.code == 1, saved.code)
        broken.unlink()


def selections(tools, folder):
    """What the options choose, against all that there is."""
    def digests(*options):
        path = pathlib.Path(folder) / "chosen.asb"
        made = tools.run("asbackup", "-n", "bar", "-o", path, *options)
        check(f"a backup is made with {options}", made.code == 0, made.text)
        return [found for found, _, _ in asb.Records(path)]

    def partition(found):
        return int.from_bytes(found[:2], "little") % 4096

    everything = set(digests())
    lower, upper = digests("-X", "0-2048"), digests("-X", "2048-2000,4048-48")
    check("two halves of the partitions are all", set(lower) | set(upper) == everything
          and len(lower) + len(upper) == len(everything), (len(lower), len(upper), len(everything)))
    check("each has its own", all(partition(found) < 2048 for found in lower))
    full = next(partition(found) for found in lower if sum(partition(other) == partition(found) for other in lower) > 1)
    of_one = digests("-X", str(full))
    first = base64.b64encode(of_one[0]).decode()
    check("behind a digest of a partition comes its rest", digests("-X", first) == of_one[1:])
    check("and with -D what lies behind that", set(digests("-D", first))
          == set(of_one[1:]) | {found for found in everything if partition(found) > full})
    time.sleep(1.1)
    begin = time.strftime("%Y-%m-%d_%H:%M:%S")
    late = tools.run("asbench", "-n", "bar", "-s", "late", "-w", "I", "-k", "10", "-q")
    check("some are written later", late.code == 0, late.text)
    since = digests("-a", begin)
    check("those are what was written since", len(since) == 10 and not set(since) & everything, len(since))
    check("the others were before", set(digests("-b", begin)) == everything)
    estimate = tools.run("asbackup", "-n", "bar", "-e")
    check("an estimate is told", f"{len(everything) + 10} records in the namespace" in estimate.text, estimate.text)
    path = pathlib.Path(folder) / "slow.asb"
    slow = tools.run("asbackup", "-n", "bar", "-o", path, "-N", "1", "-M", "2000")
    check("a limit of bandwidth is kept", slow.seconds > 0.9 * path.stat().st_size / (1 << 20), slow.seconds)
    for wrong in (["-X", "4096"], ["-X", "4095-2"], ["-D", "abc"], ["-a", "2026-02-31"], ["-f", "?"], ["-X", "1", "-D", first]):
        refused = tools.run("asbackup", "-n", "bar", "-o", "-", *wrong)
        check(f"{wrong} is refused in one line", refused.code == 2 and refused.text.count("\n") == 1, refused.text)


def wait_until_used(node):
    """A node answers before it owns its partitions, and clients do not take it until then."""
    for _ in range(600):
        if not info(node.port, "partition-generation").startswith("-"):
            return
        time.sleep(0.05)


def main():
    records = int(sys.argv[1]) if len(sys.argv) > 1 else 3000
    hot = max(records // 100, 30)
    namespaces = "".join(memory_namespace(name, "4G") for name in ("test", "bar", "salvaged"))
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder, Node("backup", namespaces) as node:
        wait_until_used(node)
        tools = Tools(node.port)
        source = pathlib.Path(folder) / "source.asb"
        asb.write(source, records, SET)
        filled = tools.run("asrestore", "-i", source)
        check("records with a bin of every type are written", f"Restored {records} records" in filled.text, filled.text)
        filled.measured("fill", records)
        made = pathlib.Path(folder) / "made"
        backup_under_writes(tools, made, records, hot)
        restored = tools.run("asrestore", "-d", made, "-n", "test,bar")
        check("the backup is restored", restored.code == 0 and ", 0 failed)" in restored.text, restored.text)
        restored.measured("restore", records)
        again = pathlib.Path(folder) / "again"
        reread = tools.run("asbackup", "-n", "bar", "-d", again)
        check("the restored namespace is read", reread.code == 0, reread.text)
        others = compare(source, files_of(again), hot_digests(hot))
        print(f"{records} records, {others} of the {hot} that were written meanwhile among them")
        selections(tools, folder)
        damage(tools, folder, source)
        print(f"server: {node.resident_bytes() >> 20} MB")
    print(f"{passed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
