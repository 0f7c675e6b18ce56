"""A server that says what a test wants it to: any bytes for any path."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from content import sha1


class Answers(ThreadingHTTPServer):
    """`files` by path, the manifest under `/manifest.json`; `protocol` is what the responses say.

    `options`: `no_length`, `chunked`; `redirect`, the port to which every request is sent on; `refuses`, what no query
    may have; `ranges`, for parts of files; `absent`, the status of what is not there.
    `manifests`, where there are any, are taken one after the other, each for two requests: the device asks twice.
    """

    daemon_threads = True

    def __init__(self, files: dict[str, bytes], protocol: str = "HTTP/1.1", **options: Any) -> None:
        self.files = files
        self.options = options
        self.asked: list[str] = []
        self.manifests: list[bytes] = []
        self.manifests_asked = 0
        handler = type("Handler", (Handler,), {"protocol_version": protocol})
        super().__init__(("127.0.0.1", 0), handler)
        self.port = self.server_address[1]

    def handle_error(self, request: object, client_address: object) -> None:
        """A device hangs up when it has read enough."""
        if not isinstance(sys.exc_info()[1], ConnectionError):
            super().handle_error(request, client_address)


class Handler(BaseHTTPRequestHandler):
    server: Answers

    def do_GET(self) -> None:
        path = urlsplit(self.path).path
        self.server.asked.append(f"{self.requestline} Host: {self.headers['Host']}")
        if "redirect" in self.server.options:
            self.send_response(302)
            self.send_header("Location", f"http://127.0.0.1:{self.server.options['redirect']}{self.path}")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        if self.server.options.get("refuses", "\n") in self.path:
            self.send_error(400)
            return
        body = self.server.files.get(path)
        if path == "/manifest.json" and self.server.manifests:
            body = self.server.manifests[self.server.manifests_asked // 2]
            self.server.manifests_asked += 1
        status = 200 if body is not None else self.server.options.get("absent", 404)
        body = body or b""
        start = int((self.headers["Range"] or "bytes=0-")[len("bytes=") : -1]) if "ranges" in self.server.options else 0
        if start and body:
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{len(body) - 1}/{len(body)}")
            body = body[start:]
        else:
            self.send_response(status)
        if "chunked" in self.server.options and self.request_version == "HTTP/1.1":
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            self.wfile.write(b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body))
            return
        if "no_length" in self.server.options:
            self.close_connection = True
        else:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def answering(files: dict[str, bytes], protocol: str = "HTTP/1.1", **options: Any) -> Iterator[Answers]:
    server = Answers(files, protocol, **options)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server
    finally:
        server.shutdown()
        server.server_close()


def manifest_of(old: Path, new: Path, version: str, previous: str, base: str = "http://10.1.1.1:8000") -> dict:
    """A manifest of format 1."""
    before, after = (
        {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}
        for top in (old, new)
    )

    def entry(path: str) -> dict[str, str]:
        return {"URL": f"{base}/{version}/{path}", "dst_path": path, "hash": sha1(after[path])}

    return {
        "delete": sorted(set(before) - set(after)),
        "new": [entry(path) for path in sorted(set(after) - set(before))],
        "previous_version": previous,
        "update": [entry(path) for path in sorted(set(after) & set(before)) if after[path] != before[path]],
        "version": version,
    }


def served(releases: Path, manifest: dict) -> dict[str, bytes]:
    files = {f"/{path.relative_to(releases)}": path.read_bytes() for path in releases.rglob("*") if path.is_file()}
    return {**files, "/manifest.json": json.dumps(manifest, indent=4, sort_keys=True).encode()}
