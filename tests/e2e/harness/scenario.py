"""Scenarios: functions that get a World and raise when the product does not do what it should."""

import json
import os
import tempfile
import time
from dataclasses import dataclass
from typing import Callable

from .client import Client, wait_until

READY_LINE = "service ready: soon there will be cake!"
# Patience, not a promise: the machine may be busy. How fast a start is has a scenario of its own.
READY_PATIENCE = 60
# Of each container, shown when a scenario fails.
LOG_CHARACTERS = 8000
SCENARIOS = []


@dataclass(frozen=True)
class Scenario:
    name: str
    run: Callable
    is_quick: bool  # Part of the quick run; the others wait for --verify.
    tools: bool     # Needs the tools image.


def scenario(name, quick=True, tools=False):
    def register(function):
        SCENARIOS.append(Scenario(name, function, quick, tools))
        return function
    return register


def equal(found, wanted, what):
    assert found == wanted, f"{what}: {found!r}, should be {wanted!r}"


class World:
    """What one scenario makes, and that goes with it: containers, volumes, networks, folders."""

    def __init__(self, engine, work, options):
        self.engine = engine
        self.options = options
        self.folder = tempfile.mkdtemp(prefix="s-", dir=work)
        os.chmod(self.folder, 0o755)
        self.notes = []
        self.transcript = ""  # Printed when scenarios were chosen by name.
        self._made = []
        self._undo = []

    def note(self, text):
        """A figure for the report."""
        self.notes.append(text)

    def within(self, began, seconds, what):
        """Of something that has come about: notes how long it took, and demands that it was not longer than `seconds`."""
        took = time.monotonic() - began
        self.note(f"{what} {took:.1f} s")
        self.in_time(took <= seconds, f"{what} {took:.1f} s, more than {seconds}")

    def in_time(self, holds, what):
        """Others on the machine delay everything: what fails among many others is noted, not judged."""
        if not holds and (load := os.getloadavg()[0]) > 2 * os.cpu_count():
            self.note(f"NOT JUDGED at a load of {load:.0f}: {what}")
        else:
            assert holds, what

    def unique(self, kind):
        return f"e2e-{os.getpid()}-{kind}-{len(self._made)}"

    def server(self, *arguments, options=()):
        """Starts a node; answers the container's name. `options` go before the image, `arguments` behind it."""
        name = self.unique("node")
        self.container(name, *options, "flotilla/server", *arguments)
        return name

    def container(self, name, *arguments):
        self._goes_at_end("container", name, "rm", "-f", "-v")
        self.engine.run("run", "-d", "--name", name, *arguments)

    def ready_server(self, *arguments, options=()):
        name = self.server(*arguments, options=options)
        self.wait_ready(name)
        return name

    def wait_ready(self, name):
        assert self.waits_ready(name), f"{name} ended before it was ready"

    def waits_ready(self, name):
        """False when it ended instead."""
        def outcome():
            if READY_LINE in self.engine.logs(name, *self.since_last_end(name)):
                return "ready"
            return "ended" if self.engine.inspect(name, "{{.State.Status}}") == "exited" else None
        return wait_until(outcome, READY_PATIENCE, f"{name} says it is ready") == "ready"

    def started_at(self, name):
        return self.engine.inspect(name, "{{.State.StartedAt}}")

    def since_last_end(self, name):
        """What the present run said. Not since StartedAt: the engine sets that when the program may be ready already."""
        ended = self.engine.inspect(name, "{{.State.FinishedAt}}")
        return [] if ended.startswith("0001-") else ["--since", ended]

    def exit_code(self, name, seconds=READY_PATIENCE):
        return int(self.engine.run("wait", name, timeout=seconds))

    def volume(self):
        name = self.unique("volume")
        self._goes_at_end("volume", name, "volume", "rm")
        self.engine.run("volume", "create", name)
        return name

    def network(self, name=None, *options):
        name = name or self.unique("network")
        self._goes_at_end("network", name, "network", "rm")
        self.engine.run("network", "create", *options, name)
        return name

    def address(self, name):
        networks = json.loads(self.engine.inspect(name, "{{json .NetworkSettings.Networks}}"))
        return next(iter(networks.values()))["IPAddress"]

    def client(self, name, port=3000, name_space="test"):
        return Client(self.address(name), port, name_space)

    def _goes_at_end(self, kind, name, *removal):
        self._made.append((kind, name))
        self.at_end(lambda: self.engine.run(*removal, name, check=False))

    def at_end(self, action):
        """Last in, first out: a network goes after the containers that were put on it."""
        self._undo.append(action)

    def write(self, name, text):
        """A file in the scenario's folder that any user may read; answers its path."""
        path = os.path.join(self.folder, name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, 0o644)
        return path

    def logs_of_all(self):
        """Those that Compose has made too; in an engine of the test's own there are no others."""
        names = [name for kind, name in self._made if kind == "container"]
        if self.options.engine == "own":
            names = self.engine.run("ps", "-a", "--format", "{{.Names}}", check=False).stdout.split()
        return "".join(f"--- log of {name}\n{self.engine.logs(name)[-LOG_CHARACTERS:]}" for name in names)

    def clean(self):
        for action in reversed(self._undo):
            action()


def run_all(chosen, engine, work, options, say):
    """Answers (passed, failed). Each scenario starts with nothing and leaves nothing."""
    passed = failed = 0
    for one in chosen:
        world, began = World(engine, work, options), time.monotonic()
        try:
            one.run(world)
            passed += 1
            notes = f" ({'; '.join(world.notes)})" if world.notes else ""
            if options.only and world.transcript:
                say(world.transcript)
            say(f"ok   {one.name}: {time.monotonic() - began:.1f} s{notes}")
        except Exception as why:  # pylint: disable=broad-except
            failed += 1
            text = str(why).strip() or type(why).__name__
            say(f"FAIL {one.name}: {text.splitlines()[0]}")
            say("     " + "\n     ".join([*text.splitlines()[1:], *world.logs_of_all().splitlines()]))
        finally:
            world.clean()
    return passed, failed
