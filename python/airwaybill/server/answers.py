"""Common to all responses: bodies sent in pieces, and errors as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable

from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

Header = tuple[bytes, bytes]

PIECE = 128 * 1024


class RequestError(Exception):
    """Answers a request with ``status`` and ``{"code": …, "message": …}``."""

    def __init__(self, status: int, code: str, message: str, headers: Iterable[Header] = ()) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = tuple(headers)


class Answer(Response):
    """A response in memory, with exactly the given ``headers``.

    The body is sent in pieces, and not at all to a HEAD request, which still gets its length.
    """

    def __init__(self, status: int, headers: Iterable[Header], body: bytes = b"") -> None:
        super().__init__(body, status)
        self.raw_headers = list(headers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send_body(send, b"" if scope["method"] == "HEAD" else bytes(self.body))
        if self.background is not None:
            await self.background()


class Methods:
    """Middleware: allows only GET and HEAD (rule H6)."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["method"] in ("GET", "HEAD"):
            await self._app(scope, receive, send)
            return
        message = f"{scope['method'][:40]} is not supported, only GET and HEAD are"
        refusal = RequestError(405, "method_not_allowed", message, [(b"allow", b"GET, HEAD")])
        await error_answer(refusal)(scope, receive, send)


async def send_body(send: Send, body: bytes) -> None:
    """Sends a body in pieces: the server copies each, and takes the next one when the client has received it."""
    rest = 0
    while len(body) - rest > PIECE:
        await send({"type": "http.response.body", "body": body[rest : rest + PIECE], "more_body": True})
        rest += PIECE
    await send({"type": "http.response.body", "body": body[rest:] if rest else body})


def json_answer(status: int, document: object, headers: Iterable[Header] = ()) -> Answer:
    body = json.dumps(document, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"
    described = [
        (b"content-type", b"application/json"),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
        *headers,
    ]
    return Answer(status, described, body)


def error_answer(error: RequestError) -> Answer:
    return json_answer(error.status, {"code": error.code, "message": error.message}, error.headers)
