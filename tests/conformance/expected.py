"""Lists of tests that cannot pass yet, and the judgement of a run against such a list.

A list is a text file. `[reason]` opens a section; every other line is the exact name of a test that fails for that
reason; lines that begin with # are comments. Reasons are explained in the comments at the head of the file. A test that
fails outside the list is an error, and so is one inside the list that passes: the list only shrinks. Two kinds of
section are special:

  [not run: reason]     would take minutes to fail; left out, and counted as a test that cannot pass yet
  [either way: reason]  judges something else than the server; runs, and its outcome does not count
"""

import dataclasses


@dataclasses.dataclass
class Result:
    name: str
    passed: bool
    why: str = ""  # For the one who reads a failure: one line.


def read_list(path):
    """Reason of each listed test."""
    reasons, reason = {}, None
    with open(path) as lines:
        for line in map(str.strip, lines):
            if line.startswith("[") and line.endswith("]"):
                reason = line[1:-1]
            elif line and not line.startswith("#"):
                if reason is None:
                    raise ValueError(f"{path}: '{line}' stands before the first [reason]")
                if line in reasons:
                    raise ValueError(f"{path}: '{line}' is listed twice")
                reasons[line] = reason
    return reasons


NOT_RUN, EITHER_WAY = "not run:", "either way:"


def not_run(reasons):
    """Names of the tests to leave out."""
    return [name for name, reason in reasons.items() if reason.startswith(NOT_RUN)]


def judge(results, reasons, complete=True):
    """Prints FAIL lines and the count; true when the run is as the list says.

    Tests of one name count as one: it passes when all of them do. `complete`: a listed name that did not run is an
    error too, for it only hides a typing mistake or a test that is gone."""
    expected = {name: reason for name, reason in reasons.items() if not reason.startswith((NOT_RUN, EITHER_WAY))}
    merged = merge(result for result in results if not reasons.get(result.name, "").startswith(EITHER_WAY))
    passed, failed, known = 0, 0, len(not_run(reasons)) if complete else 0
    for result in merged.values():
        if result.name not in expected:
            passed += result.passed
            failed += not result.passed
            if not result.passed:
                print(f"FAIL {result.name}: {result.why}")
        elif result.passed:
            failed += 1
            print(f"FAIL {result.name}: passes now; take it off the list ({expected[result.name]})")
        else:
            known += 1
    for name in expected.keys() - merged.keys() if complete else ():
        failed += 1
        print(f"FAIL {name}: is on the list and did not run")
    print(f"{passed} passed, {failed} failed" + (f", {known} cannot pass yet" if known else ""))
    return failed == 0


def merge(results):
    """One result a name: a failed one if there is any."""
    merged = {}
    for result in results:
        seen = merged.setdefault(result.name, result)
        if seen.passed and not result.passed:
            merged[result.name] = result
    return merged
