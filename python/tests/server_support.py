"""A running server and the ways to ask it, for the tests of server and command line."""

from __future__ import annotations

import asyncio
import http.client
import json
import re
import signal
import socket
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any, NamedTuple

from serving import DEADLINE_SECONDS, ServerProcess, serve, started
from starlette.types import Message

from airwaybill.server import App

REPORTED = re.compile("serving |airwaybill: (devices get|offered|withdrawn|held back|warning|error): ")


class Reply(NamedTuple):
    """An answer: header names in lower case, the body whole."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Server:
    """A server process on a port of its own; ``said`` has the lines of its standard error, all when it has ended."""

    def __init__(self, running: ServerProcess, log: Path) -> None:
        self.process = running.process
        self.port = running.port
        self.said = running.said
        self.log = log
        self._running = running

    def get(
        self, path: str, headers: Mapping[str, str] | None = None, method: str = "GET", body: bytes | None = None
    ) -> Reply:
        with self.client() as connection:
            connection.request(method, path, body=body, headers=dict(headers or {}))
            return read_reply(connection.getresponse())

    def client(self) -> closing[http.client.HTTPConnection]:
        """A connection that stays open from one request to the next, closed at the end of the ``with``."""
        return closing(http.client.HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_SECONDS))

    def raw(self, request: bytes) -> bytes:
        """All that comes back on one connection until the server closes it."""
        with self.connect() as stream:
            with suppress(BrokenPipeError, ConnectionResetError):
                stream.sendall(request)
            received = bytearray()
            with suppress(ConnectionResetError):
                while piece := stream.recv(65536):
                    received += piece
            return bytes(received)

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=DEADLINE_SECONDS)

    def health(self) -> dict[str, Any]:
        found: dict[str, Any] = self.get("/healthz").json()
        return found

    def wait(self, condition: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
        """Asks for the health until ``condition`` holds of it."""
        health: dict[str, Any] = eventually(self.health, condition)
        return health

    @property
    def complaints(self) -> list[str]:
        """What it said besides that it serves, and what."""
        return [line for line in self.said if not REPORTED.match(line)]

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        return self._running.end(signal.SIGTERM)


async def ask(app: App, path: str, headers: Mapping[str, str] | None = None, send_seconds: float = 0.0) -> Reply:
    """An answer of an application in this process, which waits so long in each ``send``; ``path`` may have a query."""
    path, _, query = path.partition("?")
    start: Message = {}
    body = bytearray()

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        await asyncio.sleep(send_seconds)
        start.update(message if message["type"] == "http.response.start" else {})
        body.extend(message.get("body", b""))

    scope = {
        "type": "http",
        "method": "GET",
        "http_version": "1.1",
        "path": path,
        "query_string": query.encode(),
        "headers": [[name.encode(), value.encode()] for name, value in {"host": "a", **(headers or {})}.items()],
    }
    await app(scope, receive, send)
    answered = {name.decode(): value.decode("latin-1") for name, value in start["headers"]}
    return Reply(start["status"], answered, bytes(body))


def eventually(look: Callable[[], Any], condition: Callable[[Any], object]) -> Any:
    """What ``look`` gives once ``condition`` holds of it; fails after a deadline."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        found = look()
        if condition(found):
            return found
        assert time.monotonic() < deadline, f"still {found}"
        time.sleep(0.02)


def read_reply(response: http.client.HTTPResponse) -> Reply:
    with response:
        body = response.read()
    return Reply(response.status, {name.lower(): value for name, value in response.getheaders()}, body)


def split(answer: bytes) -> Reply:
    """The bytes of one answer as a ``Reply``."""
    head, _, body = answer.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    return Reply(int(status.split(" ")[1]), headers, body)


@contextmanager
def serving(
    root: Path, log: Path, *options: str, command: Sequence[str] | None = None, env: Mapping[str, str] | None = None
) -> Iterator[Server]:
    """A server for ``root`` with the given options, ended afterwards."""
    with log.open("wb") as out, started(command or serve(root, *options), stdout=out, env=env) as running:
        yield Server(running, log)
