"""The same bytes for every request, from a bare ASGI application under the server's granian; takes their number."""

from __future__ import annotations

import sys

from starlette.types import Receive, Scope, Send

from airwaybill.server.run import listen, run, urls_of


class Constant:
    def __init__(self, length: int) -> None:
        self._body = b"x" * length
        self._headers = [(b"content-type", b"application/json"), (b"content-length", b"%d" % length)]

    async def startup(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": self._headers})
        await send({"type": "http.response.body", "body": self._body})


if __name__ == "__main__":
    listener = listen("127.0.0.1", 0)
    url = urls_of(listener)[0]
    run(Constant(int(sys.argv[1])), listener, lambda: print(f"serving at {url}", file=sys.stderr, flush=True))
