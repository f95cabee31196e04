"""A flotillad of one's own: free ports, an empty folder under build/nodes, stopped when the `with` block ends."""

import os
import pathlib
import random
import re
import shutil
import signal
import socket
import subprocess
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("FLOTILLAD", ROOT / "build/release/bin/flotillad"))
READY_SECONDS = 20
STOP_SECONDS = 60

MEMORY = "storage-engine memory {{\n        data-size {size}\n    }}"
STORED = "storage-engine {engine} {{\n        file {file}\n        filesize {size}\n        {more}\n    }}"

CONFIG = """\
service {{
    cluster-name conformance
    data-folder {folder}
    work-directory {folder}
    proto-fd-max 15000
}}
logging {{
    console {{
        context any info
    }}
}}
network {{
    service {{
        address 127.0.0.1
        port {port}
    }}
    fabric {{
        address 127.0.0.1
        port {fabric}
    }}
    heartbeat {{
        mode mesh
        {seeds}
        address 127.0.0.1
        port {heartbeat}
    }}
    http {{
        port {http}
    }}
}}
{namespaces}"""

NAMESPACE = """\
namespace {name} {{
    replication-factor 2
    nsup-period 120
    {storage}
}}
"""


class NodeDied(Exception):
    """The server ended although nobody asked it to; the text is the tail of its log."""


def memory_namespace(name, size="1G"):
    return NAMESPACE.format(name=name, storage=MEMORY.format(size=size))


def stored_namespace(name, engine, file, more="", size="256M"):
    return NAMESPACE.format(name=name, storage=STORED.format(engine=engine, file=file, size=size, more=more))


class Node:
    """`namespaces`: text of the namespace sections; default: `test` and `bar` in memory. `port`: of clients; fabric and
    heartbeat are behind it. `seeds`: ports of the nodes that it makes a cluster with. `http`: 0 for none."""

    def __init__(self, name, namespaces=None, port=None, seeds=(), http=0):
        self.folder = ROOT / "build/nodes" / f"{name}-{os.getpid()}"
        self.namespaces = namespaces or memory_namespace("test") + memory_namespace("bar", "512M")
        self.port = port or free_ports(3)
        self.seeds = seeds
        self.http = http
        self.process = None
        self.log = self.folder / "log"

    def __enter__(self):
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        try:
            self.start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind, *_):
        self.stop()
        if kind is None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        if not BINARY.exists():
            raise NodeDied(f"there is no {BINARY}; ./dev build makes it")
        config = self.folder / "flotilla.conf"
        seeds = "\n        ".join(f"mesh-seed-address-port 127.0.0.1 {port + 2}" for port in self.seeds)
        config.write_text(CONFIG.format(folder=self.folder, port=self.port, fabric=self.port + 1, heartbeat=self.port + 2,
                                        seeds=seeds, http=self.http, namespaces=self.namespaces))
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen([BINARY, "--config-file", config, "--foreground"], stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=subprocess.STDOUT, cwd=self.folder)
        self.wait_until_ready()

    def wait_until_ready(self):
        deadline = time.monotonic() + READY_SECONDS
        while time.monotonic() < deadline:
            self.check_alive()
            try:
                if info(self.port, "status") == "ok":
                    return
            except OSError:
                pass
            time.sleep(0.01)
        raise NodeDied(f"not ready after {READY_SECONDS} s\n{self.log_tail()}")

    def check_alive(self):
        code = self.process.poll()
        if code is not None:
            raise NodeDied(f"flotillad ended with {code}\n{self.log_tail()}")

    def kill(self):
        """What a power switch is to a process: SIGKILL."""
        self.check_alive()
        self.process.kill()
        self.process.wait()

    def stop(self):
        """SIGTERM, and the exit code; a server that does not end in time is killed."""
        if self.process is None or self.process.poll() is not None:
            return None
        self.process.send_signal(signal.SIGTERM)
        try:
            return self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            return "not within %d s" % STOP_SECONDS

    def numbers(self, namespace):
        """The namespace's statistics that are numbers."""
        pairs = (pair.partition("=") for pair in info(self.port, f"namespace/{namespace}").split(";"))
        return {name: int(value) for name, _, value in pairs if value.isdigit()}

    def said(self, words):
        """How many lines of the log have the words."""
        return sum(words in line for line in self.log.read_text(errors="replace").splitlines())

    def resident_bytes(self):
        status = pathlib.Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.search(r"VmRSS:\s+(\d+) kB", status)[1]) * 1024

    def log_tail(self, lines=30):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


def free_ports(count):
    """The first of `count` neighbouring ports that nobody uses, below the range the kernel gives to clients."""
    while True:
        first = random.randrange(10000, 30000)
        sockets = []
        try:
            for port in range(first, first + count):
                one = socket.socket()
                one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                sockets.append(one)
                one.bind(("127.0.0.1", port))
            return first
        except OSError:
            continue
        finally:
            for one in sockets:
                one.close()


def info(port, command, timeout=2):
    """The value of one info command."""
    body = command.encode() + b"\n"
    with socket.create_connection(("127.0.0.1", port), timeout) as s:
        s.settimeout(timeout)
        s.sendall(b"\x02\x01" + len(body).to_bytes(6, "big") + body)
        head = receive_exactly(s, 8)
        answer = receive_exactly(s, int.from_bytes(head[2:], "big")).decode()
    return answer.rstrip("\n").partition("\t")[2]


def receive_exactly(s, size):
    out = bytearray()
    while len(out) < size:
        part = s.recv(size - len(out))
        if not part:
            raise EOFError("the connection was closed")
        out += part
    return bytes(out)
