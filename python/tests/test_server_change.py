"""H3 and H4: what happens when the directory changes under the server."""

from __future__ import annotations

import asyncio
import errno
import http.client
import os
import shutil
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest
import watchfiles
from content import noise, sha1, write
from server_support import Reply, Server, ask, eventually, read_reply, serving

from airwaybill.server import app as application
from airwaybill.server import create_app, files
from airwaybill.server.config import Config
from airwaybill.server.paths import OpenFile
from airwaybill.server.releases import Releases

SETTLE = ("--settle", "0.5")
MAIN = "1.0.1/flash/main.py"


def offered(server: Server) -> object:
    document = server.get("/manifest.json?current_ver=1.0.0", {"Host": "h"}).json()
    return document and document["version"]


def etag(server: Server, path: str) -> str:
    return server.get(f"/{path}", method="HEAD").headers.get("etag", "").strip('W/"')


def has(*releases: str) -> Callable[[dict[str, object]], bool]:
    return lambda health: health["releases"] == list(releases)


@pytest.mark.parametrize("polling", [False, True])
def test_a_new_a_changed_and_a_removed_release_count(root: Path, log: Path, polling: bool) -> None:
    env = {"WATCHFILES_FORCE_POLLING": "true"} if polling else {}
    with serving(root, log, *SETTLE, env=env) as server:
        assert offered(server) in ("1.0.1", None)
        server.wait(has("1.0.0", "1.0.1"))
        write(root, {"1.0.2/flash/main.py": b"three\n"})
        server.wait(has("1.0.0", "1.0.1", "1.0.2"))
        assert offered(server) == "1.0.2"
        (root / "1.0.2/flash/main.py").write_bytes(b"four\n")
        eventually(lambda: etag(server, "1.0.2/flash/main.py"), sha1(b"four\n").__eq__)
        server.wait(has("1.0.0", "1.0.1", "1.0.2"))
        shutil.rmtree(root / "1.0.2")
        server.wait(has("1.0.0", "1.0.1"))
        assert offered(server) == "1.0.1"
        assert server.get("/1.0.2/flash/main.py").status == 404
        write(root, {"firmware_1.0.1.bin": noise(1000)})
        server.wait(lambda health: health["firmware"] == ["firmware_1.0.1.bin"])


def test_a_release_that_is_copied_in_is_offered_when_it_is_whole(root: Path, log: Path) -> None:
    files = {f"1.0.2/flash/file_{number}.py": noise(20_000, seed=number) for number in range(40)}
    wanted = {path.partition("/")[2]: sha1(data) for path, data in files.items()}
    seen: set[str | None] = set()
    copied = threading.Event()

    def poll() -> None:
        while not (copied.is_set() and "1.0.2" in seen):
            document = server.get("/manifest.json").json()
            seen.add(document and document["version"])
            if document and document["version"] == "1.0.2":
                assert copied.is_set()
                assert {entry["dst_path"]: entry["hash"] for entry in document["new"]} == wanted

    # Longer than a busy machine keeps the one that copies waiting.
    with serving(root, log, "--settle", "3") as server, ThreadPoolExecutor(4) as clients:
        server.wait(has("1.0.0", "1.0.1"))
        polls = [clients.submit(poll) for _ in range(4)]
        for path, data in files.items():
            half = len(data) // 2
            write(root, {path: data[:half]})
            time.sleep(0.02)
            with (root / path).open("ab") as file:
                file.write(data[half:])
        copied.set()
        for done in polls:
            done.result(30)
    assert seen >= {"1.0.1", "1.0.2"}


def test_a_release_is_not_offered_before_the_settle_time(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "1.5") as server:
        server.wait(has("1.0.0", "1.0.1"))
        began = time.monotonic()
        write(root, {"1.0.2/flash/main.py": b"three\n"})
        health = server.wait(lambda health: health["unsettled"] == ["1.0.2"])
        assert health["releases"] == ["1.0.0", "1.0.1"]
        server.wait(has("1.0.0", "1.0.1", "1.0.2"))
        assert time.monotonic() - began >= 1.5


