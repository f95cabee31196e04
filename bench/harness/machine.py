"""What the operating system knows: CPU clocks, resident memory, the machine's description, free ports."""

import os
import platform
import random
import signal
import socket
import subprocess
import sys
import time


def end_in_order():
    """When told to end, so do the servers that were started: by `finally`."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))


def cpu_seconds(pid):
    """CPU time of all threads of a process, as the scheduler counts it (not in ticks)."""
    cpuclock_sched = 2
    return time.clock_gettime((~pid << 3) | cpuclock_sched)


def resident_bytes(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as status:
        for line in status:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError(f"process {pid} has no resident memory")


def free_port():
    """Below the range that the kernel gives to clients, so that it is still free when a server comes back."""
    while True:
        port = random.randrange(10_000, 30_000)
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
                return port
        except OSError:
            continue


def commit():
    """The short commit of this program, with a plus sign when tracked files differ from it."""
    def git(*args):
        done = subprocess.run(["git", "-C", os.path.dirname(__file__), *args], capture_output=True, text=True, check=False)
        return done.stdout.strip()
    changed = git("status", "--porcelain", "--untracked-files=no")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def description():
    """One line: processor, cores, memory, kernel."""
    model = "unknown processor"
    with open("/proc/cpuinfo", encoding="ascii", errors="replace") as cpuinfo:
        for line in cpuinfo:
            if line.startswith("model name"):
                model = line.split(":", 1)[1].strip()
                break
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {os.cpu_count()} cores, {memory:.0f} GiB, Linux {platform.release()}"
