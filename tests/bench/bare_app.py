"""Files from memory, from a bare ASGI application under the server's granian: takes their directory and a manifest."""

from __future__ import annotations

import sys
from pathlib import Path

from starlette.types import Receive, Scope, Send

from airwaybill.server.answers import send_body
from airwaybill.server.run import listen, run, urls_of


class Bare:
    """Looks up the path, and nothing else."""

    def __init__(self, root: Path, manifest: bytes) -> None:
        files = (path for path in root.rglob("*") if path.is_file())
        bodies = {f"/{path.relative_to(root).as_posix()}": path.read_bytes() for path in files}
        bodies["/manifest.json"] = manifest
        self._answers = {path: ([(b"content-length", b"%d" % len(body))], body) for path, body in bodies.items()}

    async def startup(self) -> None:
        pass

    async def shutdown(self) -> None:
        pass

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers, body = self._answers[scope["path"]]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send_body(send, body)


if __name__ == "__main__":
    listener = listen("127.0.0.1", 0)
    url = urls_of(listener)[0]
    bare = Bare(Path(sys.argv[1]), Path(sys.argv[2]).read_bytes())
    run(bare, listener, lambda: print(f"serving at {url}", file=sys.stderr, flush=True))
