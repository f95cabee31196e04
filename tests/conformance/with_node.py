"""with_node.py -- COMMAND ARGUMENTS...: starts a flotillad of its own, runs the command with every {port} replaced by its
port, stops the server. The exit code is the command's; a server that died is a failure of its own."""

import os
import signal
import subprocess
import sys

from node import Node, NodeDied


def run(command):
    """The command's exit code. When this program is told to stop, so is all that the command started."""
    process = subprocess.Popen(command, start_new_session=True)
    try:
        return process.wait()
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)


def main():
    command = sys.argv[sys.argv.index("--") + 1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with Node("suite") as node:
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
