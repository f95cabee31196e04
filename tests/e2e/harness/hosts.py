"""Several Docker hosts on one machine: an engine each, in a network namespace of its own, joined by a switch."""

import os
import shutil
import subprocess

from . import images
from .client import wait_until
from .engine import OwnEngine

SUBNET = "10.77.0"
STORE = f"{SUBNET}.254"


class Hosts:
    """`engines[i]` is the one of the host with the address SUBNET.(i + 1); all have the images of `source`.

    With `store` their overlay networks go through etcd, as before Docker had a swarm mode of its own. Each host's API is on
    port 2375 of its address as well, which nothing but the hosts and their containers can reach.
    """

    def __init__(self, count, world, store=False):
        self.folder = os.path.join(world.folder, "hosts")
        # The switch has a namespace of its own: firewall rules of an engine beside it would apply to it.
        self.switch = self._spawn("unshare", "--net", "sleep", "infinity")
        self.engines = []
        self.store = None
        world.at_end(self.stop)
        wait_until(lambda: os.readlink(f"/proc/{self.switch.pid}/ns/net") != os.readlink("/proc/self/ns/net"), 10,
                   "the switch has a namespace of its own")
        self._in_switch("ip", "link", "set", "lo", "up")
        self._in_switch("ip", "link", "add", "switch", "type", "bridge")
        self._in_switch("ip", "link", "set", "switch", "up")
        options = ["-H tcp://0.0.0.0:2375", "--tls=false"]
        if store:
            self._start_store()
            options += [f"--cluster-store=etcd://{STORE}:2379", "--cluster-advertise=eth0:2376"]
        for number in range(1, count + 1):
            engine = OwnEngine(os.path.join(self.folder, str(number)), world.engine.outside,
                               plug_in=lambda pid, number=number: self._plug_in(number, pid), options=options,
                               host=f"host{number}")
            self.engines.append(engine)
            images.copy_images(world.engine, engine)

    def address(self, index):
        return f"{SUBNET}.{index + 1}"

    def make_swarm(self):
        first, *others = self.engines
        first.run("swarm", "init", "--advertise-addr", self.address(0))
        token = first.run("swarm", "join-token", "-q", "worker")
        for index, engine in enumerate(others, 1):
            engine.run("swarm", "join", "--advertise-addr", self.address(index), "--token", token, f"{self.address(0)}:2377")

    def cut(self, index):
        self._in_switch("ip", "link", "set", f"port{index + 1}", "down")

    def mend(self, index):
        self._in_switch("ip", "link", "set", f"port{index + 1}", "up")

    def stop(self):
        for engine in reversed(self.engines):
            engine.run("swarm", "leave", "--force", check=False)
            engine.stop()
        for process in filter(None, (self.store, self.switch)):
            process.kill()
            process.wait()

    def _plug_in(self, number, pid):
        def inside(*command):
            subprocess.run(["nsenter", f"--net=/proc/{pid}/ns/net", *command], check=True)
        wait_until(lambda: os.readlink(f"/proc/{pid}/ns/net") != os.readlink("/proc/self/ns/net"), 10, "its own namespace")
        self._in_switch("ip", "link", "add", f"port{number}", "type", "veth", "peer", "name", "eth0", "netns", str(pid))
        self._in_switch("ip", "link", "set", f"port{number}", "master", "switch", "up")
        inside("ip", "link", "set", "lo", "up")
        inside("ip", "addr", "add", f"{SUBNET}.{number}/24", "dev", "eth0")
        inside("ip", "link", "set", "eth0", "up")

    def _start_store(self):
        assert shutil.which("etcd"), "etcd (Debian's etcd-server) is not installed"
        self._in_switch("ip", "addr", "add", f"{STORE}/24", "dev", "switch")
        url = f"http://{STORE}:2379"
        self.store = self._spawn("nsenter", f"--net=/proc/{self.switch.pid}/ns/net", "etcd", "--enable-v2", "--data-dir",
                                 os.path.join(self.folder, "etcd"), "--listen-client-urls", url, "--advertise-client-urls",
                                 url)

    def _in_switch(self, *command):
        subprocess.run(["nsenter", f"--net=/proc/{self.switch.pid}/ns/net", *command], check=True)

    def _spawn(self, *command):
        return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
