"""Connections: nobody is locked out by the idle ones of another."""

from __future__ import annotations

import socket
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
from server_support import eventually, serving
from serving import DEADLINE_SECONDS, serve

from airwaybill.server.connections import Connection, Crowd

# With so many descriptors there are 18 connections.
FEW = ("sh", "-c", 'ulimit -n 100; exec "$@"', "sh")


def connections(address: str, ports: range) -> list[Connection]:
    return [Connection(port, address, port) for port in ports]


MANY, SOME, ONE = connections("a", range(6)), connections("b", range(10, 13)), connections("c", range(20, 21))


@pytest.mark.parametrize(
    ("there", "idle", "used", "closed"),
    [
        # Eight of ten are taken, a half too many.
        ([*MANY, *ONE], [*MANY, *ONE], {}, 0),
        ([*MANY, *ONE, *SOME[:1]], MANY, {0: 3.0, 1: 1.0, 2: 2.0, 3: 4.0, 4: 5.0, 5: 6.0}, {1}),
        ([*MANY, *SOME, *ONE], [*MANY, *SOME, *ONE], {0: 3.0, 1: 1.0, 2: 2.0, 4: 5.0, 5: 6.0}, {3, 1, 2}),
        # What is never used goes first, and then what was not used for longest.
        ([*MANY, *SOME, *ONE], MANY[4:], {4: 5.0, 5: 6.0}, {4, 5}),
        # Of the address that has most, as long as it has most.
        ([*MANY, *SOME, *ONE], [*MANY[5:], *SOME], {10: 1.0, 11: 2.0, 12: 3.0}, {5, 10, 11}),
        ([*MANY, *SOME, *ONE], [], {}, 0),
        ([*MANY, *SOME, *connections("proxy", range(30, 40))], connections("proxy", range(30, 40)), {}, 0),
    ],
)
def test_whose_are_closed(
    there: list[Connection], idle: list[Connection], used: dict[int, float], closed: set[int] | int
) -> None:
    crowd = Crowd(socket.AF_INET, ("", 0), 10, lambda address: address == "proxy")
    assert {each.port for each in crowd.chosen(there, idle, used)} == (closed or set())


def connect(stack: ExitStack, port: int, source: str) -> socket.socket:
    stream = socket.create_connection(("127.0.0.1", port), timeout=DEADLINE_SECONDS, source_address=(source, 0))
    return stack.enter_context(stream)


def is_open(stream: socket.socket) -> bool:
    stream.setblocking(False)
    try:
        return stream.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionResetError:
        return False


def test_idle_connections_of_one_address_lock_nobody_out(root: Path, log: Path) -> None:
    with serving(root, log, command=(*FEW, *serve(root))) as server, ExitStack() as stack:
        few = [connect(stack, server.port, "127.0.0.3") for _ in range(2)]
        for stream in few:
            stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert stream.recv(15) == b"HTTP/1.1 200 OK"
            stream.recv(65536)
        many = [connect(stack, server.port, "127.0.0.2") for _ in range(30)]
        began = time.monotonic()
        other = connect(stack, server.port, "127.0.0.4")
        other.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        assert other.recv(15) == b"HTTP/1.1 200 OK"
        # Sooner than the server gives up on a request that does not come.
        assert time.monotonic() - began < 12
        assert all(map(is_open, few))
        eventually(lambda: sum(map(is_open, many)), lambda count: count <= 14)
        stack.close()
        assert server.stop() == 0


def test_a_trusted_proxy_may_have_as_many_as_it_likes(root: Path, log: Path) -> None:
    with (
        serving(root, log, command=(*FEW, *serve(root, "--trusted-proxy", "127.0.0.2"))) as server,
        ExitStack() as stack,
    ):
        many = [connect(stack, server.port, "127.0.0.2") for _ in range(16)]
        few = [connect(stack, server.port, "127.0.0.3") for _ in range(2)]
        eventually(lambda: sum(map(is_open, few)), lambda count: count == 0)
        assert all(map(is_open, many))
