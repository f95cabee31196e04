"""simulate.py BIN MINUTES [FIRST_SEED]: runs the simulations in folder BIN in turn, from fresh seeds, until the minutes
are over.

Counts schedules, events, and coverage marks, and names the marks that nothing reached. A run that fails is run again
with fewer faults and then with fewer nodes, and the least that still fails is printed as a command. Ends with "N passed,
N failed": schedules.
"""

import collections
import os
import pathlib
import re
import subprocess
import sys
import time

# Tests whose schedules are drawn from a seed; of the other programs everything runs once, for the marks.
DRAWN = {
    "sim_membership_test": "MembershipSimulation",
    "sim_metadata_test": "MetadataSimulation",
    "sim_replication_test": "ReplicationTest",
    "sim_cluster_test": "",
}
DIRECTED = ("sim_directed_views_test", "sim_directed_copies_test", "sim_membership_test", "sim_replication_test")
NOT_DRAWN = ("ReachesItsRareBranches",)
SLICE = 20  # Seconds of one test before the next has its turn.
RUN_LIMIT = 300
SHRINK_LIMIT = 60
MOST_FAULTS = 32
FEWEST_NODES = 2

REPEAT = re.compile(r"^repeat: FLOTILLA_SIM_SEED=(\d+) ", re.M)
SCHEDULES = re.compile(r"^simulated: (\d+) schedules, (\d+) events", re.M)
MARK = re.compile(r"^mark (\d+) (.*)$", re.M)


def run(program, test, limit=RUN_LIMIT, **settings):
    """Exit code (124: too slow) and output."""
    env = dict(os.environ, **{f"FLOTILLA_SIM_{key.upper()}": str(value) for key, value in settings.items()})
    try:
        done = subprocess.run(
            [program, f"--gtest_filter={test}"], env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit
        )
    except subprocess.TimeoutExpired as late:
        return 124, (late.stdout or b"").decode(errors="replace")
    return done.returncode, done.stdout.decode(errors="replace")


def tests_of(program, suite):
    listed = subprocess.run([program, "--gtest_list_tests"], stdout=subprocess.PIPE, check=True, text=True).stdout
    current = ""
    for line in listed.splitlines():
        if not line.startswith(" "):
            current = line.strip()
        elif current.startswith(suite) and line.strip() not in NOT_DRAWN and "." in current:
            yield current + line.strip()


def shrunk(program, test, seed):
    """The fewest faults, and then nodes, with which the seed still fails."""
    settings = {"seed": seed}
    until = time.monotonic() + SHRINK_LIMIT
    fails = lambda **more: run(program, test, 30, **settings, **more)[0] not in (0, 124)
    for faults in range(1, MOST_FAULTS):
        if time.monotonic() > until:
            break
        if fails(faults=faults):
            settings["faults"] = faults
            break
    for nodes in range(FEWEST_NODES, 8):
        if time.monotonic() > until:
            break
        if fails(nodes=nodes):
            settings["nodes"] = nodes
            break
    return settings


class Totals:
    def __init__(self):
        self.schedules = self.events = self.failed = 0
        self.per_test = collections.Counter()
        self.marks = collections.Counter()
        self.known = set()

    def add(self, test, output):
        found = SCHEDULES.findall(output)
        if found:
            schedules, events = map(int, found[-1])
            self.schedules += schedules
            self.events += events
            self.per_test[test, "schedules"] += schedules
            self.per_test[test, "events"] += events
        for times, name in MARK.findall(output):
            self.known.add(name)
            self.marks[name] += int(times)


def report_failure(program, test, output, code):
    name = pathlib.Path(program).name
    failing = REPEAT.search(output)
    if failing is None:
        print(f"FAIL {test}: {name} ended with {code}", flush=True)
        print(output[-2000:])
        return
    seed = int(failing.group(1))
    why = re.findall(r"^.*(?:I\d+:|Failure\n.*).*$", output, re.M)
    print(f"FAIL {test}: seed {seed}: {' '.join(' '.join(why[:2]).split())[:300]}", flush=True)
    settings = shrunk(program, test, seed)
    words = " ".join(f"FLOTILLA_SIM_{key.upper()}={value}" for key, value in settings.items())
    print(f"     repeat: {words} build/release/bin/{name} --gtest_filter={test}", flush=True)


def main():
    folder = pathlib.Path(sys.argv[1])
    until = time.monotonic() + 60 * float(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else int(time.time()) * 1000
    totals = Totals()
    drawn = [
        (str(folder / program), test)
        for program, suite in DRAWN.items()
        if (folder / program).exists()
        for test in tests_of(str(folder / program), suite)
    ]
    print(f"first seed {seed}, {len(drawn)} simulations", flush=True)
    next_seed = collections.defaultdict(lambda: seed)
    for program in DIRECTED:
        code, output = run(str(folder / program), "*", marks=1)
        totals.add(program, output)
        if code != 0:
            totals.failed += 1
            report_failure(str(folder / program), program, output, code)
    while time.monotonic() < until:
        for program, test in drawn:
            left = until - time.monotonic()
            if left <= 0:
                break
            before = totals.per_test[test, "schedules"]
            seconds = max(1, min(SLICE, int(left)))
            code, output = run(program, test, seed=next_seed[test], seconds=seconds, marks=1)
            totals.add(test, output)
            next_seed[test] += max(1, totals.per_test[test, "schedules"] - before)
            if code != 0:
                totals.failed += 1
                report_failure(program, test, output, code)
        print(f"{totals.schedules} schedules, {totals.events} events, {totals.failed} failed", flush=True)
    print()
    for program, test in drawn:
        count = totals.per_test[test, "schedules"]
        print(f"{count:8d} schedules {totals.per_test[test, 'events']:12d} events  {test}, seeds {seed} to {next_seed[test] - 1}")
    for name in sorted(totals.known):
        print(f"mark {totals.marks[name]:12d} {name}")
    never = sorted(name for name in totals.known if totals.marks[name] == 0)
    print(f"{len(totals.known)} marks, {len(never)} never reached" + "".join(f"\n  never: {name}" for name in never))
    print(f"{totals.schedules} schedules, {totals.events} events")
    print(f"{totals.schedules - totals.failed} passed, {totals.failed} failed")
    sys.exit(totals.failed > 0)


main()
