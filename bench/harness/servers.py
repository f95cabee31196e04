"""The servers that are compared: how each is started on its core, found ready, loaded, and stopped."""

import contextlib
import os
import shutil
import socket
import subprocess
import time

from . import machine

START_SECONDS = 30
STOP_SECONDS = 60


class Server:
    """A server process of ours on 127.0.0.1, pinned with all its threads to one core, if at all."""

    name = "server"
    dialect = "aerospike"
    is_ours = False
    is_pinned = True  # If not, neither is the generator of its load.

    def __init__(self, binaries, folder, core):
        self.binaries = binaries
        self.folder = os.path.join(folder, self.name.replace(", ", "-").replace(" ", "-"))
        self.core = core
        self.port = machine.free_port()
        self.process = None

    def command(self):
        raise NotImplementedError

    def is_ready(self):
        """Asked until it says so; a refused connection counts as not yet."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=1):
            return True

    def start(self):
        os.makedirs(self.folder, exist_ok=True)
        log = os.path.join(self.folder, "log")
        with open(log, "wb") as out:
            self.process = subprocess.Popen(
                self.command(), stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=self.folder,
                preexec_fn=lambda: os.sched_setaffinity(0, {self.core}) if self.is_pinned else None)
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            if self.process.poll() is not None:
                break
            try:
                if self.is_ready():
                    return self
            except OSError:
                pass
            time.sleep(0.02)
        self.stop()
        with open(log, encoding="utf-8", errors="replace") as lines:
            raise RuntimeError(f"{self.name} did not start:\n" + "".join(lines.readlines()[-20:]))

    def stop(self):
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @contextlib.contextmanager
    def running(self):
        """Started, and stopped in the end whatever happens."""
        try:
            yield self.start()
        finally:
            self.stop()

    def is_running(self):
        return self.process is not None and self.process.poll() is None

    @property
    def pid(self):
        return self.process.pid

    def generator_options(self, _operation):
        return ["--dialect", self.dialect]

    def version(self):
        return ""


class Echo(Server):
    """The yardstick. One process for each size of reply."""

    name = "echo"

    def __init__(self, binaries, folder, core, reply_bytes):
        self.reply_bytes = reply_bytes
        super().__init__(binaries, folder, core)

    def command(self):
        return [os.path.join(self.binaries, "echo_server"), str(self.port), str(self.reply_bytes)]

    def generator_options(self, _operation):
        return ["--dialect", "aerospike", "--echo-bytes", str(self.reply_bytes)]


class Flotilla(Server):
    """One reactor, one in-memory namespace without a file."""

    name = "flotilla"
    is_ours = True
    reactors = 1
    storage = "memory {\n        data-size 4G\n    }"
    settings = ()  # Further lines of the namespace.
    copies = 1
    seeds = ()  # Heartbeat ports of the nodes that it makes a cluster with.
    config = """\
service {{
    service-threads {reactors}
    proto-fd-max 2048
    data-folder {folder}
    work-directory {folder}
}}
network {{
    http {{
        port 0
    }}
    service {{ address 127.0.0.1
        port {port} }}
    heartbeat {{ mode mesh
        address 127.0.0.1
        {seeds}
        port {heartbeat} }}
    fabric {{ address 127.0.0.1
        port {fabric} }}
}}
namespace test {{
    replication-factor {copies}
    {settings}
    storage-engine {storage}
}}
"""

    def __init__(self, binaries, folder, core):
        super().__init__(binaries, folder, core)
        self.heartbeat, self.fabric = machine.free_port(), machine.free_port()

    def command(self):
        path = os.path.join(self.folder, "flotilla.conf")
        with open(path, "w", encoding="ascii") as file:
            file.write(self.config.format(
                folder=self.folder, port=self.port, heartbeat=self.heartbeat, fabric=self.fabric, reactors=self.reactors,
                seeds="\n        ".join(f"mesh-seed-address-port 127.0.0.1 {port}" for port in self.seeds),
                copies=self.copies, settings="\n    ".join(self.settings), storage=self.storage))
        return [os.path.join(self.binaries, "flotillad"), "--config-file", path, "--foreground"]

    def info(self, name):
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as sock:
            text = name.encode() + b"\n"
            sock.sendall(((2 << 56) | (1 << 48) | len(text)).to_bytes(8, "big") + text)
            with sock.makefile("rb") as reply:
                size = int.from_bytes(reply.read(8), "big") & ((1 << 48) - 1)
                return reply.read(size).decode().partition("\t")[2].strip()

    def is_ready(self):
        return self.info("status") == "ok"

    def version(self):
        found = self.info("flotilla-version")
        return "" if found.startswith("ERROR") else found


class TwoReactors(Flotilla):
    """As it runs on a machine of two cores that nobody pins anything on."""

    name = "flotilla, 2 reactors"
    is_pinned = False
    reactors = 2


class Redis(Server):
    name = "redis"
    dialect = "redis"

    def command(self):
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "",
                "--appendonly", "no", "--dir", self.folder]

    def version(self):
        return subprocess.run(["redis-server", "--version"], capture_output=True, text=True,
                              check=True).stdout.split()[2]


class Memcached(Server):
    name = "memcached"
    dialect = "memcached"

    def command(self):
        return ["memcached", "-l", "127.0.0.1", "-p", str(self.port), "-U", "0", "-t", "1", "-m", "4096",
                "-c", "2048", "-u", "nobody"]

    def version(self):
        return subprocess.run(["memcached", "--version"], capture_output=True, text=True,
                              check=True).stdout.split()[-1]


RIVALS = {"redis": Redis, "memcached": Memcached}
PROGRAMS = {"redis": "redis-server", "memcached": "memcached"}


def installed_rivals():
    return [name for name, program in PROGRAMS.items() if shutil.which(program)]
