"""Puts, gets, operates on, batch-reads, and queries twenty records through the official Python client."""

import sys

import aerospike
from aerospike_helpers.operations import operations

NAMESPACE, SET, RECORDS = "test", "smoke_python", 20


def text(i):
    return f"text {i}"


def want(what, got, wanted):
    if got != wanted:
        sys.exit(f"{what}: got {got!r}, want {wanted!r}")


def put(client):
    keys = [(NAMESPACE, SET, i) for i in range(RECORDS)]
    for i, key in enumerate(keys):
        client.put(key, {"n": i, "s": text(i)})
    return keys


def get(client, key):
    want("get", client.get(key)[2], {"n": 7, "s": text(7)})


def operate(client, key):
    ops = [operations.increment("n", 5), operations.append("s", "!"), operations.read("n"), operations.read("s")]
    want("operate", client.operate(key, ops)[2], {"n": 12, "s": text(7) + "!"})


def batch(client, keys):
    for i, found in enumerate(client.batch_read(keys).batch_records):
        want("batch result", found.result, 0)
        want("batch", found.record[2]["n"], 12 if i == 7 else i)


def scan(client):
    want("scan", len(client.query(NAMESPACE, SET).results()), RECORDS)


def main():
    client = aerospike.client({"hosts": [("127.0.0.1", int(sys.argv[1]))]}).connect()
    keys = put(client)
    get(client, keys[7])
    operate(client, keys[7])
    batch(client, keys)
    scan(client)
    client.close()
    print("smoke python: ok")


main()
