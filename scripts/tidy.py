"""Runs clang-tidy over files, as many at once as there are processors.

    tidy.py BUILD FILE...

What was found clean once is not looked at again as long as the preprocessed file and the checks are the same: the
marks lie in BUILD/tidy. Prints what clang-tidy says of the others; exit code 1 if that is anything.
"""

import concurrent.futures
import hashlib
import json
import os
import pathlib
import shlex
import subprocess
import sys

TIDY = ["clang-tidy-19", "--quiet", "--extra-arg=-Wno-unknown-warning-option"]


def main(build, files):
    marks = pathlib.Path(build, "tidy")
    marks.mkdir(exist_ok=True)
    commands = {entry["file"]: entry for entry in json.loads(pathlib.Path(build, "compile_commands.json").read_text())}
    # A file that several programs are made of stands there several times, and would be looked at as often.
    (marks / "compile_commands.json").write_text(json.dumps(list(commands.values())))
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        clean = list(pool.map(lambda file: is_clean(marks, commands.get(os.path.abspath(file)), file), files))
    return 0 if all(clean) else 1


def is_clean(marks, command, file):
    if command is None:
        print(f"{file}: error: no compile command; is it in no target?", flush=True)
        return False
    mark = marks / hashlib.sha256(checks_of(file) + preprocessed(command)).hexdigest()
    if mark.exists():
        return True
    run = subprocess.run([*TIDY, "-p", str(marks), file], capture_output=True, text=True, check=False)
    if run.returncode == 0:
        mark.touch()
        return True
    print(run.stdout + run.stderr, flush=True)
    return False


def checks_of(file):
    """The configurations that hold for it, the outermost first."""
    folders = reversed(pathlib.Path(file).parents)
    return b"".join(config.read_bytes() for folder in folders if (config := folder / ".clang-tidy").exists())


def preprocessed(command):
    """With comments, as some of them (NOLINT) count."""
    arguments = shlex.split(command["command"])
    output = arguments.index("-o")
    arguments = [a for a in arguments[:output] + arguments[output + 2:] if a != "-c" and not a.endswith("ccache")]
    run = subprocess.run([*arguments, "-E", "-C"], cwd=command["directory"], capture_output=True, check=True)
    return run.stdout


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2:]))
