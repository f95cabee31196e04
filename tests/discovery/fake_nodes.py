"""Nodes that speak only the info protocol, and form clusters as a mesh does: by tips, and by what their peers know.

All listen on 127.0.0.x with one service port, so that addresses tell them apart as containers' do.
"""

import socket
import struct
import threading

PORT = 3000
MESH_PORT = 3002
INFO = struct.pack(">BB", 2, 1)


class Mesh:
    """The nodes that are up, by address. Links come from seeds and last while both ends live."""

    def __init__(self):
        self.lock = threading.Lock()
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
        self.listener = socket.socket()
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
        try:
            while True:
                header = connection.recv(8, socket.MSG_WAITALL)
                if len(header) < 8:
                    break
                size = int.from_bytes(header[2:], "big")
                body = connection.recv(size, socket.MSG_WAITALL).decode() if size else ""
                with self.mesh.lock:
                    text = "".join(f"{name}\t{self._answer(name)}\n" for name in body.split("\n") if name)
                connection.sendall(INFO + len(text).to_bytes(6, "big") + text.encode())
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
            "peers-clear-std": f"1,{self.port},[{','.join(peers)}]",
            "alumni-clear-std": f"1,{self.port},[{','.join(peers)}]",
            "get-config": ";".join(f"heartbeat.mesh-seed-address-port={host}:{MESH_PORT}" for host in self.seeds),
            "services-alumni-reset": "ok",
        }.get(name, "ERROR:4:unrecognized command")
