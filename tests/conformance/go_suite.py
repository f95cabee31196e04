"""go_suite.py PORT: runs the official Go client's own test suite against a server and judges it by
go-expected-failures.txt.

The suite comes with the module (its version stands in tests/smoke/go/go.mod), is copied to build/clients/go, and is run
as it is. A test that the suite skips counts as failed. Options: --focus REGEX only these, --names prints the names that
fail, without judgement.
"""

import argparse
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

from expected import Result, judge, read_list
from node import ROOT

MODULE = "github.com/aerospike/aerospike-client-go/v8"
FOLDER = ROOT / "build/clients/go"
LIST = pathlib.Path(__file__).with_name("go-expected-failures.txt")
SEED = "1"  # Of the order of the tests: the same in every run.


def suite_source():
    """A writable copy of the module's folder."""
    smoke = ROOT / "tests/smoke/go"
    subprocess.run(["go", "mod", "download", MODULE], cwd=smoke, check=True)
    cached = subprocess.run(["go", "list", "-m", "-f", "{{.Dir}}", MODULE], cwd=smoke, check=True,
                            capture_output=True, text=True).stdout.strip()
    copy = FOLDER / pathlib.Path(cached).name
    if not copy.exists():
        shutil.copytree(cached, copy, copy_function=shutil.copyfile)
        subprocess.run(["chmod", "-R", "u+w", copy], check=True)
    return copy


def build(source):
    program = FOLDER / "suite.test"
    subprocess.run(["go", "test", "-c", "-o", program, "."], cwd=source, check=True)
    return program


def run(program, source, port, arguments):
    """Runs the suite; its report and its own output."""
    report, log = FOLDER / "report.json", FOLDER / "output.log"
    report.unlink(missing_ok=True)
    command = [program, "-h", "127.0.0.1", "-p", str(port), "-test.v", "-test.timeout=0", f"--ginkgo.seed={SEED}",
               "--ginkgo.succinct", "--ginkgo.no-color", f"--ginkgo.timeout={arguments.minutes}m",
               f"--ginkgo.json-report={report}"]
    if arguments.focus:
        command.append(f"--ginkgo.focus={arguments.focus}")
    with open(log, "wb") as out:
        # One test only looks whether the client's own cryptography is in this mode.
        environment = dict(os.environ, GODEBUG="fips140=on")
        subprocess.run(command, cwd=source, env=environment, stdout=out, stderr=subprocess.STDOUT)
    if not report.exists():
        print(log.read_text(errors="replace")[-3000:])
        sys.exit("FAIL the suite wrote no report: it could not connect, or it crashed")
    return report, log.read_text(errors="replace")


def spec_results(report):
    for suite in json.loads(report.read_text()):
        for spec in suite["SpecReports"] or ():
            if spec["LeafNodeType"] != "It":
                continue
            # Some loops name their cases by a random or changing text: one name for all of them.
            name = " ".join([*(spec["ContainerHierarchyTexts"] or ()), spec["LeafNodeText"]])
            yield Result(" ".join(name.split()), spec["State"] == "passed", why(spec))


def why(spec):
    failure = spec.get("Failure", {})
    text = failure.get("ForwardedPanic") or failure.get("Message", "")
    return " ".join(f"{spec['State']} at {place(failure.get('Location', {}))}: {text}".split())[:400]


def place(location):
    """Line of the failed expectation, and those of the calls that led to it: many stand in shared functions."""
    first = f"{os.path.basename(location.get('FileName', ''))}:{location.get('LineNumber', '')}"
    frames = re.findall(r"/(\w+_test\.go:\d+)", location.get("FullStackTrace", ""))
    return " < ".join(dict.fromkeys([first, *frames]))


def example_results(output):
    """Examples and plain tests, as `go test` itself reports them."""
    for outcome, name in re.findall(r"^--- (PASS|FAIL|SKIP): ((?:Example|Test)\w*)", output, re.MULTILINE):
        if name != "TestAerospike":  # The frame of all the others.
            yield Result(name, outcome == "PASS", outcome)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("port", type=int)
    parser.add_argument("--focus")
    parser.add_argument("--names", action="store_true")
    parser.add_argument("--minutes", type=int, default=20)
    arguments = parser.parse_args()
    source = suite_source()
    report, output = run(build(source), source, arguments.port, arguments)
    results = [r for r in spec_results(report) if not (arguments.focus and r.why.startswith("skipped at :"))]
    results += example_results(output) if not arguments.focus else []
    if arguments.names:
        for name, reason in sorted({(r.name, r.why) for r in results if not r.passed}):
            print(f"{name}\t{reason}")
        return
    sys.exit(not judge(results, read_list(LIST), complete=not arguments.focus))


main()
