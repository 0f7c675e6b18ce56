"""A bad link: a TCP proxy before the real server that does one kind of harm, on some of the responses."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Harm = Callable[["Link", bytes], Iterator[bytes]]


class Closed(Exception):
    pass


class Link:
    """One connection's responses on their way to the device."""

    def __init__(self, client: socket.socket, draw: random.Random) -> None:
        self.client = client
        self.draw = draw
        self.sent = 0  # for a harm that counts

    def reset(self) -> None:
        """RST instead of FIN."""
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Closed

    def close(self) -> None:
        """FIN, so that what was sent does arrive: closed with requests unread, the system would send an RST."""
        self.client.shutdown(socket.SHUT_WR)
        while self.client.recv(4096):
            pass
        raise Closed


class Proxy:
    """Answers each request by what the server says, after `harm` has had its way with it.

    `harm` gets the whole response and yields what goes to the device, piece by piece.
    """

    def __init__(self, port: int, harm: Harm, seed: int) -> None:
        self.upstream = port
        self.harm = harm
        self.draw = random.Random(seed)
        self.requests: list[bytes] = []
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.stopped = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.connections += 1
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        link = Link(client, self.draw)
        try:
            with client, socket.create_connection(("127.0.0.1", self.upstream)) as server:
                requests = client.makefile("rb")
                responses = server.makefile("rb")
                while request := _head(requests):
                    self.requests.append(request)
                    server.sendall(request)
                    response = _head(responses)
                    length = int(_header(response, b"content-length") or 0)
                    for piece in self.harm(link, response + responses.read(length)):
                        client.sendall(piece)
        except (Closed, OSError):
            pass

    def close(self) -> None:
        self.listener.close()


def _head(stream: object) -> bytes:
    lines = b""
    while line := stream.readline():  # type: ignore[attr-defined]
        lines += line
        if line == b"\r\n":
            return lines
    return b""


def _header(head: bytes, name: bytes) -> bytes | None:
    for line in head.split(b"\r\n"):
        key, _, value = line.partition(b":")
        if key.lower() == name:
            return value.strip()
    return None


@contextmanager
def proxied(port: int, harm: Harm, seed: int) -> Iterator[Proxy]:
    proxy = Proxy(port, harm, seed)
    try:
        yield proxy
    finally:
        proxy.close()


# What can happen to a response. Each leaves most alone, so that an update gets through in its tries.


def nothing(_: Link, response: bytes) -> Iterator[bytes]:
    yield response


def delays(link: Link, response: bytes) -> Iterator[bytes]:
    cut = link.draw.randrange(len(response))
    yield response[:cut]
    time.sleep(link.draw.uniform(0, 0.02))
    yield response[cut:]


def cuts(link: Link, response: bytes) -> Iterator[bytes]:
    if link.draw.random() < 0.3:
        yield response[: link.draw.randrange(len(response))]
        link.close()
    yield response


def resets(link: Link, response: bytes) -> Iterator[bytes]:
    if link.draw.random() < 0.3:
        yield response[: link.draw.randrange(len(response))]
        link.reset()
    yield response


def corrupts(link: Link, response: bytes) -> Iterator[bytes]:
    if link.draw.random() < 0.3:
        at = link.draw.randrange(len(response))
        response = response[:at] + bytes([response[at] ^ (1 << link.draw.randrange(8))]) + response[at + 1 :]
    yield response


def corrupts_bodies(link: Link, response: bytes) -> Iterator[bytes]:
    start = response.index(b"\r\n\r\n") + 4
    if link.draw.random() < 0.4 and start < len(response):
        at = link.draw.randrange(start, len(response))
        response = response[:at] + bytes([response[at] ^ (1 << link.draw.randrange(8))]) + response[at + 1 :]
    yield response


def truncates(link: Link, response: bytes) -> Iterator[bytes]:
    """Less than Content-Length says, and the connection stays open."""
    if link.draw.random() < 0.2:
        yield response[: len(response) - link.draw.randrange(1, 20)]
        return
    yield response


def says_500(link: Link, response: bytes) -> Iterator[bytes]:
    if link.draw.random() < 0.3:
        yield b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\noops\n"
        return
    yield response


def always_500(_: Link, __: bytes) -> Iterator[bytes]:
    yield b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\noops\n"


def drips(_: Link, response: bytes) -> Iterator[bytes]:
    """One byte a second; here a second is a twentieth of one, as the device's time-out is."""
    for at in range(len(response)):
        yield response[at : at + 1]
        time.sleep(0.05)
