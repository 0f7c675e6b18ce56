"""H6 and the server's life: methods, limits, health, log, mounting, start and stop."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from conftest import FILES
from server_support import COMMAND, Server, eventually, serving, sha1, split, write
from starlette.types import Message

import airwaybill
from airwaybill import AirwaybillError
from airwaybill.server import create_app
from airwaybill.server.answers import Entity, EntityCache


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "X" * 100])
@pytest.mark.parametrize("path", ["/manifest.json", "/index.html", "/nothing", "/healthz"])
def test_another_method(server: Server, method: str, path: str) -> None:
    reply = server.get(path, method=method, body=b"x" * 1000 if method == "POST" else None)
    assert (reply.status, reply.headers["allow"], reply.json()["code"]) == (405, "GET, HEAD", "method_not_allowed")


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET /manifest.json?current_ver=" + b"1" * 200_000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"a" * 500_000 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"X: a\r\n" * 500 + b"\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\n" + b"a" * 100_000 + b": x\r\n\r\n",
        b"G" * 300_000,
    ],
    ids=["line", "query", "header", "headers", "name", "method"],
)
def test_an_over_long_request(server: Server, request_bytes: bytes) -> None:
    answer = server.raw(request_bytes)
    # A server that closes with bytes still unread resets the connection, and the answer can be lost.
    assert answer == b"" or 400 <= split(answer).status < 500
    assert server.health()["status"] == "ok"


@pytest.mark.parametrize(
    "request_bytes",
    [b"\r\n\r\n", b"GET\r\n\r\n", b"GET /\r\n\r\n", b"\x16\x03\x01\x02\x00", b"GET / HTTP/9.9\r\n\r\n", b"{}\r\n\r\n"],
)
def test_what_is_no_request(server: Server, request_bytes: bytes) -> None:
    with server.connect() as stream:
        stream.sendall(request_bytes)
        stream.shutdown(socket.SHUT_WR)
        answer = b"".join(iter(lambda: stream.recv(65536), b""))
    assert answer == b"" or 400 <= split(answer).status < 500
    assert server.health()["status"] == "ok"


def test_a_client_that_leaves_in_the_middle(server: Server) -> None:
    for path in (b"1.0.1/sd/large.bin", b"big.iso", b"firmware_1.0.1.bin"):
        for _ in range(20):
            with server.connect() as stream:
                stream.sendall(b"GET /%s HTTP/1.1\r\nHost: a\r\n\r\n" % path)
                stream.recv(100)
    assert server.get("/1.0.1/sd/large.bin").body == FILES["1.0.1/sd/large.bin"]


def test_descriptors_are_given_back(server: Server) -> None:
    def count() -> int:
        return len(os.listdir(f"/proc/{server.process.pid}/fd"))

    paths = ["/big.iso", "/1.0.1/sd/large.bin", "/docs/fifo", "/docs/up/x", "/docs", "/nothing", "/index.html"]
    for path in paths:
        server.get(path)
    before = count()
    for _ in range(10):
        for path in paths:
            server.get(path)
            server.get(path, {"Range": "bytes=0-1"})
            server.get(path, {"Range": "bytes=99999999-"})
            server.get(path, method="HEAD")
    eventually(count, lambda now: now <= before + 2)


def test_parts_of_a_large_file_asked_for_at_once_leave_no_descriptor(root: Path, log: Path) -> None:
    write(root, {"1.0.1/sd/large.bin": FILES["1.0.1/sd/large.bin"]})
    # Its own server, which has not looked at the file before.
    with serving(root, log, "--settle", "0") as server:

        def open_files() -> int:
            return len(os.listdir(f"/proc/{server.process.pid}/fd"))

        server.get("/1.0.1/flash/main.py")
        before = open_files()
        with ThreadPoolExecutor(20) as threads:
            asked = [threads.submit(server.get, "/1.0.1/sd/large.bin", {"Range": "bytes=0-1"}) for _ in range(40)]
            assert {reply.result().status for reply in asked} == {206}
        eventually(open_files, lambda now: now <= before + 2)


def test_short_answers_kept_in_memory_have_a_bound() -> None:
    cache = EntityCache(64 * 1024)
    for number in range(1000):
        cache.put(number, Entity(b"null", '"etag"', None))
    kept = [number for number in range(1000) if cache.get(number)]
    assert kept == list(range(1000 - len(kept), 1000))
    assert 0 < len(kept) < 64


def test_health(server: Server, site: Path) -> None:
    reply = server.get("/healthz")
    assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
    assert reply.json() == {
        "status": "ok",
        "error": None,
        "generation": 1,
        "releases": ["1.0.0", "1.0.1"],
        "firmware": ["firmware_1.0.1.bin"],
        "unsettled": [],
        "ignored": len(airwaybill.scan(site).ignored),
        "warnings": 0,
    }


def test_the_access_log_has_a_line_for_each_request(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "0") as server:
        for _ in range(3):
            server.get("/1.0.1/flash/main.py")
        server.get('/no"thing%0a\u00e9'.encode().decode("latin-1").replace("\u00c3\u00a9", "%C3%A9") + "?x=%22y")
        server.get("/manifest.json?current_ver=1.0.0", method="HEAD")
        server.get("/healthz", method="POST")
        server.stop()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["method"], line["path"], line["query"], line["status"]) for line in lines] == [
        ("GET", "/1.0.1/flash/main.py", "", 200),
        ("GET", "/1.0.1/flash/main.py", "", 200),
        ("GET", "/1.0.1/flash/main.py", "", 200),
        ("GET", '/no"thing\n\u00e9', "x=%22y", 404),
        ("HEAD", "/manifest.json", "current_ver=1.0.0", 200),
        ("POST", "/healthz", "", 405),
    ]
    assert all(line["client"] == "127.0.0.1" and line["http"] == "1.1" and line["ms"] >= 0 for line in lines)
    assert [line["bytes"] for line in lines][:3] == [4, 4, 4]
    assert lines[0]["time"].startswith("20")
    assert lines[0]["time"].endswith("Z")


MOUNTED = """
import sys
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from airwaybill.server import create_app
from airwaybill.server.run import listen, run, url_of

