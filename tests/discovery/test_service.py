"""The service itself, and HAProxy by the plug-in `template`."""

import itertools
import os
import pathlib
import random
import shutil
import signal
import socket
import time

from harness import ROOT, NotRun, free_port, request, test, wait_until
from test_engines import Engine, container, looks_of


@test
def haproxy_follows_the_members(world):
    if not shutil.which("haproxy"):
        raise NotRun("haproxy is not installed")
    nodes, port = world.nodes(3), free_port()
    template = (ROOT / "deploy/haproxy/haproxy.cfg.mustache").read_text().replace("bind :3000", f"bind 127.0.0.1:{port}")
    (world.folder / "template").write_text(template)
    (world.folder / "haproxy.cfg").write_text("global\n  maxconn 64\ndefaults\n  timeout connect 1s\n  timeout client 1m\n"
                                              f"  timeout server 1m\nlisten none\n  mode tcp\n  bind 127.0.0.1:{free_port()}\n")

    def list_members(some):
        fresh = world.folder / "members.new"
        fresh.write_text("".join(f"- {{host: {node.host}, service-port: {node.port}, cluster: blue}}\n" for node in some))
        fresh.rename(world.folder / "members")

    def reached():
        """The node that answers through HAProxy."""
        try:
            with socket.create_connection(("127.0.0.1", port), 2) as connection:
                connection.sendall(bytes([2, 1]) + (5).to_bytes(6, "big") + b"node\n")
                return connection.recv(4096)[8:].decode().strip().partition("\tN")[2]
        except OSError:
            return None

    list_members(nodes[:1])
    world.spawn("haproxy", "-W", "-p", "haproxy.pid", "-f", "haproxy.cfg")
    wait_until((world.folder / "haproxy.pid").exists, "haproxy runs")
    service = world.discovery("--plugin", "template", "--template", "template", "--template-output", "haproxy.cfg",
                              "--template-reload", "kill -USR2 $(head -n 1 haproxy.pid)", "--file", world.folder / "members")
    wait_until(lambda: reached() == nodes[0].host, "the first member answers through HAProxy")
    list_members(nodes)
    seen = set()
    wait_until(lambda: seen.add(reached()) or seen >= {node.host for node in nodes}, "each member answers in its turn")
    list_members(nodes[2:])
    wait_until(lambda: {reached() for _ in range(6)} == {nodes[2].host}, "only the last one is left")
    wait_until(lambda: service.plugin()["settled"], "it says that all is well")


@test
def file_members_that_leave_are_cleared_and_forgotten(world):
    nodes = world.nodes(3)
    members = world.folder / "members"
    members.write_text("".join(f"- {node.host}:{node.port}\n" for node in nodes))
    service = world.discovery("--file", members, "--period", "2")
    service.wait_for_cluster(3)
    gone = nodes.pop()
    gone.stop()
    members.write_text("".join(f"- {node.host}:{node.port}\n" for node in nodes))
    service.wait_for_cluster(2)
    wait_until(lambda: all(gone.host not in node.seeds for node in nodes), "the seed of the one that left is cleared", 120)
    metrics = request("GET", service.url + "/metrics").decode()
    assert "discovery_ready_members{cluster=\"aerospike\"} 2" in metrics, metrics


@test
def idle_service_costs_nothing_and_leaks_nothing(world):
    nodes = world.nodes(20)
    members = world.folder / "members"
    members.write_text("".join(f"- {node.host}:{node.port}\n" for node in nodes))
    service = world.discovery("--file", members)
    service.wait_for_cluster(20)
    time.sleep(15)
    before, began = figures_of(service), time.monotonic()
    time.sleep(45)
    after, span = figures_of(service), time.monotonic() - began
    cpu = 100 * (after[0] - before[0]) / span
    print(f"     idle with 20 members: {cpu:.2f} % CPU, {after[1]} KiB resident, {after[2]} descriptors")
    assert cpu < 1, f"{cpu:.2f} % CPU when idle"
    expect_no_more(before, after)


def figures_of(service):
    """Seconds of processor, KiB resident, descriptors."""
    proc = pathlib.Path(f"/proc/{service.process.pid}")
    stat = (proc / "stat").read_text().rpartition(")")[2].split()
    rss = next(int(line.split()[1]) for line in (proc / "smaps_rollup").read_text().splitlines() if line.startswith("Rss:"))
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK"), rss, len(list((proc / "fd").iterdir()))


def expect_no_more(before, after):
    assert after[2] <= before[2] + 2, f"descriptors: {before[2]}, then {after[2]}"
    assert after[1] <= before[1] + 1024, f"resident: {before[1]} KiB, then {after[1]}"


@test
def a_thousand_containers_that_come_and_go_leave_nothing_behind(world):
    nodes, number = world.nodes(20), itertools.count()
    # Some are members that answer; each look finds others, with other ids and addresses.
    answers = {"containers/json": []}

    def change():
        strangers = [{"Id": f"{next(number):064x}", "Names": [f"/stranger{i}"], "State": "running", "Labels": {},
                      "NetworkSettings": {"Networks": {"prod": {
                          "NetworkID": "p", "IPAddress": f"10.9.{i // 250}.{i % 250 + 1}"}}}} for i in range(985)]
        members = [container(node) for node in random.sample(nodes, 15)]
        answers["containers/json"] = members + strangers
    engine = Engine(answers)
    try:
        change()
        service = world.discovery("--swarm-url", engine.url, "--period", "1")

        def go_on(seconds):
            end = time.monotonic() + seconds
            while time.monotonic() < end:
                change()
                time.sleep(0.2)
        go_on(30)
        before, looks = figures_of(service), looks_of(service)
        go_on(60)
        after, looks = figures_of(service), looks_of(service) - looks
        print(f"     {looks} looks at 1000 containers: {before[1]} KiB resident, {after[1] - before[1]:+}; {after[2]} "
              f"descriptors; {100 * (after[0] - before[0]) / 60:.1f} % CPU")
        assert looks > 30, f"only {looks} looks"
        expect_no_more(before, after)
    finally:
        engine.stop()


@test
def stops_at_once_and_in_order(world):
    for stop in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        members = world.folder / "members"
        members.write_text("")
        service = world.discovery("--file", members)
        service.process.send_signal(stop)
        assert service.process.wait(20) == 0, stop
        world.processes.remove(service.process)