def checked_get(connection: http.client.HTTPConnection, path: str) -> Reply | None:
    """A whole answer, or None where the server broke it off."""
    try:
        connection.request("GET", path)
        return read_reply(connection.getresponse())
    except (http.client.HTTPException, ConnectionError):
        # The next request opens a new one.
        connection.close()
        return None


def test_a_file_that_another_takes_the_place_of_is_sent_whole_or_not(root: Path, log: Path) -> None:
    outside = root.parent / "outside.bin"
    contents = [b"a" * 300_000, b"b" * 900_000]
    outside.write_bytes(b"x" * 300_000)
    path, beside = root / "notes.bin", root / "notes.new"
    path.write_bytes(contents[0])
    stop = threading.Event()

    def replace() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            if number % 3 == 2:
                beside.symlink_to(outside)
            else:
                beside.write_bytes(contents[number % 3])
            beside.replace(path)

    with (
        serving(root, log, "--serve-other") as server,
        ThreadPoolExecutor(1) as threads,
        server.client() as connection,
    ):
        job = threads.submit(replace)
        bodies = [reply.body for reply in (checked_get(connection, "/notes.bin") for _ in range(300)) if reply]
        whole = [body for body in bodies if len(body) > 1000]
        stop.set()
        job.result(30)
    assert whole
    assert all(body in contents for body in whole)


