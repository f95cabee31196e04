"""Nodes that do not talk to everybody: logins and TLS."""

import socket
import subprocess
import threading

from fake_nodes import AUTHENTICATE, CLEAR_PASSWORD, LOGIN, USER, Security
from harness import Certificates, test, wait_until


PASSWORD = "one of eight words"


def expect_refusal(world, text, *arguments):
    """Of a service that goes on, and says why no member is ready."""
    service = world.discovery("--file", world.folder / "members", *arguments)

    def is_said_of_all():
        members = [member for cluster in service.plugin()["clusters"] for member in cluster["members"]]
        return members and all(text in member["why_not"] for member in members)
    wait_until(is_said_of_all, text)
    world.end(service.process)


def list_members(world, nodes):
    (world.folder / "members").write_text("".join(f"- {node.host}:{node.port}\n" for node in nodes))


def hashed(password):
    """As clients send it, by another program than ours."""
    return subprocess.run(["python3", "-W", "ignore", "-c", "import crypt, sys; print(crypt.crypt(*sys.argv[1:]))", password,
                           "$2a$10$7EqJtq98hPqEX7fNZaFWoO"], check=True, capture_output=True, text=True).stdout.strip()


@test
def nodes_that_demand_a_login_get_one(world):
    world.mesh.security = security = Security(users={"keeper": hashed(PASSWORD)})
    nodes = world.nodes(3)
    list_members(world, nodes)
    (world.folder / "password").write_text(PASSWORD + "\n")
    (world.folder / "wrong").write_text("another\n")
    expect_refusal(world, "wants a login; give --node-user")
    expect_refusal(world, "refuses the password of user 'keeper'", "--node-user", "keeper", "--node-password-file", "wrong")
    expect_refusal(world, "knows no user 'thief'", "--node-user", "thief", "--node-password-file", "password")
    assert not any(node.commands for node in nodes), "it was told something by a stranger"
    before = security.count(LOGIN)
    service = world.discovery("--file", "members", "--node-user", "keeper", "--node-password-file", "password", "--period",
                              "1")
    service.wait_for_cluster(3)
    wait_until(lambda: security.count(AUTHENTICATE) > 6, "later connections show the session's token")
    assert security.count(LOGIN) - before == len(nodes), "one login a node is enough"
    security.sessions.clear()
    wait_until(lambda: security.count(LOGIN) - before == 2 * len(nodes), "a node that forgot the session gets another login")
    service.wait_for_cluster(3)
    assert not any(CLEAR_PASSWORD in fields for _, _, fields in security.messages), "the password itself was sent"


class Babbler:
    """Sends the bytes to whoever connects, and listens for ever."""

    def __init__(self, sent):
        self.host, self.sent, self.open = "127.0.0.1", sent, []
        self.listener = socket.create_server((self.host, 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.open.append(connection)
            connection.sendall(self.sent)

    def stop(self):
        self.listener.close()


@test
def what_is_no_node_is_left_alone_with_a_word(world):
    cases = {"does not answer in time": b"", "does not answer as a node does": b"HTTP/1.1 400 Bad Request\r\n\r\n",
             "its answer is larger than 16 MiB": bytes([2, 1, 0, 0, 1, 0, 0, 1]) + b"x" * 1000}
    for text, sent in cases.items():
        babbler = Babbler(sent)
        list_members(world, [babbler])
        expect_refusal(world, text)
        babbler.stop()


@test
def nodes_without_security_need_no_login(world):
    nodes = world.nodes(2)
    list_members(world, nodes)
    world.discovery("--file", "members", "--node-user", "keeper", "--node-password", PASSWORD).wait_for_cluster(2)


@test
def nodes_over_tls_are_verified_both_ways(world):
    certificates = Certificates(world.folder)
    certificates.authority("ca")
    certificates.authority("other-ca")
    certificates.certificate("server", "ca", "DNS:db.example")
    certificates.certificate("client", "ca")
    world.mesh.security = security = Security(users={"keeper": hashed(PASSWORD)}, clear_passwords={"keeper": PASSWORD},
                                              tls=certificates.context())
    nodes = world.nodes(2)
    list_members(world, nodes)
    (world.folder / "password").write_text(PASSWORD)
    name = ["--node-tls-name", "db.example"]
    ours = ["--node-tls-cert", "client.pem", "--node-tls-key", "client-key.pem"]
    login = ["--node-auth", "external", "--node-user", "keeper", "--node-password-file", "password"]
    trusted = ["--node-tls-ca-cert", "ca.pem"]
    expect_refusal(world, "its certificate is not trusted", "--node-tls-ca-cert", "other-ca.pem", *name, *ours, *login)
    expect_refusal(world, "its certificate is not trusted", *trusted, *ours, *login)
    expect_refusal(world, "does it want a client certificate", *trusted, *name, *login)
    expect_refusal(world, "does not answer")
    assert not security.messages, "a login was sent to somebody who is not trusted"
    world.discovery("--file", "members", "--mesh-tls", *trusted, *name, *ours, *login).wait_for_cluster(2)
    tips = [command for node in nodes for command in node.commands if command.startswith("tip:")]
    assert tips and all(";tls=true" in tip for tip in tips), tips


@test
def nodes_may_know_us_by_our_certificate_alone(world):
    certificates = Certificates(world.folder)
    certificates.authority("ca")
    certificates.certificate("server", "ca", "DNS:db.example")
    certificates.certificate("client", "ca")
    world.mesh.security = security = Security(tls=certificates.context())
    nodes = world.nodes(2)
    list_members(world, nodes)
    world.discovery("--file", "members", "--node-tls-ca-cert", "ca.pem", "--node-tls-name", "db.example", "--node-tls-cert",
                    "client.pem", "--node-tls-key", "client-key.pem", "--node-auth", "pki", "--period",
                    "1").wait_for_cluster(2)
    assert {command for _, command, _ in security.messages} == {LOGIN, AUTHENTICATE}, security.messages
    assert not any(USER in fields for _, _, fields in security.messages), security.messages
