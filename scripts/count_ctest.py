"""count_ctest.py FOLDER: sums up a run of ctest, case by case.

FOLDER holds ctest.junit and the XML reports of the GoogleTest programs that ran. A program that wrote no report counts
as one case; one that died counts as a failed one. Prints a line for each failure and "N passed, N failed".
"""

import pathlib
import sys
import xml.etree.ElementTree as xml


def program_results(junit):
    """Name and success of each ctest test."""
    for case in xml.parse(junit).getroot().iter("testcase"):
        yield case.get("name"), case.get("status") == "run"


def case_results(report):
    """Name and failure text (None: passed) of each case of a GoogleTest report. A skipped case counts as failed."""
    for case in xml.parse(report).getroot().iter("testcase"):
        failure = case.find("failure")
        skipped = case.find("skipped")
        why = None
        if failure is not None:
            why = failure.get("message", "failed")
        elif skipped is not None:
            why = "skipped: " + (skipped.get("message") or "")
        yield f"{case.get('classname')}.{case.get('name')}", why


def reports_of(folder, test):
    """unit.store is the program store_test, sim.ring is sim_ring_test."""
    kind, _, name = test.partition(".")
    stem = f"{name}_test" if kind == "unit" else f"{kind}_{name}_test"
    return list(folder.glob(f"{stem}.xml"))


def main():
    folder = pathlib.Path(sys.argv[1])
    junit = folder / "ctest.junit"
    if not junit.exists():
        print("FAIL ctest wrote no report")
        sys.exit(1)
    passed = failed = 0
    for test, succeeded in program_results(junit):
        bad = 0
        for report in reports_of(folder, test):
            for name, why in case_results(report):
                if why is None:
                    passed += 1
                else:
                    bad += 1
                    print(f"FAIL {test}: {name}: {' '.join(why.split())[:200]}")
        if not reports_of(folder, test) and succeeded:
            passed += 1
        if not succeeded and bad == 0:
            bad = 1
            print(f"FAIL {test}: the program did not end well")
        failed += bad
    print(f"{passed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
