"""rust_suite.py PORT: runs the test suite that the official Rust client's crate carries against a server and judges it
by rust-expected-failures.txt.

The version stands in tests/smoke/rust/Cargo.lock. The crate is copied from cargo's registry to build/clients/rust and
tested with its own lock file. A test that says it skips itself counts as failed. Options: --filter TEXT only tests
whose name has it, --names prints the names that fail, without judgement.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from expected import Result, judge, not_run, read_list
from node import ROOT

FOLDER = ROOT / "build/clients/rust"
LIST = pathlib.Path(__file__).with_name("rust-expected-failures.txt")
SKIPPED = re.compile(r"^skip.*", re.MULTILINE | re.IGNORECASE)


def suite_source():
    metadata = subprocess.run(["cargo", "metadata", "--locked", "--format-version", "1"], cwd=ROOT / "tests/smoke/rust",
                              check=True, capture_output=True, text=True).stdout
    package = next(p for p in json.loads(metadata)["packages"] if p["name"] == "aerospike")
    cached = pathlib.Path(package["manifest_path"]).parent
    copy = FOLDER / cached.name
    if not copy.exists():
        shutil.copytree(cached, copy)
    return copy


def build(source):
    """Compiles the tests; their programs."""
    command = ["cargo", "test", "--locked", "--no-run", "--test", "lib", "--test", "client", "--message-format=json"]
    messages = subprocess.run(command, cwd=source, check=True, capture_output=True, text=True).stdout.splitlines()
    executables = (json.loads(message).get("executable") for message in messages)
    return [program for program in executables if program]


def run(programs, source, arguments, left_out):
    """What the programs print, one test after another: they share sets and settings of the server. A program that has to
    be stopped is a failed test of its own."""
    environment = dict(os.environ, AEROSPIKE_HOSTS=f"127.0.0.1:{arguments.port}")
    log = FOLDER / "output.log"
    options = ["--show-output", "--test-threads=1", *([arguments.filter] if arguments.filter else []),
               *(part for name in left_out for part in ("--skip", name))]
    with open(log, "wb") as out:
        for program in programs:
            try:
                subprocess.run([program, *options], cwd=source, env=environment, stdout=out, stderr=subprocess.STDOUT,
                               timeout=arguments.minutes * 60)
            except subprocess.TimeoutExpired:
                out.write(f"\ntest {os.path.basename(program)}_in_{arguments.minutes}_minutes ... FAILED\n".encode())
    return log.read_text(errors="replace")


def results_of(output):
    """libtest prints `test <name> ... ok`, and behind all of them the output of each under `---- <name> stdout ----`."""
    printed = dict(re.findall(r"^---- (\S+) stdout ----\n(.*?)(?=^---- |^successes:|^failures:|\Z)", output,
                              re.MULTILINE | re.DOTALL))
    for name, outcome in re.findall(r"^test (\S+)(?: - should panic)? \.\.\..*?(ok|FAILED|ignored)", output,
                                    re.MULTILINE | re.DOTALL):
        text = printed.get(name, "")
        skips = SKIPPED.search(text) if outcome == "ok" else None
        panic = re.search(r"panicked at (.*?)\n(.*)", text)
        why = " ".join(panic.groups()) if panic else skips[0] if skips else outcome
        yield Result(name, outcome == "ok" and not skips, " ".join(why.split())[:300])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--filter")
    parser.add_argument("--names", action="store_true")
    parser.add_argument("--minutes", type=int, default=30)
    arguments = parser.parse_args()
    reasons = read_list(LIST)
    source = suite_source()
    results = list(results_of(run(build(source), source, arguments, not_run(reasons))))
    if not results:
        sys.exit(f"FAIL cargo ran no test; its output is {FOLDER / 'output.log'}")
    if arguments.names:
        print("\n".join(f"{r.name}\t{r.why}" for r in results if not r.passed))
        return
    sys.exit(not judge(results, reasons, complete=not arguments.filter))


main()
