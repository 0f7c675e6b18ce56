"""What an application asks for: what there is, how far it is, and to go on beside it (D18, D21)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import proxy
import pytest
from answers import answering, manifest_of, served
from board import INSTALL, INSTALLED, ROOT, Board, Server, tree

RELEASES = ROOT / "examples" / "releases"
CHANGED = ["flash/lib/new_lib.py", "flash/main.py", "sd/some_asset.txt"]
IMAGE = RELEASES / "firmware_1.0.1.bin"
BYTES = sum((RELEASES / "1.0.1" / path).stat().st_size for path in CHANGED) + IMAGE.stat().st_size


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(RELEASES) as running:
        yield running


@pytest.mark.parametrize("record", [True, False])
def test_check(tmp_path: Path, server: Server, record: bool) -> None:
    """It says what update() would do, and changes nothing."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0", record=record)
    before = board.files()
    found, status = board.run(server.port, "check", "status")
    assert found == {"version": "1.0.1", "files": len(CHANGED), "bytes": BYTES, "firmware": "1.0.1"}
    assert (status["state"], status["error"]) == ("idle", None)
    assert board.files() == before
    assert board.run(server.port, "check", *INSTALL, "check") == [found, "1.0.1", *INSTALLED, None]


def test_check_keeps_what_has_come(tmp_path: Path, server: Server) -> None:
    """An update whose link has died goes on where it was, whatever was asked meanwhile."""

    def dies(link: proxy.Link, response: bytes) -> Iterator[bytes]:
        if IMAGE.read_bytes() in response:
            link.close()
        yield response

    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with proxy.proxied(server.port, dies, 0) as link:
        assert "code" in board.run(link.port, "update", attributes={"tries": 1})[0]
    before = board.files()
    assert board.run(server.port, "check")[0]["version"] == "1.0.1"
    assert board.files() == before
    with proxy.proxied(server.port, proxy.nothing, 0) as link:
        assert board.run(link.port, *INSTALL) == ["1.0.1", *INSTALLED]
        assert not any(path.encode() in request for request in link.requests for path in CHANGED)


def test_check_without_sizes(tmp_path: Path) -> None:
    """A manifest of format 1."""
    manifest = (
        b'{"delete": [], "new": [], "previous_version": "1.0.0", "update": [{"URL": "http://x/1.0.1/flash/main.py", '
    )
    manifest += b'"dst_path": "flash/main.py", "hash": "%s"}], "version": "1.0.1"}' % (b"0" * 40)
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with answering({"/manifest.json": manifest}) as plain:
        found = board.run(plain.port, "check")[0]
    assert found == {"version": "1.0.1", "files": 1, "bytes": None, "firmware": None}


def test_check_of_a_server_that_is_not_there(tmp_path: Path) -> None:
    with answering({}) as server:
        port = server.port
    assert Board(tmp_path / "board", RELEASES, "1.0.0").run(port, "check")[0]["code"] == "link"


def test_progress(tmp_path: Path, server: Server) -> None:
    """From 0 to `bytes` of check(), without a step back."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    told = board.run(server.port, ("update", {"progress": True}), ("run", {"code": "told"}))[1]
    done = [each[0] for each in told]
    assert done == sorted(done)
    assert {each[1] for each in told} == {BYTES}
    assert done[-1] == BYTES
    paths = list(dict.fromkeys(each[2] for each in told))
    assert paths == [*CHANGED, "firmware_1.0.1.bin"]


def test_progress_over_a_link_that_dies(tmp_path: Path, server: Server) -> None:
    """What comes twice is counted once."""
    died: list[bytes] = []

    def dies(link: proxy.Link, response: bytes) -> Iterator[bytes]:
        if len(response) > 2000 and len(died) < 3 and b"json" not in response:
            died.append(response)
            yield response[:1500]
            link.close()
        yield response

    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with proxy.proxied(server.port, dies, 0) as link:
        told = board.run(link.port, ("update", {"progress": True}), ("run", {"code": "told"}))[1]
    assert died
    assert told[-1][0] == max(each[0] for each in told) == BYTES


def test_progress_of_a_download_that_goes_on(tmp_path: Path, server: Server) -> None:
    """It begins with what an earlier call has brought."""

    def dies(link: proxy.Link, response: bytes) -> Iterator[bytes]:
        if IMAGE.read_bytes() in response:
            link.close()
        yield response

    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    update = ("update", {"progress": True})
    with proxy.proxied(server.port, dies, 0) as link:
        before = board.run(link.port, update, ("run", {"code": "told"}), attributes={"tries": 1})[1]
    told = board.run(server.port, update, ("run", {"code": "told"}))[1]
    assert told[0][0] > before[-1][0] == BYTES - IMAGE.stat().st_size
    assert told[-1][0] == BYTES


def test_progress_without_ranges(tmp_path: Path) -> None:
    """A file that has to come anew is counted once."""
    manifest = manifest_of(RELEASES / "1.0.0", RELEASES / "1.0.1", "1.0.1", "1.0.0")
    died: list[bytes] = []

    def dies(link: proxy.Link, response: bytes) -> Iterator[bytes]:
        if len(response) > 3000 and not died:
            died.append(response)
            yield response[:2500]
            link.close()
        yield response

    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with answering(served(RELEASES, manifest)) as plain, proxy.proxied(plain.port, dies, 0) as link:
        told = board.run(link.port, ("update", {"progress": True}), ("run", {"code": "told"}))[1]
    assert died
    assert told[-1] == [BYTES - IMAGE.stat().st_size, None, CHANGED[-1]]


def test_beside_another_task(tmp_path: Path, server: Server) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    (version, ticks), *rest = board.run(server.port, "update_async", *INSTALL[1:])
    assert [version, *rest] == ["1.0.1", *INSTALLED]
    assert ticks > 20
    assert board.release() == tree(RELEASES / "1.0.1")


def test_a_task_that_is_cancelled(tmp_path: Path, server: Server) -> None:
    """It is an interrupted download: the next update goes on with it."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    cancel = ("update_async", {"progress": True, "cancel": True})
    (result, _), status, *rest = board.run(server.port, cancel, "status", *INSTALL)
    assert (result, status["state"], status["version"]) == ("cancelled", "downloading", "1.0.0")
    assert rest == ["1.0.1", *INSTALLED]
    assert board.release() == tree(RELEASES / "1.0.1")


def test_an_error_in_a_task(tmp_path: Path) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with answering({}) as server:
        result, status = board.run(server.port, "update_async", "status")
    assert result["code"] == "http_refused"
    assert status["error"].startswith("http_refused: 404")


@pytest.mark.parametrize("fat", [False, True])
@pytest.mark.parametrize("record", [False, True])
def test_a_poll_that_finds_nothing_writes_nothing(tmp_path: Path, server: Server, fat: bool, record: bool) -> None:
    """D21: not one block, on a device with a record and on one without, from servers with an ETag and without."""
    board = Board(tmp_path / "board", RELEASES, "1.0.1", record=record)
    shutil.rmtree(board.root / "sd")
    writes = ("run", {"code": "len(log)"})
    with answering({"/manifest.json": b"null"}) as plain:
        for port in (server.port, plain.port):
            before, *nothing, after = board.run(port, writes, "update", "check", "status", writes, blocks=64, fat=fat)
            assert nothing[:2] == [None, None]
            assert after == before > 0
