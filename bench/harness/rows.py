"""The rows of the comparison: what is asked, how, and which figure is aimed at."""

from dataclasses import dataclass

# Bytes of the replies in question: header and message header; a get adds one operation with a bin named "b".
PUT_REPLY = 30
GET_REPLY = PUT_REPLY + 9
BATCH_ROWS = 100


@dataclass(frozen=True)
class Row:
    title: str
    operation: str
    connections: int = 64
    in_flight: int = 1
    requests: int = 150_000
    echo_connections: int = 64
    echo_requests: int = 150_000
    target: float | None = None  # Ratio to the echo server; none: reported only.
    per: str = "request"
    takes_rivals: bool = True

    def echo_bytes(self, value_bytes):
        return PUT_REPLY if self.operation == "put" else GET_REPLY + value_bytes


# The divisor of every row is the echo server with one request in flight on each connection, and the sizes of the row's
# operation (those of a get for batch and query).
ROWS = [
    Row("get, 64 connections", "get", target=1.25),
    Row("put, 64 connections", "put", target=1.35),
    Row("get, 256 connections", "get", connections=256, echo_connections=256, target=1.4),
    Row("put, 256 connections", "put", connections=256, echo_connections=256, target=1.5),
    Row("get, 64 connections, 16 in flight", "get", in_flight=16, requests=400_000, target=0.15),
    Row("put, 64 connections, 16 in flight", "put", in_flight=16, requests=400_000, target=0.15),
    Row("batch of 100 reads, 64 connections, per record", "batch", requests=10_000, target=0.09, per="record"),
    Row("full query, 1 connection, per record", "query", connections=1, requests=1, target=0.08,
        per="record", takes_rivals=False),
    Row("get, 1 connection", "get", connections=1, requests=30_000, echo_connections=1, echo_requests=30_000),
    Row("put, 1 connection", "put", connections=1, requests=30_000, echo_connections=1, echo_requests=30_000),
]
