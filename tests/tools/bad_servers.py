"""Servers that are none: each listens on a free port of loopback until the program ends."""

import os
import socket
import threading
import time


def silent(connection):
    time.sleep(60)


def garbage(connection):
    connection.recv(64)
    connection.sendall(os.urandom(4096))


def web(connection):
    connection.recv(64)
    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")


def closing(connection):
    pass


def half(connection):
    """An info answer that announces more than ever comes."""
    connection.recv(64)
    connection.sendall(bytes([2, 1, 0, 0, 0, 0, 1, 0]) + b"node\t")
    time.sleep(60)


def start(behave):
    """The port it listens on."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(16)

    def serve(connection):
        try:
            with connection:
                behave(connection)
        except OSError:
            pass

    def accept():
        while True:
            connection, _ = listener.accept()
            threading.Thread(target=serve, args=(connection,), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def unused_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
