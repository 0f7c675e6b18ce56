"""The way of the vendor's example server, written afresh: one request at a time, everything found out anew for each.

The releases are walked and compared, the changed files hashed, at each request for a manifest; a file is read whole.
"""

from __future__ import annotations

import filecmp
import hashlib
import json
import os
import re
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit


def releases() -> list[str]:
    names = [name for name in os.listdir() if os.path.isdir(name)]
    return sorted(names, key=lambda name: [int(part) for part in re.findall(r"\d+", name)])


def walk(top: str) -> set[str]:
    return {os.path.relpath(os.path.join(place, name), top) for place, _, names in os.walk(top) for name in names}


def entry(host: str, release: str, path: str) -> dict[str, str]:
    digest = hashlib.sha1(Path(release, path).read_bytes()).hexdigest()
    return {"URL": f"http://{host}/{release}/{path}", "dst_path": path, "hash": digest}


def firmware(host: str) -> dict[str, str]:
    image = [name for name in os.listdir() if name.startswith("firmware_")][-1]
    return {"URL": f"http://{host}/{image}", "hash": hashlib.sha1(Path(image).read_bytes()).hexdigest()}


def manifest(current: str, host: str) -> dict[str, Any]:
    target = releases()[-1]
    old, new = walk(current), walk(target)
    changed = [
        path for path in old & new if not filecmp.cmp(os.path.join(current, path), os.path.join(target, path), False)
    ]
    return {
        "delete": sorted(old - new),
        "firmware": firmware(host),
        "new": [entry(host, target, path) for path in sorted(new - old)],
        "update": [entry(host, target, path) for path in sorted(changed)],
        "version": target,
    }


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/manifest.json":
            # filecmp remembers; the example found everything out anew.
            filecmp.clear_cache()
            document = manifest(parse_qs(url.query)["current_ver"][0], self.headers["Host"])
            body = json.dumps(document, indent=4, sort_keys=True).encode()
        else:
            body = Path(url.path[1:]).read_bytes()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        pass


class OneAtATime(HTTPServer):
    request_queue_size = 128

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that disconnects is not an error."""


if __name__ == "__main__":
    server = OneAtATime(("127.0.0.1", 0), Handler)
    print(f"serving at http://127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
    server.serve_forever()
