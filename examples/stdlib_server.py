"""Serves releases/ and its manifests with http.server and the engine: python3 stdlib_server.py [PORT]"""

import io
import json
import sys
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs

from airwaybill import AirwaybillError, generate_manifest

ROOT = Path(__file__).resolve().parent / "releases"


class Handler(SimpleHTTPRequestHandler):
    def send_head(self):
        path, _, query = self.path.partition("?")
        if path != "/manifest.json":
            return super().send_head()
        status, answer = 400, {"code": "host_missing", "message": "the request has no Host header"}
        if host := self.headers["Host"]:
            current_ver = parse_qs(query, keep_blank_values=True).get("current_ver", [None])[0]
            try:
                status, answer = 200, generate_manifest(ROOT, current_ver, host)
            except AirwaybillError as error:
                answer = {"code": error.code, "message": str(error)}
        body = json.dumps(answer, indent=4, sort_keys=True, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        return io.BytesIO(body)


if __name__ == "__main__":
    with ThreadingHTTPServer(("", int([*sys.argv, 8000][1])), partial(Handler, directory=ROOT)) as server:
        print(f"http://127.0.0.1:{server.server_port}/manifest.json?current_ver=1.0.0", flush=True)
        server.serve_forever()
