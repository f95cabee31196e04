"""Counts what holds and what does not, a line each."""

import sys


class Checks:
    def __init__(self, of):
        self.of = of
        self.failures = []

    def __call__(self, name, good, figures=""):
        print(f"{'ok  ' if good else 'FAIL'} {self.of}: {name}{': ' if figures else ''}{figures}", flush=True)
        if not good:
            self.failures.append(name)

    def exit(self):
        """The program's end: 1 if anything did not hold."""
        sys.exit(1 if self.failures else 0)
