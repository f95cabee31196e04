"""A name server as Kubernetes has one for a headless service: one name, as many addresses as there are pods."""

import socket
import struct
import threading

TYPE_A, CLASS_IN = 1, 1
NAME_ERROR = 3


class NameServer:
    """Answers by UDP until stop(). `zone` is the addresses of each full name, and may change at any time."""

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
        addresses = self.zone.get(".".join(labels))
        found = addresses if addresses and kind == TYPE_A else []
        # The name in an answer points to the one in the question.
        records = b"".join(struct.pack(">HHHIH", 0xC00C, TYPE_A, CLASS_IN, 5, 4) + socket.inet_aton(one) for one in found)
        flags = 0x8180 | (NAME_ERROR if addresses is None else 0)
        return query[:2] + struct.pack(">HHHHH", flags, 1, len(found), 0, 0) + question + records
