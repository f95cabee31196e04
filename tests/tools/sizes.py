"""The article's lines on clusters of 1, 3, and 5 nodes: aql inserts and finds a record, asadm shows the sheets of `info`.

usage: sizes.py [SIZE...]"""

import pathlib
import random
import re
import socket
import subprocess
import sys
import tempfile
import time

BIN = pathlib.Path(__file__).resolve().parents[2] / "build/release/bin"
LIMIT_SECONDS = 120  # Of any command: the machine may be busy.
PORTS_OF_A_NODE = 5

INSERT = "insert into test.foo (pk, val1) values (1, 'abc')"
SELECT = "select * from test.foo"
FOUND = """\
+----+-------+
| PK | val1  |
+----+-------+
| 1  | "abc" |
+----+-------+
1 row in set (SECONDS secs)

OK

"""

NETWORK = ["Node", "Node ID", "IP", "Build", "Migrations", "Size", "Key", "Integrity", "Principal", "Client Conns", "Uptime"]
NETWORK_ROW = [r"[*@ ]localhost:\d+", r"[*@ ]BB9[0-9A-F]+", r"127\.0\.0\.1:\d+", r"C-\d+\.\d+\.\d+\.\d+", r"\d+\.\d{3} [ KMG]",
               r"\d+", r"[0-9A-F]+", r"True", r"BB9[0-9A-F]+", r"\d+", r"\d\d:\d\d:\d\d"]
USAGE = ["Namespace", "Node", "Evictions", "Stop Writes", "Avail%", "Evict%", "Stop%", "Type", "Used", "Used%", "Evict%", "Type",
         "Used", "Used%", "Evict%", "Type", "Used", "Used%", "Evict%", "Used Stop%", "Avail%", "Avail Stop%"]
OBJECTS = ["Namespace", "Node", "Rack ID", "Repl Factor", "Expirations", "Total Records", "Master", "Prole", "Non-Replica",
           "Master", "Prole", "Non-Replica", "Tx", "Rx"]

failed = 0


def check(what, holds, seen=""):
    global failed
    if not holds:
        failed += 1
    print(f"{'ok  ' if holds else 'FAIL'} {what}{'' if holds else f': {seen}'}", flush=True)


def run(*words, text=None):
    return subprocess.run([str(BIN / words[0]), *map(str, words[1:])], capture_output=True, text=True, input=text,
                          timeout=LIMIT_SECONDS, check=False)


def tool(name, port, *arguments, text=None):
    return run(name, "--no-config-file", "-h", "127.0.0.1", "-p", port, *arguments, text=text)


def is_free(port):
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_base(nodes):
    """Of a cluster of `dev`: its nodes are 100 ports apart. Below the range the kernel gives to clients."""
    while True:
        base = random.randrange(10000, 30000)
        if all(is_free(base + 100 * node + port) for node in range(nodes) for port in range(PORTS_OF_A_NODE)):
            return base


class Cluster:
    def __init__(self, size, folder):
        self.base = free_base(size)
        self.folder = folder
        self.ports = [self.base + 100 * i for i in range(size)]

    def __enter__(self):
        up = run("flotilla", "dev", "up", len(self.ports), "--base-port", self.base, "--data-size", "256M", "--timeout",
                 LIMIT_SECONDS, "--folder", self.folder)
        if up.returncode != 0:
            self.__exit__()
            raise SystemExit(f"FAIL the cluster does not start: {up.stdout}{up.stderr}")
        self.wait_until_nothing_moves()
        return self

    def wait_until_nothing_moves(self):
        command = f"cluster-stable:size={len(self.ports)};ignore-migrations=false"
        until = time.monotonic() + LIMIT_SECONDS
        while any(tool("asinfo", port, "-v", command).returncode != 0 for port in self.ports):
            if time.monotonic() > until:
                raise SystemExit("FAIL the cluster does not come to rest")
            time.sleep(0.2)

    def __exit__(self, *_):
        run("flotilla", "dev", "down", "--empty", "--folder", self.folder)


