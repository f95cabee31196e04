"""A Docker engine of the test's own: own socket, folders, process, and network, away from any other on the machine."""

import ctypes
import os
import shutil
import subprocess
import tempfile
import time

CLONE_NEWNET = 0x40000000
START_SECONDS = 60
STOP_SECONDS = 60


class NoEngine(Exception):
    """Docker cannot run here; the text says what is missing."""


class CommandFailed(Exception):
    pass


def _check_tools():
    if os.geteuid() != 0:
        raise NoEngine("an engine of its own needs root (or use --engine system)")
    missing = [tool for tool in ("dockerd", "docker", "ip", "iptables", "unshare") if shutil.which(tool) is None]
    if missing:
        raise NoEngine("missing: " + ", ".join(missing) + " (Debian: docker.io iptables iproute2)")


def enter_own_network():
    """Moves this process into a fresh network namespace, gone when the last process in it ends.

    Containers, their bridges and firewall rules live in there; the tests reach them by address. Answers a descriptor of
    the namespace left behind, for what needs the outside.
    """
    _check_tools()
    outside = os.open("/proc/self/ns/net", os.O_RDONLY | os.O_CLOEXEC)
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNET) != 0:
        raise NoEngine("no network namespace: " + os.strerror(ctypes.get_errno()))
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    return outside


class Engine:
    """`run()` and friends call the docker command against this engine."""

    def __init__(self, host=None):
        self.env = dict(os.environ)
        self.env.pop("DOCKER_HOST", None)
        self.env.pop("DOCKER_CONTEXT", None)
        if host is not None:
            self.env["DOCKER_HOST"] = host

    def run(self, *arguments, check=True, timeout=120, **options):
        """Output of `docker arguments`, stripped. With check=False the completed process instead."""
        done = subprocess.run(["docker", *arguments], env=self.env, capture_output=True, text=True, timeout=timeout,
                              check=False, **options)
        if not check:
            return done
        if done.returncode != 0:
            raise CommandFailed(f"docker {' '.join(arguments)}: exit {done.returncode}: "
                                f"{(done.stderr or done.stdout).strip()[-2000:]}")
        return done.stdout.strip()

    def inspect(self, name, form):
        return self.run("inspect", "--format", form, name)

    def logs(self, name, *options):
        done = self.run("logs", *options, name, check=False)
        return done.stdout + done.stderr

    def is_up(self):
        try:
            return self.run("info", check=False, timeout=20).returncode == 0
        except (OSError, subprocess.TimeoutExpired):
            return False

    def run_outside(self, *command, **options):
        """Runs a command where the network is, with its output dropped."""
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, **options)

    def command_as_at_home(self, *command):
        """The command for a program that expects the engine behind the usual socket."""
        return list(command)

    def stop(self):
        pass


class OwnEngine(Engine):
    """A dockerd with its folders below `folder`.

    One `for_builds` runs in the namespace `outside`, without a bridge or firewall rules, because builds install packages,
    and keeps its images on disk. Any other runs in the caller's namespace and keeps everything in memory: how long a
    busy disk takes to flush says nothing about the product, and nothing has to be removed afterwards.

    With `plug_in` it has a network namespace of its own: that function is given the process, and puts an interface `eth0`
    there. `options` are more of dockerd's, `host` is its host's name.
    """

    def __init__(self, folder, outside, for_builds=False, plug_in=None, options=(), host="engine"):
        os.makedirs(folder, exist_ok=True)
        self.folder = folder
        self.outside = outside
        self.short = tempfile.mkdtemp(prefix="fe2e-")  # A socket's path has room for 107 characters.
        super().__init__(f"unix://{self.short}/docker.sock")
        self.log_path = os.path.join(folder, "dockerd.log")
        data = os.path.join(folder, "data")
        os.makedirs(data, exist_ok=True)
        # Engines of one network tell each other apart by their host's name.
        mounts = f"hostname {host} && mount --make-rprivate / && mount -t tmpfs tmpfs /run"
        daemon = f"exec dockerd -H {self.env['DOCKER_HOST']} --data-root {data} --exec-root {self.short}/exec " \
                 f"--pidfile {self.short}/pid"
        if for_builds:
            daemon += " --bridge=none --iptables=false"
        else:
            mounts += f" && mount -t tmpfs tmpfs {data}"
            # Where containers look for an engine, in this engine's own view of the file system.
            daemon += " -H unix:///run/docker.sock"
        daemon = " ".join([daemon, *options])
        command = ["unshare", "--mount", "--uts", "bash", "-c", f"{mounts} && {daemon}"]
        self.plug_in = plug_in
        if plug_in is not None:
            waiting = "until ip link show eth0 >/dev/null 2>&1; do sleep 0.1; done"
            command = ["unshare", "--net", "--mount", "--uts", "bash", "-c", f"{mounts} && {waiting} && {daemon}"]
        if for_builds:
            command = ["nsenter", f"--net=/proc/self/fd/{outside}", *command]
        self.daemon = daemon
        self.mounts = None  # A descriptor of its mount namespace, once it was restarted.
        self._start(command, outside)

    def _start(self, command, descriptor):
        with open(self.log_path, "ab") as log:
            # A session of its own: Ctrl-C reaches the tests, which then stop the engine in order.
            self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                            start_new_session=True, pass_fds=[descriptor])
        if self.plug_in is not None:
            self.plug_in(self.process.pid)
        end = time.monotonic() + START_SECONDS
        while not self.is_up():
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                raise NoEngine("dockerd did not start:\n" + self.log_tail())
            time.sleep(0.2)

    def command_as_at_home(self, *command):
        return ["nsenter", f"--mount=/proc/{self.process.pid}/ns/mnt", *command]

    def stop_daemon(self):
        """As `systemctl stop docker`: containers end; images and containers' data stay for start_daemon()."""
        if self.mounts is None:
            # What it keeps in memory lives as long as something knows the namespace.
            self.mounts = os.open(f"/proc/{self.process.pid}/ns/mnt", os.O_RDONLY | os.O_CLOEXEC)
        self.process.terminate()
        self.process.wait(STOP_SECONDS)

    def start_daemon(self, *options):
        daemon = " ".join([self.daemon, *options])
        self._start(["nsenter", f"--mount=/proc/self/fd/{self.mounts}", "bash", "-c", daemon], self.mounts)

    def run_outside(self, *command, **options):
        super().run_outside("nsenter", f"--net=/proc/self/fd/{self.outside}", *command, pass_fds=[self.outside],
                            **options)

    def log_tail(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as log:
            return "".join(log.readlines()[-15:])

    def stop(self):
        if self.process.poll() is None:
            ids = self.run("ps", "-aq", check=False).stdout.split()
            if ids:
                self.run("rm", "-f", "-v", *ids, check=False)
            self.process.terminate()
            try:
                self.process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.short, ignore_errors=True)
