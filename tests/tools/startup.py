"""What every verb costs to start and end: `--help`, the least of ten, at most 30 ms of a processor each.

usage: startup.py"""

import os
import pathlib
import subprocess
import sys

FLOTILLA = pathlib.Path(__file__).resolve().parents[2] / "build/release/bin/flotilla"
VERBS = ("sql", "info", "admin", "bench", "top", "backup", "restore", "man", "completion", "dev")
TRIES = 10
MOST_MS = 30


def milliseconds(verb):
    with subprocess.Popen([FLOTILLA, verb, "--help"], stdout=subprocess.DEVNULL) as process:
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0, f"flotilla {verb} --help: exit code {process.returncode}"
    return (used.ru_utime + used.ru_stime) * 1000


def main():
    failed = 0
    for verb in VERBS:
        best = min(milliseconds(verb) for _ in range(TRIES))
        failed += best > MOST_MS
        print(f"{'FAIL' if best > MOST_MS else 'ok  '} flotilla {verb}: {best:.1f} ms")
    print(f"{len(VERBS) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
