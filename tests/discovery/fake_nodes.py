"""Nodes that speak only the info protocol, and form clusters as a mesh does: by tips, and by what their peers know.

All listen on 127.0.0.x with one service port, so that addresses tell them apart as containers' do.
"""

import socket
import struct
import threading

PORT = 3000
MESH_PORT = 3002
INFO = struct.pack(">BB", 2, 1)
SECURITY = struct.pack(">BB", 2, 2)
AUTHENTICATE, LOGIN = 0, 20
USER, CREDENTIAL, CLEAR_PASSWORD, TOKEN, TTL = 0, 3, 4, 5, 6
BAD_USER, BAD_PASSWORD, EXPIRED_SESSION = 60, 62, 66


class Security:
    """What nodes demand before they answer: a user with the hash of its password, or a certificate (`users` is None).

    `messages` are the commands and fields that arrived, in order, each with the node's address.
    """

    def __init__(self, users=None, clear_passwords=None, tls=None):
        self.users, self.clear_passwords, self.tls = users, clear_passwords, tls
        self.sessions, self.messages = set(), []

    def answer(self, host, body):
        """The code, and the fields of the reply."""
        command, fields = body[2], dict(self._fields(body))
        self.messages.append((host, command, fields))
        if command == AUTHENTICATE:
            return (0 if fields.get(TOKEN) in self.sessions else EXPIRED_SESSION), {}
        if self.users is not None:
            user = fields.get(USER, b"").decode()
            if user not in self.users:
                return BAD_USER, {}
            if self.users[user].encode() != fields.get(CREDENTIAL):
                return BAD_PASSWORD, {}
            if self.clear_passwords and self.clear_passwords[user].encode() != fields.get(CLEAR_PASSWORD):
                return BAD_PASSWORD, {}
        token = f"session {len(self.messages)}".encode()
        self.sessions.add(token)
        return 0, {TOKEN: token, TTL: struct.pack(">I", 86400)}

    @staticmethod
    def _fields(body):
        at = 16
        for _ in range(body[3]):
            size, name = struct.unpack_from(">IB", body, at)
            yield name, body[at + 5:at + 4 + size]
            at += 4 + size

    def count(self, command):
        return sum(1 for _, one, _ in self.messages if one == command)


def reply(code, fields):
    return bytes([0, code, 0, len(fields)]) + bytes(12) + b"".join(
        struct.pack(">IB", len(value) + 1, name) + value for name, value in fields.items())


class Mesh:
    """The nodes that are up, by address. Links come from seeds and last while both ends live."""

    def __init__(self):
        self.lock = threading.Lock()
        self.security = None
        self.nodes = {}

    def start(self, host, port=PORT):
        return FakeNode(self, host, port)

    def component(self, host):
        """Addresses of all that are linked with it, itself included."""
        found, rest = {host}, [host]
        while rest:
            at = rest.pop()
            for other in self.nodes:
                linked = other in self.nodes[at].seeds or at in self.nodes[other].seeds
                if other not in found and linked:
                    found.add(other)
                    rest.append(other)
        return sorted(found)


class FakeNode:
    """Listens until stop(). `commands` is what it was asked to do, tips and the like, in order."""

    def __init__(self, mesh, host, port):
        self.mesh, self.host, self.port = mesh, host, port
        self.seeds, self.commands = set(), []
        self.listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind((host, port))
        self.listener.listen(64)
        with mesh.lock:
            mesh.nodes[host] = self
        self.connections = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        with self.mesh.lock:
            self.mesh.nodes.pop(self.host, None)
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()
        for connection in list(self.connections):
            connection.close()

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        security = self.mesh.security
        may_ask = security is None
        try:
            if security and security.tls:
                connection = security.tls.wrap_socket(connection, server_side=True)
            stream = connection.makefile("rb")
            while len(header := stream.read(8)) == 8:
                body = stream.read(int.from_bytes(header[2:], "big"))
                with self.mesh.lock:
                    if header[1] == SECURITY[1]:
                        code, fields = security.answer(self.host, body) if security else (52, {})
                        may_ask |= code == 0
                        kind, answer = SECURITY, reply(code, fields)
                    else:
                        kind, answer = INFO, "".join(
                            f"{name}\t{self._answer(name) if may_ask else 'ERROR:80:not authenticated'}\n"
                            for name in body.decode().split("\n") if name).encode()
                connection.sendall(kind + len(answer).to_bytes(6, "big") + answer)
        except OSError:
            pass
        finally:
            self.connections.discard(connection)
            connection.close()

    def _answer(self, command):
        together = self.mesh.component(self.host)
        peers = [f"[N{host},,[{host}:{self.port}]]" for host in together if host != self.host]
        name, _, rest = command.partition(":")
        fields = dict(part.split("=", 1) for part in rest.split(";") if "=" in part)
        if name in ("tip", "tip-clear", "services-alumni-reset"):
            self.commands.append(command)
        if name == "tip":
            self.seeds.add(fields["host"])
            return "ok"
        if name == "tip-clear":
            host = fields["host-port-list"].rsplit(":", 1)[0]
            known = host in self.seeds
            self.seeds.discard(host)
            return "ok" if known else "ERROR::0 cleared, 1 not found"
        return {
            "status": "ok", "node": "N" + self.host, "build": "8.1.2.0", "cluster-name": "fake",
            "statistics": f"cluster_size={len(together)};cluster_key=K{together[0]};"
                          f"cluster_principal=N{together[-1]};cluster_integrity=true",
            **{f"{what}-{way}-std": f"1,{self.port},[{','.join(peers)}]"
               for what in ("peers", "alumni") for way in ("clear", "tls")},
            "get-config": ";".join(f"heartbeat.mesh-seed-address-port={host}:{MESH_PORT}" for host in self.seeds),
            "services-alumni-reset": "ok",
        }.get(name, "ERROR:4:unrecognized command")
