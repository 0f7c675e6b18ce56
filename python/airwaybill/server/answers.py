"""What every answer has in common: errors as JSON, HTTP/1.0 framing, and the bytes kept in memory."""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Hashable, Iterable
from typing import NamedTuple

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

Header = tuple[bytes, bytes]

REASONS = {
    200: "OK",
    206: "Partial Content",
    304: "Not Modified",
    307: "Temporary Redirect",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    412: "Precondition Failed",
    416: "Range Not Satisfiable",
    500: "Internal Server Error",
    503: "Service Unavailable",
}

# What one kept body takes besides its bytes.
ENTRY_BYTES = 1024

# H5: the vendor's client reads in steps of this many bytes.
STEP = 100
PIECE = 128 * 1024
# What the server puts into the header block by itself; the date has a fixed length.
SERVER_LINES = len(b"server: granian\r\n") + len(b"date: Mon, 23 Nov 2026 12:11:06 GMT\r\n")


class RequestError(Exception):
    """A request that gets an error document: ``{"code": …, "message": …}`` under ``status``."""

    def __init__(self, status: int, code: str, message: str, headers: Iterable[Header] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = tuple(headers)


class Entity(NamedTuple):
    """A body kept in memory, and its validators.

    ``modified`` is in seconds since the epoch, or None where no time applies.
    """

    data: bytes
    etag: str
    modified: float | None


class EntityCache:
    """The entities used last, together at most ``limit`` bytes."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._entities: OrderedDict[Hashable, Entity] = OrderedDict()

    def get(self, key: Hashable) -> Entity | None:
        entity = self._entities.get(key)
        if entity is not None:
            self._entities.move_to_end(key)
        return entity

    def put(self, key: Hashable, entity: Entity) -> None:
        """Keeps ``entity``, and drops those not used for longest; one larger than the limit is not kept."""
        old = self._entities.pop(key, None)
        if old is not None:
            self._size -= _weight(old)
        if _weight(entity) > self._limit:
            return
        self._entities[key] = entity
        self._size += _weight(entity)
        while self._size > self._limit:
            _, dropped = self._entities.popitem(last=False)
            self._size -= _weight(dropped)


def _weight(entity: Entity) -> int:
    """Bytes that keeping it takes: most answers are short, and their keys are not."""
    return len(entity.data) + ENTRY_BYTES


class Answer(Response):
    """A whole answer in memory, with ``headers`` as they are sent: ``finish`` has been over them."""

    def __init__(self, status: int, headers: Iterable[Header], body: bytes = b"") -> None:
        self.status_code = status
        self.body = body
        self._headers_as_sent = tuple(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": [*self._headers_as_sent]})
        await send_body(send, b"" if scope["method"] == "HEAD" else bytes(self.body))


async def send_body(send: Send, body: bytes) -> None:
    """Sends a body in pieces: the server copies each, and takes the next when the client has taken the last."""
    rest = 0
    while len(body) - rest > PIECE:
        await send({"type": "http.response.body", "body": body[rest : rest + PIECE], "more_body": True})
        rest += PIECE
    await send({"type": "http.response.body", "body": body[rest:] if rest else body})


def json_answer(scope: Scope, status: int, document: object, headers: Iterable[Header] = ()) -> Answer:
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    described = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        *headers,
    ]
    return Answer(status, finish(scope, status, described), body)


def error_answer(scope: Scope, error: RequestError) -> Answer:
    return json_answer(scope, error.status, {"code": error.code, "message": error.message}, error.headers)


def finish(scope: Scope, status: int, headers: Iterable[Header]) -> tuple[Header, ...]:
    """The headers as sent. H5: under HTTP/1.0 the header block's length becomes a multiple of 100 bytes."""
    block = tuple(headers)
    # granian calls HTTP/1.0 "1", the ASGI specification "1.0".
    if scope["http_version"] not in ("1", "1.0"):
        return block
    # Where the client asks to keep the connection, hyper would put a keep-alive of its own into our `close`, in one
    # version instead of it, in another after it. One that is there already it leaves alone; `close` still counts.
    block += ((b"connection", b"close, keep-alive" if _asks_keep_alive(scope) else b"close"),)
    length = len(f"HTTP/1.0 {status} {REASONS[status]}\r\n") + SERVER_LINES + len(b"\r\n")
    length += sum(len(name) + len(value) + len(b": \r\n") for name, value in block)
    # At least one byte of padding, so that the header is never an empty one.
    padding = -(length + len(b"x-pad: -\r\n")) % STEP
    return (*block, (b"x-pad", b"-" * (1 + padding)))


def _asks_keep_alive(scope: Scope) -> bool:
    tokens = b",".join(value for name, value in scope["headers"] if name == b"connection").split(b",")
    return any(token.strip().lower() == b"keep-alive" for token in tokens)
