"""The header block of HTTP/1.0 responses (rule H5)."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable
from http import HTTPStatus

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airwaybill.server.answers import Header

# As hyper writes them. Python's phrase for 416 was an older RFC's until 3.13.
REASONS = {**{status.value: status.phrase for status in HTTPStatus}, 416: "Range Not Satisfiable"}
# H5: the vendor's client reads in steps of this many bytes.
STEP = 100
# What the server adds to the header block; the date has a fixed length.
SERVER_LINES = len(b"server: granian\r\n") + len(b"date: Mon, 23 Nov 2026 12:11:06 GMT\r\n")


class Framing:
    """Middleware: frames HTTP/1.0 responses.

    The header block's length is a multiple of 100, and the connection closes, unless the request asks to keep it.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # granian calls HTTP/1.0 "1", the ASGI specification "1.0".
        if scope["http_version"] not in ("1", "1.0"):
            await self._app(scope, receive, send)
            return

        def framing_send(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                headers = _framed(scope, message["status"], message.get("headers", ()))
                message = {**message, "headers": headers}
            return send(message)

        await self._app(scope, receive, framing_send)


def _framed(scope: Scope, status: int, headers: Iterable[Header]) -> list[Header]:
    block = [*headers, (b"connection", b"keep-alive" if _asks_keep_alive(scope) else b"close")]
    length = len(f"HTTP/1.0 {status} {REASONS[status]}\r\n") + SERVER_LINES + len(b"\r\n")
    length += sum(len(name) + len(value) + len(b": \r\n") for name, value in block)
    # At least one byte of padding, so that the header is never empty.
    padding = -(length + len(b"x-pad: -\r\n")) % STEP
    return [*block, (b"x-pad", b"-" * (1 + padding))]


def _asks_keep_alive(scope: Scope) -> bool:
    tokens = b",".join(value for name, value in scope["headers"] if name == b"connection").split(b",")
    return any(token.strip().lower() == b"keep-alive" for token in tokens)
