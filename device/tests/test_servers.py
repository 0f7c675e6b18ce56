"""Servers that do less than ours: HTTP/1.0, no length, chunks, redirects, no sizes in the manifest."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import proxy
import pytest
from answers import answering, manifest_of, served
from board import INSTALL, INSTALLED, ROOT, Board, tree
from content import sha1

RELEASES = ROOT / "examples" / "releases"


def update(tmp_path: Path, protocol: str, **options: bool) -> tuple[Board, list, list[str]]:
    manifest = manifest_of(RELEASES / "1.0.0", RELEASES / "1.0.1", "1.0.1", "1.0.0")
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with answering(served(RELEASES, manifest), protocol, **options) as server:
        results = board.run(server.port, *INSTALL)
        port = server.port
        asked = [line.replace(str(port), "PORT") for line in server.asked]
    return board, results, asked


@pytest.mark.parametrize(
    ("protocol", "options"),
    [
        ("HTTP/1.1", {}),
        ("HTTP/1.0", {}),
        ("HTTP/1.0", {"no_length": True}),
        ("HTTP/1.1", {"no_length": True}),
        ("HTTP/1.1", {"chunked": True}),
    ],
)
def test_update(tmp_path: Path, protocol: str, options: dict[str, bool]) -> None:
    board, results, asked = update(tmp_path, protocol, **options)
    assert results == ["1.0.1", *INSTALLED]
    assert board.release() == tree(RELEASES / "1.0.1")
    line = "GET /manifest.json?current_ver=1.0.0&firmware_ver=1.0.0&format=3 HTTP/1.1 Host: 127.0.0.1:PORT"
    assert asked[0] == line
    # Chunks are a thing of HTTP/1.1: asked in HTTP/1.0, a server does without.
    if "chunked" in options:
        assert asked[1] == line.replace("HTTP/1.1", "HTTP/1.0")


def test_redirects_are_followed(tmp_path: Path) -> None:
    """D17: to what the client can reach."""
    manifest = manifest_of(RELEASES / "1.0.0", RELEASES / "1.0.1", "1.0.1", "1.0.0")
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with answering(served(RELEASES, manifest)) as store, answering({}, redirect=store.port) as server:
        assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
        assert len(server.asked) == len(store.asked)
    assert board.release() == tree(RELEASES / "1.0.1")


def test_what_the_server_refuses(tmp_path: Path) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with answering({}) as server:
        result = board.run(server.port, "update")[0]
        assert result["code"] == "http_refused"
        assert result["detail"].startswith(f"404: http://127.0.0.1:{server.port}/manifest.json?current_ver=1.0.0")
        assert len(server.asked) == 1


def test_a_link_that_brings_the_same_again(tmp_path: Path) -> None:
    """D2: without ranges each try starts anew. That is no progress, and tries come to an end."""
    draw = random.Random(7)
    manifest = manifest_of(RELEASES / "1.0.0", RELEASES / "1.0.1", "1.0.1", "1.0.0")
    big = draw.randbytes(30_000)
    manifest["new"] = [{"URL": "http://x/1.0.1/flash/big", "dst_path": "flash/big", "hash": sha1(big)}]
    files = {**served(RELEASES, manifest), "/1.0.1/flash/big": big}

    def dies(link: proxy.Link, response: bytes) -> Iterator[bytes]:
        yield response[:20_000]
        if len(response) > 20_000:
            link.close()

    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    before = board.release()
    with answering(files) as server, proxy.proxied(server.port, dies, 0) as link:
        assert board.run(link.port, "update")[0]["code"] == "truncated"
    assert sum("flash/big" in line for line in server.asked) == 5
    assert board.release() == before


def test_room_by_content_length(tmp_path: Path) -> None:
    """A manifest without sizes: each file's length is looked at before it is written."""
    manifest = manifest_of(RELEASES / "1.0.0", RELEASES / "1.0.1", "1.0.1", "1.0.0")
    files = served(RELEASES, manifest)
    files["/1.0.1/flash/main.py"] = bytes(200_000)
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    listed = ("list", {"path": "/flash"})
    with answering(files) as server:
        before, refused, after = board.run(server.port, listed, "update", listed, blocks=40)
    assert refused["code"] == "space"
    assert before == after
    assert any("GET /1.0.1/flash/main.py" in line for line in server.asked)


def test_what_was_announced_outlives_a_bad_hash(tmp_path: Path) -> None:
    """The first file comes with wrong bytes. On the connection after that, the server answers when it was asked for
    all of the files."""
    manifest = manifest_of(RELEASES / "1.0.0", RELEASES / "1.0.1", "1.0.1", "1.0.0")
    files = served(RELEASES, manifest)
    paths = [f"/1.0.1/{entry['dst_path']}" for entry in manifest["new"] + manifest["update"]]
    assert len(paths) > 2

    def asked(stream: IO[bytes]) -> str:
        lines = list(iter(stream.readline, b"\r\n"))
        return lines[0].decode().split()[1].split("?")[0]

    def answer(connection: socket.socket, body: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))

    def serve() -> None:
        for first in (True, False):
            connection, _ = listener.accept()
            with connection, connection.makefile("rb") as stream:
                if first:
                    for _ in range(2):  # nothing vouches for it
                        answer(connection, files[asked(stream)])
                    answer(connection, bytes(len(files[asked(stream)])))
                    while stream.read(1):  # until the device hangs up
                        pass
                else:
                    for path in [asked(stream) for _ in paths]:
                        answer(connection, files[path])

    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        threading.Thread(target=serve, daemon=True).start()
        port = listener.getsockname()[1]
        assert board.run(port, *INSTALL, attributes={"tries": 2}) == ["1.0.1", *INSTALLED]
    assert board.release() == tree(RELEASES / "1.0.1")


def test_tries_and_pauses(tmp_path: Path) -> None:
    """D2: five tries, and each pause twice the one before, in steps in which a watchdog is fed."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with answering({}) as server:
        port = server.port
    # Nobody listens there any more.
    refused, pauses = board.run(port, "update", ("run", {"code": "pauses"}), attributes={"pause_ms": 1000})
    assert refused["code"] == "link"
    assert pauses == [1000] * (1 + 2 + 4 + 8)
