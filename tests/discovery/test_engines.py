"""Engines that are asked over TLS, and what is said of mistakes: one line each, however long they go on."""

import http.server
import json
import os
import re
import shutil
import socketserver
import threading

from harness import BINARY, Certificates, free_port, request, test, wait_until


ENGINE = {"version": {"Version": "20.10.24", "ApiVersion": "1.41"}, "info": {}, "networks": [], "containers/json": [],
          "events": {}}


class Engine:
    """Answers GETs from a table, which may change: on loopback, with a context of TLS by that, or on the socket `path`."""

    def __init__(self, answers, context=None, path=None):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):  # pylint: disable=invalid-name
                asked = re.sub(r"^/(v1\.\d+/)?", "", self.path.partition("?")[0])
                found = answers.get(asked, ENGINE.get(asked))
                body = json.dumps(found).encode()
                self.send_response(404 if found is None else 200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass
        if path:
            self.server = socketserver.ThreadingUnixStreamServer(str(path), Handler)
            self.url = f"unix://{path}"
        else:
            self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
            self.url = f"tcp://127.0.0.1:{self.server.server_port}"
        if context:
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()


def tls_engine(world, nodes):
    certificates = Certificates(world.folder)
    certificates.authority("ca")
    certificates.authority("other-ca")
    certificates.certificate("server", "ca", "IP:127.0.0.1")
    certificates.certificate("client", "ca")
    return Engine({"containers/json": [container(node) for node in nodes]}, certificates.context())


def container(node):
    return {"Id": node.host, "Names": ["/" + node.host], "State": "running",
            "Labels": {"com.aerospike.cluster": "blue", "com.aerospike.service-port": str(node.port)},
            "NetworkSettings": {"Networks": {"prod": {"NetworkID": "p", "IPAddress": node.host}}}}


@test
def engine_over_tls_is_verified_both_ways(world):
    nodes = world.nodes(2)
    engine = tls_engine(world, nodes)
    files = [f"--swarm-tls-ca-cert={world.folder}/ca.pem", f"--swarm-tls-cert={world.folder}/client.pem",
             f"--swarm-tls-key={world.folder}/client-key.pem"]
    try:
        service = world.discovery(f"--swarm-url={engine.url}", *files, "--debug", "--plugin", "aerospike", "start")
        service.wait_for_cluster(2)

        def expect_problem(text, *arguments):
            other = world.discovery(f"--swarm-url={engine.url}", *arguments)
            wait_until(lambda: any(text in line for line in other.plugin()["problems"]), text)
            assert other.members() == [], "it went on in spite of that"
            world.end(other.process)
        expect_problem("the server's certificate is not trusted", files[0].replace("ca.pem", "other-ca.pem"), *files[1:])
        expect_problem("does it want a client certificate", files[0])
        by_name = engine.url.replace("127.0.0.1", "localhost")
        other = world.discovery(f"--swarm-url={by_name}", *files)
        wait_until(lambda: any("is not trusted" in line for line in other.plugin()["problems"]), "another host's name")
        insecure = world.discovery(f"--swarm-url={by_name}", *files[1:], "--swarm-allow-insecure")
        insecure.wait_for_cluster(2)
        assert "certificates are not looked at" in world.log("discovery")
    finally:
        engine.stop()


def looks_of(service):
    found = re.search(r"discovery_reconcile_seconds_count\S* (\d+)", request("GET", service.url + "/metrics").decode())
    return int(found[1]) if found else 0


def warnings_of(world, service, rounds=3):
    """What it has warned of, once it has looked a few times."""
    wait_until(lambda: looks_of(service) >= rounds, f"{rounds} looks")
    return [line for line in world.log("discovery").splitlines() if "WARNING" in line]


def expect_one_line(world, texts, *arguments, **options):
    service = world.discovery("--period", "1", *arguments, **options)
    lines = warnings_of(world, service)
    world.end(service.process)
    (world.folder / "discovery.log").unlink()
    assert len(lines) == 1 and all(text in lines[0] for text in texts), f"one line with {texts}, not {lines}"


def with_networks(labels, **networks):
    return {"Id": "1" * 64, "Names": ["/db"], "State": "running", "Labels": {"com.aerospike.cluster": "blue", **labels},
            "NetworkSettings": {"Networks": {name: {"NetworkID": name, **place} for name, place in networks.items()}}}


MISTAKES = [
    (["the engine knows no network 'prodd'; it has dev, prod"], ["--network", "prodd"],
     {"networks": [{"Id": "p", "Name": "prod"}, {"Id": "d", "Name": "dev"}]}),
    (["its label com.aerospike.cluster has no value; give it"], [],
     {"containers/json": [with_networks({"com.aerospike.cluster": ""}, prod={"IPAddress": "127.0.0.1"})]}),
    (["is on the networks dev, prod; say which one by the label com.aerospike.network"], [],
     {"containers/json": [with_networks({}, prod={"IPAddress": "127.0.0.1"}, dev={"IPAddress": "127.0.1.1"})]}),
    (["has no address on network prod"], ["--network", "prod"],
     {"containers/json": [with_networks({}, dev={"IPAddress": "127.0.1.1"})], "networks": [{"Id": "prod", "Name": "prod"}]}),
    (["too new", "upgrade"], [], {"version": {"Version": "99", "ApiVersion": "1.99", "MinAPIVersion": "1.98"}}),
    (["too old", "upgrade"], [], {"version": {"Version": "1.9", "ApiVersion": "1.21"}}),
]


@test
def mistakes_of_people_get_one_clear_line(world):
    for texts, arguments, answers in MISTAKES:
        engine = Engine(answers)
        try:
            expect_one_line(world, texts, "--swarm-url", engine.url, *arguments)
        finally:
            engine.stop()


@test
def a_wrong_certificate_gets_one_clear_line(world):
    engine = tls_engine(world, [])
    try:
        expect_one_line(world, ["the server's certificate is not trusted", "give the authority that signed it"],
                        "--swarm-url", engine.url, "--swarm-tls-ca-cert", "other-ca.pem", "--swarm-tls-cert", "client.pem",
                        "--swarm-tls-key", "client-key.pem")
    finally:
        engine.stop()


@test
def an_unreadable_socket_gets_one_clear_line(world):
    path = world.folder / "docker.sock"
    expect_one_line(world, ["there is no such socket", "is the socket mounted"], "--swarm-url", f"unix://{path}")
    engine = Engine({}, path=path)
    path.chmod(0o600)
    world.folder.chmod(0o755)
    # The superuser may do everything: it is run by somebody else.
    options = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
    if not options:
        path.chmod(0o000)
    try:
        expect_one_line(world, ["no permission to use the socket", "--group-add"], "--swarm-url", f"unix://{path}",
                        binary=shutil.copy(BINARY, world.folder), **options)
    finally:
        engine.stop()


@test
def ipv6_alone_is_enough(world):
    node = world.mesh.start("::1", free_port())
    engine = Engine({"containers/json": [with_networks(
        {"com.aerospike.service-port": str(node.port)},
        prod={"IPAddress": "", "GlobalIPv6Address": "::1", "GlobalIPv6PrefixLen": 64})]})
    try:
        service = world.discovery("--period", "1", "--swarm-url", engine.url)
        service.wait_for_cluster(1)
        assert not warnings_of(world, service), world.log("discovery")
        assert f"([::1]:{node.port}) is ready" in world.log("discovery"), world.log("discovery")
    finally:
        engine.stop()
