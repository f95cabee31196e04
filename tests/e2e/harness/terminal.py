"""A program in a terminal, typed at like a person does."""

import os
import pty
import select
import subprocess
import time


class Terminal:
    """Runs the command in a terminal of its own. `seen` is all that was printed so far."""

    def __init__(self, command, env):
        ours, theirs = pty.openpty()
        self.process = subprocess.Popen(command, env=env, stdin=theirs, stdout=theirs, stderr=theirs,
                                        start_new_session=True)
        os.close(theirs)
        self.screen = ours
        self.seen = ""

    def expect(self, text, seconds=15):
        """Waits until `text` has been printed since the last call; answers what was printed up to its end."""
        end = time.monotonic() + seconds
        new = ""
        while text not in new:
            left = end - time.monotonic()
            ready = select.select([self.screen], [], [], max(0, left))[0]
            assert ready, f"the terminal does not show {text!r}, but {self.seen[-500:]!r}"
            try:
                part = os.read(self.screen, 4096).decode(errors="replace")
            except OSError:
                part = ""
            assert part, f"ended without {text!r}, after {self.seen[-500:]!r}"
            new += part
            self.seen += part
        return new

    def type(self, text):
        os.write(self.screen, text.encode())

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
        os.close(self.screen)