@pytest.mark.parametrize("size", [64 * 1024, 5 * 1024 * 1024], ids=["small", "large"])
def test_a_file_rewritten_in_place_never_has_the_old_hash(root: Path, log: Path, size: int) -> None:
    contents = [noise(size, seed=seed) for seed in range(3)]
    path = root / MAIN
    path.write_bytes(contents[0])
    stop, answered = threading.Event(), threading.Event()
    seen: set[tuple[int, bool]] = set()

    def rewrite() -> None:
        number = 0
        while not stop.is_set():
            number += 1
            with path.open("r+b") as file:
                for start in range(0, size, size // 4):
                    file.seek(start)
                    file.write(contents[number % 3][start : start + size // 4])
                    file.flush()
                    time.sleep(0.001)
            stop.wait(0.005)
            if number % 20 == 0:
                # Until it has settled, now and then, and was sent.
                answered.clear()
                answered.wait(20)

    def read() -> None:
        with server.client() as connection:
            while not stop.is_set():
                reply = checked_get(connection, f"/{MAIN}")
                if reply is None:
                    continue
                etag = reply.headers.get("etag", "").strip('W/"')
                seen.add((reply.status, len(etag) == 40))
                if len(etag) == 40:
                    assert sha1(reply.body) == etag
                    answered.set()

    with serving(root, log, "--settle", "0.2") as server, ThreadPoolExecutor(9) as threads:
        server.wait(has("1.0.0", "1.0.1"))
        jobs = [threads.submit(rewrite), *(threads.submit(read) for _ in range(8))]
        try:
            time.sleep(5)
            eventually(lambda: (200, True) in seen, bool)
        finally:
            stop.set()
            answered.set()
        for job in jobs:
            job.result(30)
        final = sha1(path.read_bytes())
        eventually(lambda: etag(server, MAIN), final.__eq__)
        server.wait(has("1.0.0", "1.0.1"))
        manifest = server.get("/manifest.json?current_ver=1.0.0").json()
        assert manifest["update"][0]["hash"] == final


def test_a_file_set_back_to_its_old_time_has_another_etag(root: Path, log: Path) -> None:
    path = root / "notes.txt"
    write(root, {"notes.txt": b"one\n"})
    before = path.stat()
    with serving(root, log, "--serve-other") as server:
        first = etag(server, "notes.txt")
        with path.open("r+b") as file:
            file.write(b"two\n")
        os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))
        assert (path.stat().st_size, path.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
        reply = server.get("/notes.txt", {"Range": "bytes=0-0", "If-Range": f'"{first}"'})
        assert (reply.status, reply.body) == (200, b"two\n")
        assert etag(server, "notes.txt") != first


@pytest.mark.parametrize(
    ("path", "said"),
    [("1.0.1/flash/huge.bin", "1.0.1/flash/huge.bin"), ("huge\x1b[2J.bin", r"huge\x1b[2J.bin")],
)
def test_a_file_that_changes_while_it_is_sent_ends_the_connection(root: Path, log: Path, path: str, said: str) -> None:
    size = 60 * 1024 * 1024
    write(root, {path: b""})
    os.truncate(root / path, size)
    with serving(root, log, "--settle", "0", "--serve-other") as server:
        with server.connect() as stream:
            stream.sendall(f"GET /{quote(path)} HTTP/1.1\r\nHost: a\r\n\r\n".encode())
            received = len(stream.recv(1000))
            os.truncate(root / path, size - 1)
            while piece := stream.recv(1 << 20):
                received += len(piece)
        assert received < size
        assert server.stop() == 0
    assert f"airwaybill: {said} changed while it was being sent; connection closed\n" in server.said


def test_a_file_that_changes_before_its_first_byte_is_sent_is_an_error(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(root, {"notes.txt": b"one\n"})
    monkeypatch.setattr(OpenFile, "unchanged", lambda _: False)
    reply = asked(root, "/notes.txt")
    assert (reply.status, reply.json()["code"]) == (503, "file_changed")
    assert str(root) not in reply.json()["message"]


@pytest.mark.parametrize(
    ("step", "error", "headers", "code"),
    [
        ("_hash", errno.ENOENT, {"range": "bytes=0-9"}, "file_changed"),
        ("_hash", errno.EMFILE, {"range": "bytes=0-9"}, "busy"),
        ("_read_chunk", errno.EIO, {}, "busy"),
        ("_read_chunk", errno.EIO, {"range": "bytes=0-9"}, "busy"),
    ],
)
def test_a_disk_that_fails_before_the_first_byte_is_an_answer(
    root: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: int, headers: dict[str, str], code: str
) -> None:
    write(root, {"1.0.1/flash/large.bin": noise(5 * 1024 * 1024, seed=9)})

    def fail(*_: object) -> None:
        raise OSError(error, os.strerror(error), str(root))

    monkeypatch.setattr(files, step, fail)
    reply = asked(root, "/1.0.1/flash/large.bin", headers)
    assert (reply.status, reply.json()["code"], reply.headers["retry-after"]) == (503, code, "1")
    assert str(root) not in reply.json()["message"]


def asked(root: Path, path: str, headers: dict[str, str] | None = None) -> Reply:
    """The answer of a server in this process."""
    app = create_app(root, settle=0, serve_other=True)

    async def get() -> Reply:
        await app.startup()
        try:
            return await ask(app, path, headers)
        finally:
            await app.shutdown()

    return asyncio.run(get())


UNWATCHED = """
import sys
from airwaybill.server import create_app, files
from airwaybill.server import create_app, files
from airwaybill.server.paths import OpenFile
from airwaybill.server.releases import Releases
from airwaybill.server.run import listen, run, urls_of

Releases._keep_watching = lambda self: None
Releases.look_again = lambda self: print("look again", flush=True)
listener = listen("127.0.0.1", 0)
url = urls_of(listener)[0]
run(create_app(sys.argv[1], settle=0), listener, lambda: print("serving at", url, file=sys.stderr, flush=True))
"""


def test_a_file_that_no_longer_matches_is_not_sent(root: Path, log: Path) -> None:
    """With a watcher that has not said anything yet."""
    changes = {"1.0.1/flash/main.py": b"TWO\n", "1.0.1/flash/lib.py": b"longer than before\n"}
    large = noise(5 * 1024 * 1024, seed=9)
    write(root, {"1.0.1/flash/large.bin": large})
    with serving(root, log, command=(sys.executable, "-c", UNWATCHED, str(root))) as server:
        write(root, changes)
        for path in changes:
            reply = server.get(f"/{path}")
            assert (reply.status, reply.json()["code"], reply.headers["retry-after"]) == (503, "file_changed", "1")
        assert server.get("/1.0.1/flash/large.bin", {"Range": "bytes=0-9"}).body == large[:10]
        with (root / "1.0.1/flash/large.bin").open("r+b") as file:
            file.seek(100)
            file.write(b"changed")
        assert server.get("/1.0.1/flash/large.bin", {"Range": "bytes=0-9"}).json()["code"] == "file_changed"
        with server.client() as connection:
            assert checked_get(connection, "/1.0.1/flash/large.bin") is None
        (root / MAIN).unlink()
        assert server.get(f"/{MAIN}").json()["code"] == "file_changed"
    assert log.read_text().count("look again") == 5


def test_without_a_native_watcher_changes_are_looked_for(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    native = watchfiles.watch
    polled: list[bool] = []

    def refusing_watch(*paths: str, force_polling: bool | None = None, **settings: object) -> object:
        if not force_polling:
            raise OSError("OS file watch limit reached")
        polled.append(True)
        return native(*paths, force_polling=True, **settings)  # type: ignore[arg-type]

    monkeypatch.setattr(watchfiles, "watch", refusing_watch)
    releases = Releases(str(root), Config(settle=0))
    releases.start()
    try:
        eventually(lambda: releases.looked, bool)
        eventually(lambda: polled, bool)
        write(root, {"1.0.2/flash/main.py": b"three\n"})
        eventually(lambda: releases.snapshot().releases, lambda found: found == ("1.0.0", "1.0.1", "1.0.2"))
    finally:
        releases.close()


def test_a_write_that_changes_no_entry_keeps_the_answers(root: Path) -> None:
    write(root, {"access.log": b"", "docs/notes.txt": b"", "1.0.1/.DS_Store": b""})
    releases = Releases(str(root), Config(settle=0))
    releases.look()
    first = releases.current
    write(root, {"access.log": b"a line\n", "docs/notes.txt": b"a note\n", "1.0.1/.DS_Store": b"icons\n"})
    os.utime(root / MAIN)
    releases.look()
    assert releases.current is first
    write(root, {MAIN: b"TWO\n"})
    releases.look()
    assert releases.current is not first


def test_another_directory_in_the_roots_place_is_noticed(root: Path, log: Path) -> None:
    link = root.parent / "current"
    link.symlink_to(root)
    with serving(link, log, *SETTLE) as server:
        server.wait(has("1.0.0", "1.0.1"))
        write(root.parent / "other", {"2.0.0/flash/main.py": b"new\n"})
        link.unlink()
        link.symlink_to(root.parent / "other")
        server.wait(has("2.0.0"))
        assert server.get("/2.0.0/flash/main.py").body == b"new\n"
        write(root.parent / "other", {"2.0.1/flash/main.py": b"newer\n"})
        server.wait(has("2.0.0", "2.0.1"))


def test_health_is_bad_when_the_releases_cannot_be_read_for_long(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(root, settle=0)
    releases = app.releases

    async def health() -> tuple[int, str]:
        reply = await ask(app, "/healthz")
        return reply.status, reply.json()["status"]

    async def look_and_ask() -> None:
        await app.startup()
        try:
            assert await health() == (200, "ok")
            root.rename(root.parent / "away")
            eventually(lambda: releases.error, bool)
            assert await health() == (200, "stale")
            monkeypatch.setattr(application, "STALE_SECONDS", 0.0)
            assert await health() == (503, "stale")
            assert (await ask(app, "/manifest.json")).status == 200
            (root.parent / "away").rename(root)
            eventually(lambda: releases.error, lambda error: error is None)
            assert await health() == (200, "ok")
        finally:
            await app.shutdown()

    asyncio.run(look_and_ask())


def test_a_root_that_goes_and_comes_back(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "0.1") as server:
        server.wait(has("1.0.0", "1.0.1"))
        os.rename(root, root.parent / "away")
        health = server.wait(lambda health: health["status"] == "stale")
        assert health["releases"] == ["1.0.0", "1.0.1"]
        assert "root" in health["error"]
        assert server.get("/manifest.json").status == 200
        os.rename(root.parent / "away", root)
        server.wait(lambda health: health["status"] == "ok")
        assert server.stop() == 0
        assert [line for line in server.said if "read" in line] == [
            f"airwaybill: cannot read the releases: {root}: not a directory\n",
            "airwaybill: the releases can be read again\n",
        ]


# And whether that is certain.
