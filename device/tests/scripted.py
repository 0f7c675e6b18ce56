"""A server that plays a part: for each connection a list of steps, each done when one more request has come."""

from __future__ import annotations

import select
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

Step = "bytes | Callable[[socket.socket], None]"


def hang(connection: socket.socket) -> None:
    """Says nothing, until the device hangs up."""
    while connection.recv(4096):
        pass


def reset(connection: socket.socket) -> None:
    """RST, once what was sent has been read or is on its way."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    raise ConnectionResetError


def finish(connection: socket.socket) -> None:
    """FIN, so that what was sent does arrive: closed with requests unread, the system would send an RST."""
    connection.shutdown(socket.SHUT_WR)
    hang(connection)


def drip(connection: socket.socket) -> None:
    """A byte every 50 ms, until the device hangs up."""
    while not select.select([connection], [], [], 0.05)[0]:
        connection.sendall(b"x")


def response(body: bytes = b"", *lines: str, status: str = "200 OK", length: bool = True) -> bytes:
    head = [f"HTTP/1.1 {status}", *lines] + ([f"Content-Length: {len(body)}"] if length else [])
    return "".join(line + "\r\n" for line in head).encode() + b"\r\n" + body


class Scripted:
    """`port`, and `requests`: for each connection the heads that have come, the connections in order."""

    def __init__(self, connections: list[list], context: ssl.SSLContext | None, host: str) -> None:
        self.connections = connections
        self.context = context
        self.requests: list[list[str]] = []
        self.listener = socket.create_server((host, 0), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
        self.port: int = self.listener.getsockname()[1]
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self) -> None:
        for steps in self.connections:
            try:
                connection, _ = self.listener.accept()
            except OSError:  # closed: the device came less often
                return
            asked: list[str] = []
            self.requests.append(asked)
            try:
                with connection:
                    if self.context:
                        connection = self.context.wrap_socket(connection, server_side=True)
                    with connection, connection.makefile("rb", buffering=0) as stream:
                        self._play(steps, connection, stream, asked)
            except OSError:  # the device hung up, or reset() is played
                pass

    def _play(self, steps: list, connection: socket.socket, stream: object, asked: list[str]) -> None:
        for step in steps:
            lines = []
            while line := stream.readline():  # type: ignore[attr-defined]
                if line == b"\r\n":
                    break
                lines.append(line.decode("latin-1").rstrip("\r\n"))
            if not lines:
                return
            asked.append("\n".join(lines))
            if callable(step):
                step(connection)
            else:
                connection.sendall(step)


@contextmanager
def scripted(*connections: list, context: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> Iterator[Scripted]:
    server = Scripted(list(connections), context, host)
    try:
        yield server
    finally:
        server.listener.shutdown(socket.SHUT_RDWR)
        server.listener.close()
        server.thread.join(10)
        assert not server.thread.is_alive()


def then(*steps: Callable[[socket.socket], None] | bytes) -> Callable[[socket.socket], None]:
    """Several steps after one request."""

    def play(connection: socket.socket) -> None:
        for step in steps:
            if callable(step):
                step(connection)
            else:
                connection.sendall(step)

    return play