ota = create_app(sys.argv[1], settle=0)
lifecycle = sys.argv[2] == "lifespan"

class Host(Starlette):
    async def startup(self):
        if lifecycle:
            await ota.startup()
    async def shutdown(self):
        if lifecycle:
            await ota.shutdown()

host = Host(routes=[Route("/", lambda request: PlainTextResponse("the host")), Mount("/fleet/ota", app=ota)])
host.add_middleware(GZipMiddleware, minimum_size=10)
listener = listen("127.0.0.1", 0)
url = url_of(listener)
run(host, listener, lambda: print("serving at", url, file=sys.stderr, flush=True))
"""


@pytest.mark.parametrize("start", ["lazily", "lifespan"])
def test_mounted_in_another_application(root: Path, log: Path, start: str) -> None:
    write(root, {"1.0.1/flash/100%.txt": b"all\n", "index.html": b"index\n"})
    with serving(root, log, command=(sys.executable, "-c", MOUNTED, str(root), start)) as server:
        assert server.get("/").body == b"the host"
        for _ in range(2):
            manifest = server.get("/fleet/ota/manifest.json?current_ver=1.0.0", {"Host": "h"}).json()
            assert manifest["update"][0]["URL"] == "http://h/fleet/ota/1.0.1/flash/main.py"
            for entry in [*manifest["new"], *manifest["update"]]:
                reply = server.get(entry["URL"].removeprefix("http://h"))
                assert sha1(reply.body) == entry["hash"]
            zipped = server.get("/fleet/ota/manifest.json?current_ver=1.0.0", {"Host": "h", "Accept-Encoding": "gzip"})
            assert zipped.headers["content-encoding"] == "gzip"
        assert server.get("/fleet/ota/index.html").body == b"index\n"
        assert server.get("/fleet/ota/healthz").json()["releases"] == ["1.0.0", "1.0.1"]
        for path in ("/index.html", "/fleet/ota/fleet/ota/index.html", "/fleet/ota/../../x", "/fleet/ota/%2e%2e/x"):
            assert server.get(path).status == 404
        assert server.stop() == 0


def test_a_root_that_is_missing_when_mounted(tmp_path: Path, log: Path) -> None:
    root = tmp_path / "later"
    with serving(root, log, command=(sys.executable, "-c", MOUNTED, str(root), "lazily")) as server:
        for path in ("healthz", "manifest.json", "index.html"):
            assert server.get(f"/fleet/ota/{path}").status == 503
        assert server.get("/fleet/ota/manifest.json").json()["code"] == "root_invalid"
        write(root, {"1.0.0/flash/main.py": b"one\n"})
        eventually(lambda: server.get("/fleet/ota/healthz"), lambda reply: reply.status == 200)
        assert server.stop() == 0


def thread_names() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_an_application_can_be_started_again_under_another_loop(root: Path) -> None:
    app = create_app(root, settle=0)

    async def get(path: str) -> int:
        statuses: list[int] = []

        async def receive() -> Message:
            return {"type": "http.request"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        scope = {
            "type": "http",
            "method": "GET",
            "http_version": "1.1",
            "path": path,
            "query_string": b"",
            "headers": [[b"host", b"a"]],
        }
        await app(scope, receive, send)
        return statuses[0]

    async def once(path: str, wanted: int) -> None:
        await app.startup()
        deadline = time.monotonic() + 10
        while (status := await get(path)) != wanted:
            assert time.monotonic() < deadline, status
            await asyncio.sleep(0.02)
        assert await get("/manifest.json") == 200
        await app.shutdown()

    asyncio.run(once("/1.0.1/flash/main.py", 200))
    write(root, {"1.0.2/flash/main.py": b"three\n"})
    shutil.rmtree(root / "1.0.1")
    asyncio.run(once("/1.0.1/flash/main.py", 404))
    eventually(lambda: [name for name in thread_names() if name.startswith("airwaybill")], lambda left: not left)


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"base_url": "ftp"}, "base_url_invalid"),
        ({"base_url": "http://a/?b"}, "base_url_invalid"),
        ({"ignore": ["["]}, "glob_invalid"),
        ({"protect": ["["]}, "glob_invalid"),
    ],
)
def test_settings_that_are_none_are_refused_at_once(root: Path, settings: dict[str, object], code: str) -> None:
    with pytest.raises(AirwaybillError) as caught:
        create_app(root, **settings)  # type: ignore[arg-type]
    assert caught.value.code == code


def test_a_download_that_runs_finishes_after_sigterm(root: Path, log: Path) -> None:
    size = 60 * 1024 * 1024
    with (root / "huge.bin").open("wb") as file:
        file.truncate(size)
    with serving(root, log, "--settle", "0") as server:
        with server.connect() as stream, server.connect() as idle:
            stream.sendall(b"GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            received = len(stream.recv(1000))
            server.process.terminate()

            def refused() -> bool:
                try:
                    server.connect().close()
                except ConnectionRefusedError:
                    return True
                return False

            eventually(refused, bool)
            assert server.process.poll() is None
            while piece := stream.recv(1 << 20):
                received += len(piece)
            assert received > size
            assert idle.recv(1) == b""
        assert server.process.wait(5) == 0


def test_a_download_that_stalls_ends_ten_seconds_after_sigterm(root: Path, log: Path) -> None:
    with (root / "huge.bin").open("wb") as file:
        file.truncate(60 * 1024 * 1024)
    with serving(root, log, "--settle", "0") as server, server.connect() as stream:
        stream.sendall(b"GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        stream.recv(1000)
        server.process.terminate()
        began = time.monotonic()
        assert server.process.wait(15) == 0
        assert time.monotonic() - began > 8


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_the_line_at_the_start_names_the_real_port(root: Path, log: Path, host: str) -> None:
    command = (*COMMAND, "serve", str(root), "--host", host, "--port", "0")
    with serving(root, log, command=command) as server:
        assert server.port > 0
        assert server.get("/healthz").status == 200
        assert server.stop() == 0


def test_a_port_in_use_is_an_error(server: Server, root: Path) -> None:
    command = (*COMMAND, "serve", str(root), "--host", "127.0.0.1", "--port", str(server.port))
    done = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert done.stderr.startswith("airwaybill: address_unavailable: cannot listen on 127.0.0.1:")
    assert done.stderr.count("\n") == 1


def test_the_reader_of_the_access_log_may_go(root: Path) -> None:
    command = (*COMMAND, "serve", str(root), "--host", "127.0.0.1", "--port", "0")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stderr is not None
    assert process.stdout is not None
    port = int(process.stderr.readline().rpartition(b":")[2])
    process.stdout.close()
    server = Server(process, port, root)
    for _ in range(3):
        assert server.get("/healthz").status == 200
        time.sleep(0.2)
    assert server.stop() == 0
    assert process.stderr.read() == b""
    process.stderr.close()
