"""The interactive tools in a real terminal (tmux): editing, history, completion, Ctrl-C, Ctrl-D, a narrow window.

usage: terminal.py PORT        of a server with namespace `test`"""

import os
import pathlib
import subprocess
import sys
import tempfile
import time

BIN = pathlib.Path(__file__).resolve().parents[2] / "build/release/bin"
WAIT_SECONDS = 20

failed = 0


class Terminal:
    """A window of its own, in a tmux server of its own; its home folder is empty."""

    def __init__(self, home, columns=100, rows=40):
        self.name = f"flotilla-{os.getpid()}-{time.monotonic_ns()}"
        self.tmux("new-session", "-d", "-x", str(columns), "-y", str(rows), "-s", "it", "env", f"HOME={home}", "PS1=$ ",
                  "TERM=screen", "sh")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.tmux("kill-server")

    def tmux(self, *arguments):
        return subprocess.run(["tmux", "-L", self.name, "-f", "/dev/null", *arguments], capture_output=True, text=True,
                              check=True).stdout

    def screen(self):
        return self.tmux("capture-pane", "-p", "-J", "-t", "it").rstrip()

    def type(self, *keys):
        """Names of keys ("Enter", "C-c"), or text where a key has no such name."""
        for key in keys:
            literal = [] if key in ("Enter", "Tab", "Up", "Left", "BSpace") or key.startswith("C-") else ["-l"]
            self.tmux("send-keys", "-t", "it", *literal, key)

    def expect(self, what, text, times=1):
        """Waits until the screen shows the text so many times."""
        global failed
        until = time.monotonic() + WAIT_SECONDS
        while self.screen().count(text) < times and time.monotonic() < until:
            time.sleep(0.05)
        shown = self.screen()
        if shown.count(text) < times:
            failed += 1
            print(f"FAIL {what}: {text!r} is not on the screen:\n{shown}\n")
        else:
            print(f"ok   {what}")


def start(terminal, tool, port):
    terminal.expect("the shell is there", "$")
    terminal.type(f"{BIN}/{tool} --no-config-file -p {port}; echo code $?", "Enter")


def sql_session(home, port):
    with Terminal(home) as terminal:
        start(terminal, "aql", port)
        terminal.expect("aql greets with its version", "Aerospike Query Client")
        terminal.expect("aql prompts", "aql>")
        terminal.type("insert into test.foo (pk, val1) values (1, 'abc')", "Enter")
        terminal.expect("a statement is answered", "OK, 1 record affected.")
        terminal.type("Up", "Enter")
        terminal.expect("the history brings it back", "OK, 1 record affected.", times=2)
        # The fifth letter of the first word is replaced.
        terminal.type("selext * from test.foo where pk = 1", "C-a", *["C-f"] * 5, "BSpace", "c", "Enter")
        terminal.expect("the line can be edited", '| 1  | "abc" |')
        terminal.type("sho", "Tab", "names", "Tab", "Enter")
        terminal.expect("words are completed", "| namespaces |")
        terminal.type("select * from test.fo", "Tab", "where pk = 1", "Enter")
        terminal.expect("names of sets are completed", '| 1  | "abc" |', times=2)
        terminal.type("select * from test.foo where va", "Tab")
        terminal.expect("names of bins are completed", "where val1")
        terminal.type("C-u", "print dropped", "Enter")
        terminal.expect("Ctrl-U drops the line", "\ndropped\n")
        load = [BIN / "asbench", "--no-config-file", "-p", port, "-w", "I", "-k", "10000", "-s", "slow", "-o", "S1000", "-q"]
        subprocess.run(load, capture_output=True, check=True, timeout=120)
        terminal.type("set scan_records_per_second 500", "Enter")
        terminal.expect("scans can be slowed down", "SCAN_RECORDS_PER_SECOND = 500")
        terminal.type("set output mute", "Enter")
        terminal.type("select * from test.slow", "Enter")
        terminal.expect("a slow scan begins", "aql> select * from test.slow")
        time.sleep(2)  # At the prompt, Ctrl-C would end the session; the scan takes 20 s.
        terminal.type("C-c")
        terminal.expect("Ctrl-C ends a statement that runs", "Error: (-1) interrupted")
        terminal.type("C-r", "insert into test.foo", "Enter")
        terminal.expect("the history is searched",
                        "interrupted\n\naql> insert into test.foo (pk, val1) values (1, 'abc')\nOK, 1 record affected.")
        terminal.type("C-d")
        terminal.expect("Ctrl-D ends the session", "code 0")
    with Terminal(home) as terminal:
        start(terminal, "aql", port)
        terminal.expect("aql prompts again", "aql>")
        terminal.type("Up", "Enter")
        terminal.expect("the history outlives the session", "OK, 1 record affected.")
        terminal.type("C-c")
        terminal.expect("Ctrl-C ends aql as it always has", "code 255")


