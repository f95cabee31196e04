"""Runs of `flotilla`, the command-line tool: it knows which node has a record, and follows when that changes."""

import json
import os
import signal
import subprocess


def go_first():
    """A client that measures does not wait for a processor itself, where the machine lets it."""
    try:
        os.sched_setscheduler(0, os.SCHED_RR, os.sched_param(1))
    except PermissionError:
        pass


def stand_back():
    """Other clients would be on other machines: the servers go before them."""
    os.nice(10)


class Bench:
    """Load on one set of keys, objects all of one size."""

    def __init__(self, binaries, port, records, value_bytes, of="main"):
        self.path = os.path.join(binaries, "flotilla")
        self.where = ["-h", "127.0.0.1", "-p", str(port), "-n", "test"]
        self.keys = ["-s", of, "-k", str(records), "-o", f"B{value_bytes}"]

    def start(self, *arguments, place=stand_back):
        """In the background, until finish()."""
        command = [self.path, "bench", *self.where, *self.keys, "--json", "-L", *map(str, arguments)]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=place)

    def run(self, *arguments, place=stand_back):
        """The summary, once the run has ended."""
        return finish(self.start(*arguments, place=place))

    def read_all(self):
        """Every record of the namespace leaves the servers once, and goes nowhere."""
        return subprocess.Popen([self.path, "backup", *self.where, "-o", "-"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
                                preexec_fn=stand_back)


def finish(process, now=False):
    """The summary of a run. `now`: it does not go on for as long as it would."""
    if now:
        process.send_signal(signal.SIGINT)
    out, errors = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(process.args)}: {errors.strip()}")
    return json.loads(out)
