"""A name server as Kubernetes has one for a headless service: a name with as many addresses as there are pods, and
SRV records with as many places."""

import socket
import struct
import threading

TYPE_A, TYPE_SRV, CLASS_IN = 1, 33, 1
NAME_ERROR = 3


class NameServer:
    """Answers by UDP until stop(). `zone` has the addresses of each full name, or (name, port) of its SRV records, and may
    change at any time."""

    def __init__(self, address, zone):
        self.zone = zone
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((address, 53))
        self.socket.settimeout(0.5)
        self.stopping = False
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def stop(self):
        self.stopping = True
        self.thread.join()
        self.socket.close()

    def _serve(self):
        while not self.stopping:
            try:
                query, client = self.socket.recvfrom(512)
                self.socket.sendto(self._answer(query), client)
            except OSError:
                pass

    def _answer(self, query):
        labels, at = [], 12
        while query[at]:
            labels.append(query[at + 1:at + 1 + query[at]].decode().lower())
            at += 1 + query[at]
        question = query[12:at + 5]
        kind = struct.unpack_from(">H", query, at + 1)[0]
        entries = self.zone.get(".".join(labels))
        found = [data for kind_of_it, data in map(_record, entries or []) if kind_of_it == kind]
        # The name in an answer points to the one in the question.
        records = b"".join(struct.pack(">HHHIH", 0xC00C, kind, CLASS_IN, 5, len(data)) + data for data in found)
        flags = 0x8180 | (NAME_ERROR if entries is None else 0)
        return query[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0) + question + records


def _record(entry):
    if isinstance(entry, str):
        return TYPE_A, socket.inet_aton(entry)
    name, port = entry
    labels = b"".join(bytes([len(label)]) + label.encode() for label in name.split("."))
    return TYPE_SRV, struct.pack(">HHH", 0, 1, port) + labels + b"\0"
