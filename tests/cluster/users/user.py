"""Carries out lines as user.go describes them, with the official Python client and its default policies."""

import queue
import sys
import threading

import aerospike
from aerospike import exception

output = threading.Lock()


def say(text):
    with output:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()


def carry_out(client, words):
    what, key = words[0], (namespace, words[1], int(words[2]))
    if what == "put":
        client.put(key, {"v": int(words[3]), "p": words[4]})
    elif what == "remove":
        client.remove(key)
    elif what == "add":
        client.increment(key, "n", 1)
    elif what == "get":
        bins = client.get(key)[2]
        return f"found {bins.get('v', -1)} {bins.get('p', '-')}"
    return "done"


def ending(error):
    """A client that does not say whether it is in doubt is, when time ran out or a connection broke."""
    doubt = getattr(error, "in_doubt", False) or error.code < 0 or error.code == 9
    return f"{'doubt' if doubt else 'refused'} {error.code} {str(error.msg)[:160]}".replace("\n", " ")


def work(client, lines):
    while True:
        words = lines.get().split()
        try:
            answer = carry_out(client, words[1:])
        except exception.RecordNotFound:
            answer = "none"
        except exception.AerospikeError as error:
            answer = ending(error)
        say(f"{words[0]} {answer}")


namespace, threads = sys.argv[1], int(sys.argv[2])
seeds = [(host, int(port)) for host, port in (seed.rsplit(":", 1) for seed in sys.argv[3].split(","))]
client = aerospike.client({"hosts": seeds}).connect()
lines = queue.SimpleQueue()
for _ in range(threads):
    threading.Thread(target=work, args=(client, lines), daemon=True).start()
say("ready")
for line in sys.stdin:
    lines.put(line)
