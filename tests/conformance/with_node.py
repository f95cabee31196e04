"""with_node.py [--engine memory|device] -- COMMAND ARGUMENTS...: starts a flotillad of its own, runs the command with every {port} replaced by its
port, stops the server. The exit code is the command's; a server that died is a failure of its own."""

import argparse
import os
import signal
import subprocess
import sys

from node import Node, NodeDied, stored_namespace


def run(command):
    """The command's exit code. When this program is told to stop, so is all that the command started."""
    process = subprocess.Popen(command, start_new_session=True)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def on_device():
    """The usual two namespaces with only their index in memory, no cache, and nothing unwritten for long."""
    options = "post-write-cache 0\n        flush-max-ms 1"
    return "".join(stored_namespace(name, "device", f"{name}.dat", options) for name in ("test", "bar"))


def main():
    split = sys.argv.index("--")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--engine", choices=["memory", "device"], default="memory")
    engine = parser.parse_args(sys.argv[1:split]).engine
    command = sys.argv[split + 1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with Node("suite", on_device() if engine == "device" else None) as node:
            code = run([part.replace("{port}", str(node.port)) for part in command])
            node.check_alive()
            stopped = node.stop()
            if stopped != 0:
                raise NodeDied(f"flotillad did not stop well: {stopped}\n{node.log_tail()}")
    except NodeDied as death:
        print(f"FAIL flotillad: {death}")
        sys.exit(1)
    sys.exit(code)


main()