def extended_session(home, port):
    with Terminal(home, columns=40, rows=30) as terminal:
        start(terminal, "flotilla sql", port)
        terminal.expect("flotilla sql prompts in a narrow window", "aql>")
        terminal.type("select * from", "Enter")
        terminal.expect("a statement goes on in the next line", "  ->")
        terminal.type("C-c")
        terminal.type("insert into test.foo (pk, val1) values (2, 'a text that is wider than the window');", "Enter")
        terminal.expect("Ctrl-C drops the beginning; long lines wrap", "OK, 1 record affected.")
        for key in range(40):
            terminal.type(f"insert into test.long (pk, a) values ({key}, {key})", "Enter")
        terminal.type("select a from test.long", "Enter")
        terminal.expect("a long answer is shown in a pager, from its beginning", "| a  | PK |")
        terminal.type("G")
        terminal.expect("the pager goes to its end", "40 rows in set")
        terminal.type("q", "quit", "Enter")
        terminal.expect("q leaves the pager, quit the session", "code 0")


def admin_session(home, port):
    with Terminal(home, columns=160) as terminal:
        start(terminal, "asadm", port)
        terminal.expect("asadm tells the nodes", "Found 1 nodes")
        terminal.expect("asadm prompts", "Admin>")
        terminal.type("sho", "Tab", "map", "Tab", "Enter")
        terminal.expect("commands are completed", "IP to NODE-ID Mappings")
        terminal.type("manage recluster", "Enter")
        terminal.expect("changes must be enabled", "type 'enable' first")
        terminal.type("enable", "Enter")
        terminal.expect("then the prompt says so", "Admin+>")
        terminal.type("watch 1 show mapping", "Enter")
        terminal.expect("watch repeats", "IP to NODE-ID Mappings", times=3)
        terminal.type("C-c", "show best", "Enter")
        terminal.expect("Ctrl-C ends watch alone", "Best Practices")
        terminal.type("C-u", "show mapping with nobody", "Enter")
        terminal.expect("a mistake is told", "no node is meant by 'nobody'")
        terminal.type("manage truncate ns test set nothing", "Enter")
        terminal.expect("what cannot be undone is asked for again", "Type 'nothing' to go on:")
        terminal.type("no", "Enter")
        terminal.expect("another word is a no", "not confirmed")
        terminal.type("pager on", "Enter", "show statistics", "Enter")
        terminal.expect("the pager shows the beginning", "batch_index")
        terminal.type("q", "pager off", "Enter", "C-d")
        terminal.expect("Ctrl-D ends the session", "code 0")


def top_session(home, port):
    with Terminal(home, columns=100, rows=20) as terminal:
        start(terminal, "flotilla top -i 0.5", port)
        terminal.expect("top shows the node", "serves")
        terminal.expect("top measures", "op/s")
        terminal.type("s")
        terminal.expect("s sorts by the next column", "sorted by STATE")
        terminal.type("p")
        terminal.expect("p pauses", "PAUSED")
        terminal.type("q")
        terminal.expect("q gives the screen back", "code 0")
    with Terminal(home, columns=40, rows=12) as terminal:
        start(terminal, "flotilla top", port)
        terminal.expect("top fits a narrow window", "serves")
        terminal.type("C-c")
        terminal.expect("Ctrl-C ends top", "code 0")


def main():
    port = sys.argv[1]
    with tempfile.TemporaryDirectory() as home:
        sql_session(home, port)
        extended_session(home, port)
        admin_session(home, port)
        top_session(home, port)
    print(f"{failed} failed")
    sys.exit(1 if failed else 0)


main()
