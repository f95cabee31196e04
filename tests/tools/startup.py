"""How long every verb takes to start: `--help`, the best of ten, at most 30 ms each.

usage: startup.py"""

import pathlib
import subprocess
import sys
import time

FLOTILLA = pathlib.Path(__file__).resolve().parents[2] / "build/release/bin/flotilla"
VERBS = ("sql", "info", "admin", "bench", "top", "backup", "restore", "man", "completion", "dev")
TRIES = 10
MOST_MS = 30


def milliseconds(verb):
    began = time.monotonic()
    subprocess.run([FLOTILLA, verb, "--help"], stdout=subprocess.DEVNULL, timeout=60, check=True)
    return (time.monotonic() - began) * 1000


def main():
    failed = 0
    for verb in VERBS:
        best = min(milliseconds(verb) for _ in range(TRIES))
        failed += best > MOST_MS
        print(f"{'FAIL' if best > MOST_MS else 'ok  '} flotilla {verb}: starts and ends in {best:.1f} ms")
    print(f"{len(VERBS) - failed} passed, {failed} failed")
    sys.exit(1 if failed else 0)


main()
