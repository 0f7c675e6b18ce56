"""S7: the client, and releases that `airwaybill publish` put onto an object storage, or into a folder behind nginx."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

import proxy
import pytest
from board import INSTALL, INSTALLED, ROOT, Board, find, tree
from stores import Place, Site, behind_nginx, credentials, in_bucket, object_storage

NOW = [2026, 11, 27, 12, 0, 0]


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    with object_storage(tmp_path_factory.mktemp("storage")) as site:
        yield site


@pytest.fixture(params=["s3", "nginx"])
def place(request: pytest.FixtureRequest, storage: Site, tmp_path: Path) -> Iterator[Place]:
    """A bucket in the path of the URL, which anyone may read and nobody list; or a folder."""
    if request.param == "s3":
        yield in_bucket(storage)
    else:
        with behind_nginx(tmp_path) as place:
            yield place


class Fleet:
    """The examples, with 1.0.2+a above them, published; devices ask by path."""

    def __init__(self, place: Place, storage: Site, top: Path) -> None:
        self.place = place
        self.releases = Path(shutil.copytree(ROOT / "examples" / "releases", top / "releases"))
        self._environment = {**os.environ, **credentials(storage), "AIRWAYBILL_SETTLE": "0"}
        self.publish()

    def publish(self, *options: str) -> bytes:
        command = [find("airwaybill", "AIRWAYBILL"), "publish", self.releases, self.place.destination, *options]
        arguments = [*command, "--base-url", self.place.site.base_url]
        return subprocess.run(arguments, check=True, env=self._environment, stdout=subprocess.PIPE).stdout

    def add(self, version: str) -> None:
        """One that nobody has signed."""
        shutil.copytree(self.releases / "1.0.1", self.releases / version)
        (self.releases / version / "flash" / "main.py").write_text(f"print({version!r})\n")
        self.publish()

    def board(self, top: Path, version: str | None, releases: Path | None = None) -> Board:
        settings = {"static": True, "prefix": self.place.site.prefix.strip("/")}
        return Board(top / "board", releases or self.releases, version, settings=settings)


@pytest.fixture
def fleet(place: Place, storage: Site, tmp_path: Path) -> Fleet:
    return Fleet(place, storage, tmp_path)


def test_a_full_install(fleet: Fleet, tmp_path: Path) -> None:
    board = fleet.board(tmp_path, None)
    shutil.copy(fleet.releases / "1.0.0" / "flash" / "boot.py", board.root / "flash")  # D7: no release brings it
    assert board.run(fleet.place.site.port, *INSTALL) == ["1.0.1", *INSTALLED]
    assert board.release() == tree(fleet.releases / "1.0.1")


def test_an_update_and_then_none(fleet: Fleet, tmp_path: Path) -> None:
    board = fleet.board(tmp_path, "1.0.0")
    port = fleet.place.site.port
    assert board.run(port, *INSTALL, "check", "update") == ["1.0.1", *INSTALLED, None, None]
    assert board.release() == tree(fleet.releases / "1.0.1")
    image = (fleet.releases / "firmware_1.0.1.bin").read_bytes()
    assert (board.root / "ota_1").read_bytes()[: len(image)] == image


def test_a_release_that_nobody_confirms(fleet: Fleet, tmp_path: Path) -> None:
    board = fleet.board(tmp_path, "1.0.0")
    *_, status = board.run(fleet.place.site.port, "update", *["start"] * 6, "status")
    assert (status["state"], status["version"], status["firmware"]) == ("rolled back", "1.0.0", "1.0.0")
    assert board.release() == tree(fleet.releases / "1.0.0")


def test_a_version_with_a_plus(fleet: Fleet, tmp_path: Path) -> None:
    board = fleet.board(tmp_path, "1.0.1")
    fleet.add("1.0.2+a")
    assert board.run(fleet.place.site.port, *INSTALL, "check") == ["1.0.2+a", *INSTALLED, None]
    assert board.release() == tree(fleet.releases / "1.0.2+a")
    fleet.add("1.0.2+b")
    assert board.run(fleet.place.site.port, *INSTALL, "check") == ["1.0.2+b", *INSTALLED, None]
    assert board.release() == tree(fleet.releases / "1.0.2+b")


def test_a_version_that_the_store_does_not_know(fleet: Fleet, tmp_path: Path) -> None:
    """Nor is there an image of the firmware that it names."""
    shutil.copytree(fleet.releases / "1.0.0", tmp_path / "old" / "0.9.0")
    board = fleet.board(tmp_path, "0.9.0", tmp_path / "old")
    assert board.run(fleet.place.site.port, *INSTALL) == ["1.0.1", *INSTALLED]
    assert board.release() == tree(fleet.releases / "1.0.1")


def test_a_release_that_was_withdrawn_stays_on_its_devices(fleet: Fleet, tmp_path: Path) -> None:
    fleet.add("1.0.2")
    board = fleet.board(tmp_path, "1.0.2")
    (fleet.releases / "1.0.2").rename(fleet.releases / "1.0.2.bak")
    fleet.publish()
    assert board.run(fleet.place.site.port, "check", "update") == [None, None]


def test_a_device_with_keys(fleet: Fleet, tmp_path: Path) -> None:
    board = fleet.board(tmp_path, "1.0.0")
    shutil.copy(fleet.releases / "keys" / "1.waybill", board.root / "flash/waybill/keys")
    steps = [("update", {"now": NOW}), *INSTALL[1:]]
    assert board.run(fleet.place.site.port, *steps) == ["1.0.1", *INSTALLED]
    assert board.release() == tree(fleet.releases / "1.0.1")
    fleet.add("1.0.2")
    (refused,) = board.run(fleet.place.site.port, ("update", {"now": NOW}))
    assert refused["code"] == "unsigned"


def test_a_download_that_is_cut_off_goes_on(fleet: Fleet, tmp_path: Path) -> None:
    board = fleet.board(tmp_path, "1.0.0")
    cut: list[int] = []

    def cuts_the_image_once(link: proxy.Link, response: bytes) -> Iterator[bytes]:
        if len(response) > 100_000 and not cut:
            cut.append(1)
            yield response[:60_000]
            link.close()
        yield response

    with proxy.proxied(fleet.place.site.port, cuts_the_image_once, 1) as link:
        assert board.run(link.port, *INSTALL) == ["1.0.1", *INSTALLED]
        asked = [request.decode() for request in link.requests if b"firmware_1.0.1.bin HTTP" in request]
    assert ["Range: bytes=" in request for request in asked] == [False, True]
    assert unquote(asked[0]).startswith(f"GET {unquote(fleet.place.site.prefix)}/firmware_1.0.1.bin ")
    assert board.release() == tree(fleet.releases / "1.0.1")


def test_what_publish_says_that_devices_ask_for(fleet: Fleet, tmp_path: Path) -> None:
    dry_run = json.loads(fleet.publish("--dry-run", "--json"))
    said = {device["from"]: device["requests"] for device in dry_run["devices"]}
    for version in ("1.0.0", "1.0.1"):
        board = fleet.board(tmp_path / version, version)
        shutil.copy(fleet.releases / "keys" / "1.waybill", board.root / "flash/waybill/keys")
        with proxy.proxied(fleet.place.site.port, proxy.nothing, 1) as link:
            board.run(link.port, ("update", {"now": NOW}))
            assert len(link.requests) == said[version], link.requests