class Sheet:
    """One sheet of asadm, read back: its title, its headings joined downwards, and its rows."""

    def __init__(self, text):
        lines = text.splitlines()
        self.title = lines[0].strip("~")
        self.last = lines[-1]
        first_row = next(i for i, line in enumerate(lines) if re.match(r"[^|]*localhost|test +\|", line))
        self.rows = [line.split("|") for line in lines[first_row:-1]]
        # Names of groups span their columns.
        headings = [re.sub(r"~[^|]*~", lambda group: " " * len(group[0]), line) for line in lines[1:first_row]]
        ends = [0] + [m.start() + 1 for m in re.finditer(r"\|", lines[first_row])]
        spans = list(zip(ends, [end - 1 for end in ends[1:]] + [len(lines[0])]))
        self.headings = []
        for begin, end in spans:
            self.headings.append(" ".join(filter(None, (line[begin:end].strip() for line in headings))))
        self.is_even = all(len(row) == len(spans) for row in self.rows)


def check_network(what, sheet, size):
    check(f"{what}: network has its title",
          re.fullmatch(r"Network Information \(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC\)", sheet.title), sheet.title)
    check(f"{what}: network has its columns", sheet.headings == NETWORK, sheet.headings)
    check(f"{what}: network has a row for each node", len(sheet.rows) == size and sheet.last == f"Number of rows: {size}",
          sheet.rows)
    for row in sheet.rows:
        whole = len(row) == len(NETWORK_ROW) and all(re.fullmatch(" *" + pattern + " *", cell)
                                                     for pattern, cell in zip(NETWORK_ROW, row))
        check(f"{what}: {row[0].strip()} is shown whole", whole, row)
    sizes, keys, principals = ({row[column].strip() for row in sheet.rows} for column in (5, 6, 8))
    check(f"{what}: all see the same cluster of {size}", sizes == {str(size)} and len(keys) == len(principals) == 1,
          (sizes, keys, principals))
    marked = [row[1].strip()[1:] for row in sheet.rows if row[0].strip().startswith("*")]
    check(f"{what}: the principal is marked", marked == list(principals), marked)


def check_namespaces(what, usage, objects, size):
    for name, sheet, columns in (("usage", usage, USAGE), ("objects", objects, OBJECTS)):
        check(f"{what}: {name} has its columns", sheet.headings == columns, sheet.headings)
        check(f"{what}: {name} has a row for each node and a total", len(sheet.rows) == size + 1 and sheet.is_even, sheet.rows)
        check(f"{what}: {name} counts the nodes", sheet.last == f"Number of rows: {size}", sheet.last)
    copies = min(size, 2)
    check(f"{what}: the record and its copy are counted", objects.rows[-1][5].strip() == f"{copies}.000", objects.rows[-1])
    check(f"{what}: one of them is the master", objects.rows[-1][6].strip() == "1.000", objects.rows[-1])


def check_aql(what, port):
    said = tool("aql", port, "-c", INSERT)
    check(f"{what}: aql -c inserts, to the byte", said.stdout == f"{INSERT}\nOK, 1 record affected.\n\n\n" and said.returncode == 0,
          said)
    said = tool("aql", port, text=INSERT + "\n" + SELECT + "\n")
    expected = "OK, 1 record affected.\n\n" + FOUND + "\n"
    check(f"{what}: aql inserts and finds it", re.sub(r"\d+\.\d{3} secs", "SECONDS secs", said.stdout) == expected, said)


def check_cluster(size, folder):
    with Cluster(size, folder) as cluster:
        for number, port in enumerate(cluster.ports, 1):
            what = f"{size} nodes, asked node {number}"
            check_aql(what, port)
            said = tool("asadm", port, "-e", "i")
            check(f"{what}: asadm -e i ends with 0", said.returncode == 0, said)
            check(f"{what}: asadm names its seed", said.stderr == f"Seed:        [('127.0.0.1', {port}, None)]\nConfig_file: None\n",
                  said.stderr)
            sheets = [Sheet(text) for text in re.split(r"\n\n+", said.stdout.strip())]
            check(f"{what}: there are the sheets of network and namespaces",
                  [sheet.title.split(" (")[0] for sheet in sheets]
                  == ["Network Information", "Namespace Usage Information", "Namespace Object Information"], said.stdout)
            check_network(what, sheets[0], size)
            check_namespaces(what, sheets[1], sheets[2], size)


def main():
    for size in [int(word) for word in sys.argv[1:]] or [1, 3, 5]:
        with tempfile.TemporaryDirectory() as folder:
            check_cluster(size, folder)
    print(f"{failed} failed")
    sys.exit(1 if failed else 0)


main()
