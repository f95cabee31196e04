"""planted.py ROOT JOBS [NAME...]: plants the bugs of tests/planted, one after the other, in a copy of the sources.

A patch begins with lines "Rule:" (what it takes out), "Test:" (program and filter), "Shown by:" (a regular expression that
the failure must contain), and if need be "Settings:" (environment). The test must fail in that way; a patch that does not
apply has failed too. Ends with "N passed, N failed".
"""

import os
import pathlib
import re
import subprocess
import sys
import time

RUN_LIMIT = 600
BUILD_LIMIT = 3600


def sources(root):
    listed = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard"], cwd=root, stdout=subprocess.PIPE, check=True, text=True
    )
    left_out = ("docs/", "tests/corpus/")
    return {name for name in listed.stdout.splitlines() if not name.startswith(left_out) and (root / name).is_file()}


def copy(root, tree):
    """Brings the copy up to date; what has not changed keeps its time, so that little is built."""
    names = sources(root)
    for name in names:
        at, text = tree / name, (root / name).read_bytes()
        if at.exists() and at.read_bytes() == text:
            continue
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_bytes(text)
        at.chmod((root / name).stat().st_mode)
    for folder in ("src", "tests", "cmake"):
        for at in (tree / folder).rglob("*"):
            if at.is_file() and str(at.relative_to(tree)) not in names:
                at.unlink()


def head_of(patch):
    fields = {}
    for line in patch.read_text().splitlines():
        if line.startswith("--- "):
            break
        found = re.match(r"(Rule|Test|Shown by|Settings): (.*)", line)
        if found:
            fields[found[1]] = found[2]
    return fields


def call(command, cwd, limit, env=None):
    try:
        done = subprocess.run(
            command, cwd=cwd, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=limit, errors="replace"
        )
    except subprocess.TimeoutExpired:
        return 124, f"not done after {limit} s"
    return done.returncode, done.stdout


def caught(tree, patch, jobs):
    """Why it was not, or None, and what caught it."""
    head = head_of(patch)
    if not {"Rule", "Test", "Shown by"} <= head.keys():
        return "its head lacks Rule, Test, or Shown by", ""
    program, test = head["Test"].split()
    build = tree / "build" / "release"
    code, output = call(["ninja", "-C", str(build), f"-j{jobs}", program], tree, BUILD_LIMIT)
    if code != 0:
        return "it does not build: " + " ".join(re.findall(r"error: .*", output)[:1] or [output[-200:]]), ""
    env = dict(os.environ, **dict(each.split("=") for each in head.get("Settings", "").split()))
    code, output = call([str(build / "bin" / program), f"--gtest_filter={test}"], tree, RUN_LIMIT, env)
    if code == 0:
        return f"{test} does not fail", ""
    if code == 124:
        return f"{test}: {output}", ""
    shown = re.search(head["Shown by"], output)
    if shown is None:
        why = re.findall(r"Failure\n.*", output)
        return f"{test} fails, but not by '{head['Shown by']}': {' '.join(' '.join(why).split())[:200]}", ""
    counts = re.findall(r"^simulated: (\d+) schedules, (\d+) events", output, re.M)
    schedules, events = counts[-1] if counts else ("1", "?")
    return None, f"{test}: {shown[0]}, after {events} events of {schedules} schedules"


def main():
    root, jobs, names = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
    patches = sorted((root / "tests" / "planted").glob("*.patch"))
    if names:
        patches = [patch for patch in patches if any(patch.stem.startswith(name) for name in names)]
    if not patches:
        sys.exit("there is no such patch in tests/planted")
    tree = root / "build" / "planted"
    tree.mkdir(parents=True, exist_ok=True)
    copy(root, tree)
    code, output = call(["cmake", "--preset", "release"], tree, BUILD_LIMIT)
    if code != 0:
        sys.exit(output)
    failed = 0
    for patch in patches:
        began = time.monotonic()
        apply = ["patch", "-p1", "--forward", "--fuzz=0", "--silent", "--no-backup-if-mismatch", "-r", "-", "-i", str(patch)]
        if call(apply + ["--dry-run"], tree, 60)[0] != 0:
            why, what = "it does not apply", ""
        else:
            call(apply, tree, 60)
            try:
                why, what = caught(tree, patch, jobs)
            finally:
                copy(root, tree)
        seconds = int(time.monotonic() - began)
        failed += why is not None
        print(f"FAIL {patch.stem}: {why}" if why else f"caught {patch.stem} by {what} ({seconds} s)", flush=True)
    print(f"{len(patches) - failed} passed, {failed} failed")
    sys.exit(failed > 0)


main()
