"""A link that does harm: the device ends on the old or on the new release, and says why."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import proxy
import pytest
from board import INSTALL, INSTALLED, Board, Server, tree

SEEDS = range(6)
FILES = 12


@pytest.fixture(scope="module")
def releases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    draw = random.Random(5)
    root = tmp_path_factory.mktemp("releases")
    for version in ("1.0.0", "1.0.1"):
        for number in range(FILES):
            if (version, number) in (("1.0.1", 1), ("1.0.0", 2)):
                continue
            path = root / version / ("sd" if number == 3 else "flash/lib") / f"part_{number}.bin"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(draw.randbytes(draw.randrange(1, 4000)))
        (root / f"firmware_{version}.bin").write_bytes(draw.randbytes(9000))
    return root


@pytest.fixture(scope="module")
def server(releases: Path) -> Iterator[Server]:
    with Server(releases) as running:
        yield running


def outcome(tmp_path: Path, releases: Path, server: Server, harm: proxy.Harm, seed: int) -> tuple[str, object]:
    """`old` or `new`, and what update() said; anything else fails."""
    board = Board(tmp_path / "board", releases, "1.0.0")
    with proxy.proxied(server.port, harm, seed) as link:
        said = board.run(link.port, "update", attributes={"timeout_ms": 400})[0]
    if said == "1.0.1":
        assert (board.root / "boot").read_text() == "ota_1"
        *_, status = board.run(server.port, *INSTALL[1:], "status")
        assert status["version"] == "1.0.1"
        assert board.release() == tree(releases / "1.0.1")
        image = (releases / "firmware_1.0.1.bin").read_bytes()
        assert (board.root / "ota_1").read_bytes()[: len(image)] == image
        return "new", said
    assert isinstance(said, dict), said
    confirmed, status = board.run(server.port, "confirm", "status")
    assert (confirmed, status["version"], status["state"] in ("idle", "downloading")) == (False, "1.0.0", True)
    assert board.release() == tree(releases / "1.0.0")
    assert not (board.root / "boot").exists()
    # What has come stays, and a better link brings the rest.
    assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
    assert board.release() == tree(releases / "1.0.1")
    return "old", said["code"]


HARMS = [
    proxy.delays,
    proxy.cuts,
    proxy.resets,
    proxy.corrupts,
    proxy.corrupts_bodies,
    proxy.truncates,
    proxy.says_500,
]
REASONS = {"link", "truncated", "timeout", "hash_mismatch", "http_header", "http_status", "http_refused", "http_range"}
REASONS |= {"manifest_differs"}


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
@pytest.mark.parametrize("seed", SEEDS)
def test_harm(tmp_path: Path, releases: Path, server: Server, harm: proxy.Harm, seed: int) -> None:
    ended, said = outcome(tmp_path, releases, server, harm, seed)
    assert ended == "new" or said in REASONS


@pytest.mark.parametrize(("harm", "reason"), [(proxy.always_500, "http_status"), (proxy.drips, "timeout")])
def test_a_link_that_never_works(tmp_path: Path, releases: Path, server: Server, harm: proxy.Harm, reason: str) -> None:
    assert outcome(tmp_path, releases, server, harm, 0) == ("old", reason)


def test_200_to_a_range_request(tmp_path: Path, releases: Path, server: Server) -> None:
    """What came before must not stay in front of the whole file."""

    def cut_first(link: proxy.Link, response: bytes) -> Iterator[bytes]:
        if response.startswith(b"HTTP/1.1 206"):
            ignored.append(response)
            yield whole[0]
        elif len(response) > 3000 and not whole and b"json" not in response:
            whole.append(response)
            yield response[:-500]
            link.close()
        else:
            yield response

    whole: list[bytes] = []
    ignored: list[bytes] = []
    assert outcome(tmp_path, releases, server, cut_first, 0) == ("new", "1.0.1")
    assert ignored


def test_a_part_is_asked_for_by_range(tmp_path: Path, releases: Path, server: Server) -> None:
    def cut_big(link: proxy.Link, response: bytes) -> Iterator[bytes]:
        if len(response) > 3000 and response.startswith(b"HTTP/1.1 200") and b"json" not in response:
            yield response[:-500]
            link.close()
        yield response

    assert outcome(tmp_path, releases, server, cut_big, 0) == ("new", "1.0.1")


def test_one_connection(tmp_path: Path, releases: Path, server: Server) -> None:
    board = Board(tmp_path / "board", releases, "1.0.0")
    with proxy.proxied(server.port, proxy.nothing, 0) as link:
        assert board.run(link.port, "update") == ["1.0.1"]
        assert link.connections == 1
        assert len(link.requests) >= FILES
