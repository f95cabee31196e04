"""What each tool does when its cluster is down, is none, or falls silent, and when its output cannot be written: a line
that says so, a code other than 0, and no waiting beyond its timeout.

usage: failures.py PORT        of a server with namespace `test`"""

import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

import bad_servers

BIN = pathlib.Path(__file__).resolve().parents[2] / "build/release/bin"
LIMIT_SECONDS = 10  # The longest timeout of a tool is asinfo's, 5 s; the machine may be busy.

# Tool, arguments, exit code when nobody can be reached.
TOOLS = [
    ("aql", ["-c", "show namespaces"], 255),
    ("flotilla sql", ["-c", "show namespaces"], 255),
    ("asadm", ["-e", "info"], 2),
    ("flotilla admin", ["-e", "info"], 2),
    ("asinfo", ["-v", "status"], 1),
    ("flotilla info", ["-v", "status"], 1),
    ("asbench", ["-t", "1"], 1),
    ("flotilla bench", ["-t", "1"], 1),
    ("flotilla top", ["-b", "-n", "1"], 2),
    ("asbackup", ["-n", "test", "-o", "-"], 1),
    ("flotilla backup", ["-n", "test", "-o", "-"], 1),
    ("asrestore", ["-i", "/dev/null"], 1),
    ("flotilla restore", ["-i", "/dev/null"], 1),
]
WRITERS = [row for row in TOOLS if "restore" not in row[0]]  # Of results on the standard output.

failed = 0


def check(what, holds, seen=""):
    global failed
    if not holds:
        failed += 1
    print(f"{'ok  ' if holds else 'FAIL'} {what}{'' if holds else f': {seen!r}'}")


def command(tool, *arguments):
    words = tool.split()
    return [str(BIN / words[0]), *words[1:], *arguments, "--no-config-file"]


def complaint_lines(result):
    """Lines that tell what went wrong; the old names say where they connect to first."""
    text = (result.stdout + result.stderr).decode()
    return [line for line in text.splitlines() if line and not re.match(r"(Seed|Config_file): ", line)]


def succeed(arguments):
    """Sets something up; a busy machine may need another try."""
    for _ in range(5):
        if subprocess.run(arguments, capture_output=True, timeout=60, check=False).returncode == 0:
            return
    raise SystemExit(f"cannot set up: {arguments}")


def unreachable():
    ports = {"down": bad_servers.unused_port()}
    for behave in (bad_servers.silent, bad_servers.garbage, bad_servers.web, bad_servers.closing, bad_servers.half):
        ports[behave.__name__] = bad_servers.start(behave)
    for tool, arguments, code in TOOLS:
        for name, port in ports.items():
            began = time.monotonic()
            result = subprocess.run(command(tool, "-h", "127.0.0.1", "-p", str(port), *arguments), capture_output=True,
                                    timeout=60, check=False)
            took = time.monotonic() - began
            check(f"{tool}, {name}: exits with {code}", result.returncode == code, result)
            check(f"{tool}, {name}: says why in a line", len(complaint_lines(result)) == 1, complaint_lines(result))
            check(f"{tool}, {name}: waits no longer than its timeout", took < LIMIT_SECONDS, took)
        result = subprocess.run(command(tool, "-h", "no-such-host.invalid", *arguments), capture_output=True, timeout=60,
                                check=False)
        check(f"{tool}, unknown host: exits with {code}", result.returncode == code, result)


def full_disk(port):
    with open("/dev/full", "w") as full:
        for tool, arguments, _ in WRITERS:
            result = subprocess.run(command(tool, "-p", port, *arguments), stdout=full, stderr=subprocess.PIPE, timeout=60,
                                    check=False)
            check(f"{tool}, full disk: fails", result.returncode != 0, result)
            check(f"{tool}, full disk: names it", b"cannot" in result.stderr, result.stderr)
    for tool, arguments in (("asadm", ["-e", "info", "-o", "/dev/full"]), ("asbackup", ["-n", "test", "-o", "/dev/full"])):
        result = subprocess.run(command(tool, "-p", port, *arguments), capture_output=True, timeout=60, check=False)
        check(f"{tool}, full disk behind -o: fails", result.returncode != 0, result)
        check(f"{tool}, full disk behind -o: names it", b"disk may be full" in result.stderr, result.stderr)


def closed_pipe(port):
    """As `tool | head -1`: it ends at once, by SIGPIPE, and says nothing."""
    for tool, arguments, _ in WRITERS:
        reader, writer = os.pipe()
        os.close(reader)
        with os.fdopen(writer, "w") as output:
            result = subprocess.run(command(tool, "-p", port, *arguments), stdout=output, stderr=subprocess.PIPE,
                                    timeout=60, check=False)
        check(f"{tool}, closed pipe: ends", result.returncode != 0, result)


def damaged_backup(port):
    with tempfile.TemporaryDirectory() as folder:
        succeed(command("aql", "-p", port, "-c", "insert into test.damage (pk, a) values (1, 'abc')"))
        path = pathlib.Path(folder) / "one.asb"
        succeed(command("asbackup", "-p", port, "-n", "test", "-o", str(path)))
        whole = path.read_bytes()
        for name, bytes_ in (("flipped", whole[:-2] + bytes([whole[-2] ^ 1]) + whole[-1:]), ("truncated", whole[:-1])):
            path.write_bytes(bytes_)
            result = subprocess.run(command("asrestore", "-p", port, "-i", str(path)), capture_output=True, timeout=60,
                                    check=False)
            check(f"asrestore, {name}: refuses", result.returncode == 1, result)
            check(f"asrestore, {name}: names the place", b"line " in result.stderr, result.stderr)
            check(f"asrestore, {name}: restores nothing", b"nothing was restored" in result.stderr, result.stderr)


def main():
    port = sys.argv[1]
    unreachable()
    full_disk(port)
    closed_pipe(port)
    damaged_backup(port)
    print(f"{failed} failed")
    sys.exit(1 if failed else 0)


main()
