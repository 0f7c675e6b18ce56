"""Pages of other origins that read what is sent, and show the release preview (rule H13)."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Iterable, Sequence

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airwaybill import AirwaybillError
from airwaybill._host import host_and_port, shown
from airwaybill.server.answers import Answer, Header
from airwaybill.server.conditions import RequestHeaders

# As browsers write them: any other text would never be that of a page.
ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9._-]+)(?::(?P<port>[1-9][0-9]*))?")
USUAL_PORTS = {"http": "80", "https": "443"}
# What the page asks with, and what it reads, that CORS does not allow by itself.
PREFLIGHT: tuple[Header, ...] = (
    (b"access-control-allow-methods", b"GET, HEAD"),
    (b"access-control-allow-headers", b"if-none-match"),
    (b"access-control-max-age", b"86400"),
    (b"vary", b"origin"),
)
EXPOSED: Header = (b"access-control-expose-headers", b"etag")


def check_origin(origin: str) -> str:
    """``origin`` if it is one as browsers write it, else ``AirwaybillError``."""
    match = ORIGIN.fullmatch(origin)
    try:
        if match is not None and match["port"] != USUAL_PORTS[match["scheme"]]:
            host_and_port(origin.partition("://")[2], "embed origin")
            return origin
    except AirwaybillError:
        pass
    rule = "an origin as browsers write it, http or https, in lower case, without a path and without the usual port"
    raise AirwaybillError(
        "origin_invalid",
        f"embed origin {shown(origin)}: expected {rule}, such as https://tools.example or http://localhost:5173",
    )


def frame_ancestors(origins: Sequence[str]) -> str:
    """Who may show the page in a frame, for its security policy."""
    return "frame-ancestors " + (" ".join(origins) or "'none'")


class Embedding:
    """Middleware: pages of ``origins`` may read answers (CORS)."""

    def __init__(self, app: ASGIApp, origins: Iterable[str]) -> None:
        self._app = app
        self._origins = {origin.encode() for origin in origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = (RequestHeaders(scope).get("origin") or "").encode("latin-1")
        allowed = [(b"access-control-allow-origin", origin)] if origin in self._origins else []
        if allowed and scope["method"] == "OPTIONS":
            await Answer(204, [*allowed, *PREFLIGHT])(scope, receive, send)
            return

        def allowing_send(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start":
                exposed = [*allowed, EXPOSED] if allowed else []
                message = {**message, "headers": [*_varying(message.get("headers", ())), *exposed]}
            return send(message)

        await self._app(scope, receive, allowing_send)


def _varying(headers: Iterable[Header]) -> list[Header]:
    """``headers`` of an answer that depends on the origin too, so that no cache gives one page that of another."""
    given = list(headers)
    vary = b", ".join([*(value for name, value in given if name == b"vary"), b"origin"])
    return [*(header for header in given if header[0] != b"vary"), (b"vary", vary)]
