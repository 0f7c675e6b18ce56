"""H6 and the server's life: methods, limits, health, log, mounting, start and stop."""

from __future__ import annotations

import asyncio
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest
from conftest import FILES
from content import noise, sha1, write
from server_support import Server, ask, eventually, serving, split
from serving import serve, started

import airwaybill
from airwaybill import AirwaybillError
from airwaybill.server import create_app
from airwaybill.server.cache import Entity, EntityCache

OTHER = ("--settle", "0", "--serve-other")


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
    # A server of its own, which has not read the file before.
    with serving(root, log, "--settle", "0") as server:

        def open_files() -> int:
            return len(os.listdir(f"/proc/{server.process.pid}/fd"))

        server.get("/1.0.1/flash/main.py")
        before = open_files()
        with ThreadPoolExecutor(20) as threads:
            asked = [threads.submit(server.get, "/1.0.1/sd/large.bin", {"Range": "bytes=0-1"}) for _ in range(40)]
            assert {reply.result().status for reply in asked} == {206}
        eventually(open_files, lambda now: now <= before + 2)


def test_a_large_file_is_not_read_on_for_a_client_that_left(root: Path, log: Path) -> None:
    size = 1 << 30
    with (root / "huge.bin").open("wb") as file:
        file.truncate(size)

    with serving(root, log, *OTHER) as server:
        process = Path(f"/proc/{server.process.pid}")

        def bytes_read() -> int:
            return int((process / "io").read_text().split()[1])

        def is_open() -> bool:
            return any(named_huge(link) for link in (process / "fd").iterdir())

        def named_huge(link: Path) -> bool:
            try:
                return os.path.basename(os.readlink(link)) == "huge.bin"
            except FileNotFoundError:  # closed since the directory was listed
                return False

        before = bytes_read()
        with server.connect() as stream:
            stream.sendall(b"GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            stream.recv(1000)
            assert is_open()
        eventually(is_open, lambda still: not still)
        assert bytes_read() - before < size // 4


def test_a_reader_that_takes_nothing_takes_little_memory(root: Path, log: Path) -> None:
    readers = 50
    with (root / "huge.bin").open("wb") as file:
        file.truncate(1 << 30)

    with serving(root, log, *OTHER) as server, ExitStack() as stack:
        process = Path(f"/proc/{server.process.pid}")

        def number(name: str, file: str) -> int:
            return next(int(line.split()[1]) for line in (process / file).read_text().splitlines() if name in line)

        before = number("VmRSS", "status")
        for _ in range(readers):
            stream = stack.enter_context(socket.socket())
            stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            stream.connect(("127.0.0.1", server.port))
            stream.sendall(b"GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n")
            assert stream.recv(100)
        # Until the server reads no further for any of them.
        read = [-1]
        eventually(lambda: read.append(number("rchar", "io")), lambda _: read[-1] == read[-2])
        assert number("VmRSS", "status") - before < readers * 1024


def test_more_connections_than_descriptors(root: Path, log: Path) -> None:
    """The server takes only those for which it has some, and the rest when these are over."""
    command = ("sh", "-c", 'ulimit -n 100; exec "$@"', "sh", *serve(root))
    with serving(root, log, command=command) as server, ExitStack() as stack:
        streams = [stack.enter_context(server.connect()) for _ in range(200)]
        for stream in streams:
            stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        answered, waiting = streams[0], streams[-1]
        assert answered.recv(15) == b"HTTP/1.1 200 OK"
        assert len(os.listdir(f"/proc/{server.process.pid}/fd")) < 80
        for stream in streams[:-1]:
            stream.close()
        assert waiting.recv(15) == b"HTTP/1.1 200 OK"
        stack.close()
        assert server.stop() == 0
        assert server.complaints == []


def test_short_answers_kept_in_memory_have_a_bound() -> None:
    cache = EntityCache(64 * 1024)
    for number in range(1000):
        cache.put(number, Entity(b"null", '"etag"', None))
    kept = [number for number in range(1000) if cache.get(number)]
    assert kept == list(range(1000 - len(kept), 1000))
    assert 0 < len(kept) < 64


def test_health(server: Server, site: Path) -> None:
    server.wait(lambda health: health["errors"] is not None)
    reply = server.get("/healthz")
    assert (reply.status, reply.headers["cache-control"]) == (200, "no-store")
    assert reply.json() == {
        "status": "ok",
        "error": None,
        "generation": 1,
        "releases": ["1.0.0", "1.0.1"],
        "firmware": ["firmware_1.0.1.bin"],
        "unsettled": [],
        "held_back": [],
        "errors": [
            {
                "path": "firmware_1.0.1.bin",
                "code": "firmware_not_esp",
                "message": "not an ESP32 image: the first byte is not 0xE9",
            }
        ],
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


def test_the_access_log_tells_how_long_a_remembered_answer_took(root: Path) -> None:
    written = io.BytesIO()
    app = create_app(root, settle=0, access_log=written)

    async def ask_twice() -> None:
        await app.startup()
        for _ in range(2):
            await ask(app, "/manifest.json", send_seconds=0.02)
        await app.shutdown()

    asyncio.run(ask_twice())
    assert app.releases.current is not None
    assert app.releases.current.answers
    times = [json.loads(line)["ms"] for line in written.getvalue().splitlines()]
    assert len(times) == 2
    assert all(milliseconds >= 40 for milliseconds in times)


MOUNTED = """
import sys
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from airwaybill.server import create_app
from airwaybill.server.run import listen, run, urls_of

ota = create_app(sys.argv[1], settle=0, serve_other=True)
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
url = urls_of(listener)[0]
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

    async def once(path: str, wanted: int) -> None:
        await app.startup()
        deadline = time.monotonic() + 10
        while (status := (await ask(app, path)).status) != wanted:
            assert time.monotonic() < deadline, status
            await asyncio.sleep(0.02)
        assert (await ask(app, "/manifest.json")).status == 200
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
        ({"scheme": "calendar"}, "field_type"),
        ({"dst_paths": "rooted"}, "field_type"),
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
    with serving(root, log, *OTHER) as server:
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
    with serving(root, log, *OTHER) as server, server.connect() as stream:
        stream.sendall(b"GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        stream.recv(1000)
        server.process.terminate()
        began = time.monotonic()
        assert server.process.wait(40) == 0
        assert time.monotonic() - began > 8


def test_an_answer_in_memory_arrives_whole_after_sigterm(root: Path, log: Path) -> None:
    data = noise(4 * 1024 * 1024)
    write(root, {"1.0.1/flash/main.py": data})
    with serving(root, log, "--settle", "0") as server, server.connect() as stream:
        stream.sendall(b"GET /1.0.1/flash/main.py HTTP/1.1\r\nHost: a\r\n\r\n")
        received = bytearray(stream.recv(1000))
        server.process.terminate()
        # The application has handed over the last piece, and the server has not sent it all.
        while not log.stat().st_size:
            received += stream.recv(1 << 14)
            time.sleep(0.02)
        # Meanwhile the server looks for connections on which nothing is under way, again and again.
        time.sleep(1)
        while piece := stream.recv(1 << 20):
            received += piece
        assert split(bytes(received)).body == data
        assert server.process.wait(5) == 0


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n", b"G"])
def test_a_request_that_has_not_arrived_whole_does_not_hold_up_the_end(root: Path, log: Path, sent: bytes) -> None:
    with serving(root, log) as server, server.connect() as stream:
        stream.sendall(sent)
        assert server.health()["status"] == "ok"
        assert server.stop() == 0
        assert stream.recv(100) == b""
        # Nothing was waited for, and so nothing cut off.
        assert server.complaints == []


@pytest.mark.parametrize("host", ["127.0.0.1", "0.0.0.0", "localhost"])
def test_the_line_at_the_start_names_the_real_port(root: Path, log: Path, host: str) -> None:
    with serving(root, log, command=serve(root, host=host)) as server:
        assert server.port > 0
        assert server.get("/healthz").status == 200
        assert server.stop() == 0


def test_a_port_in_use_is_an_error(server: Server, root: Path) -> None:
    done = subprocess.run(serve(root, port=server.port), capture_output=True, text=True, timeout=20)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].startswith("airwaybill: address_unavailable: cannot listen on 127.0.0.1:")


def test_the_reader_of_the_access_log_may_go(root: Path) -> None:
    reader, written = os.pipe()
    with open(written, "wb") as out, started(serve(root), stdout=out) as running:
        server = Server(running, root)
        os.close(reader)
        for _ in range(3):
            assert server.get("/healthz").status == 200
            time.sleep(0.2)
        assert server.stop() == 0
        assert server.complaints == []
