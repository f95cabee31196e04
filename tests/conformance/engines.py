"""engines.py [RECORDS]: the same records through every kind of namespace (default 2000), with nothing lost or changed.

First by backup and restore: from one namespace of a node into the next, through all kinds, then again after a stop and
after SIGKILL. Then by replication: a node with an empty namespace of the next kind joins, the one before it leaves. Each
time every record and bin is compared with what was written in the beginning, by other code than the tools'.
"""

import contextlib
import os
import pathlib
import subprocess
import sys
import tempfile
import time

import cluster
from checks import Checks
from node import MEMORY, NAMESPACE, ROOT, STORED, Node, NodeDied, free_ports

sys.path.insert(0, str(ROOT / "tests/tools"))

import asb  # noqa: E402

BIN = ROOT / "build/release/bin"
SETTLED_SECONDS = 60
FLUSHED_SECONDS = 2  # By default a file has what is older than that, whatever happens to the process.
RECORDS = 2000

KEY = "encryption-key-file {key}"
KINDS = {
    "memory": None,
    "memory, with a file": ("memory", ""),
    "device": ("device", ""),
    "device, lz4": ("device", "compression lz4"),
    "device, zstd and aes-256": ("device", f"compression zstd\n        encryption aes-256\n        {KEY}"),
    "memory, with a file and aes-128": ("memory", KEY),
    "device, aes-128": ("device", KEY),
    "memory again": None,
}

check = Checks("engines")


def namespace(name, kind, key):
    stored = KINDS[kind]
    storage = MEMORY.format(size="1G") if stored is None else STORED.format(
        engine=stored[0], file=f"{name}.dat", size="256M", more=stored[1].format(key=key))
    return NAMESPACE.format(name=name, storage=storage)


def tool(node, name, *arguments):
    command = [BIN / name, "-h", "127.0.0.1", "-p", str(node.port), "--no-config-file", *arguments]
    done = subprocess.run([str(word) for word in command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        check(f"{name} does its work", False, done.stdout[-300:])


def contents(path):
    return {found: total for found, total, _ in asb.Records(path)}


def compare(node, name, folder, wanted, how):
    """Reads the namespace; answers the backup that it did so with."""
    path = pathlib.Path(folder) / f"{name}.asb"
    path.unlink(missing_ok=True)
    tool(node, "asbackup", "-n", name, "-o", path)
    found = contents(path)
    missing = len(wanted.keys() - found.keys())
    differing = sum(found.get(digest, total) != total for digest, total in wanted.items())
    check(how, missing == 0 and differing == 0 and len(found) == len(wanted),
          f"{len(found)} records, {missing} missing, {differing} differ")
    return path


def by_restore(folder, source, wanted, key):
    names = {kind: f"n{i}" for i, kind in enumerate(KINDS)}
    sections = "".join(namespace(name, kind, key) for kind, name in names.items())
    with Node("engines", sections) as node:
        cluster.until(SETTLED_SECONDS, lambda: cluster.stable([node], 1))
        before, backup = "test", source
        for kind, name in names.items():
            tool(node, "asrestore", "-i", backup, "-n", f"{before},{name}")
            backup = compare(node, name, folder, wanted, f"restored, {kind}")
            before = name
        for what, end in (("a stop", node.stop), ("SIGKILL", node.kill)):
            for name in names.values():
                tool(node, "asrestore", "-i", source, "-n", f"test,{name}", "-g")
            time.sleep(FLUSHED_SECONDS)
            end()
            node.start()
            cluster.until(SETTLED_SECONDS, lambda: cluster.stable([node], 1))
            for kind, name in names.items():
                compare(node, name, folder, wanted if KINDS[kind] else {}, f"after {what}, {kind}")


def by_replication(folder, source, wanted, key):
    first = free_ports(3 * len(KINDS))
    ports = [first + 3 * i for i in range(len(KINDS))]
    with contextlib.ExitStack() as stack:
        members = []
        for i, kind in enumerate(KINDS):
            member = stack.enter_context(
                Node(f"engines-{i}", namespace("test", kind, key), port=ports[i], seeds=ports))
            members.append(member)
            key_of_cluster, _ = cluster.until(SETTLED_SECONDS, lambda: cluster.stable(members, len(members)))
            if key_of_cluster is None:
                return check(f"a cluster with {kind}", False, member.log_tail(10))
            if len(members) == 1:
                tool(member, "asrestore", "-i", source)
            else:
                left = members.pop(0)
                check("the node before leaves in good order", left.stop() == 0)
                cluster.until(SETTLED_SECONDS, lambda: cluster.stable(members, len(members)))
            compare(member, "test", folder, wanted, f"replicated, {kind}")


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else RECORDS
    with tempfile.TemporaryDirectory(dir=ROOT / "build") as folder:
        key = pathlib.Path(folder) / "key"
        key.write_bytes(os.urandom(32))
        key.chmod(0o600)
        source = pathlib.Path(folder) / "source.asb"
        asb.write(source, count, "base")
        wanted = contents(source)
        try:
            by_restore(folder, source, wanted, key)
            by_replication(folder, source, wanted, key)
        except NodeDied as death:
            check("every server lives", False, str(death))
    check.exit()


main()
