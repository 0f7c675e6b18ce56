"""S7: releases on a store of objects, which asks nobody and takes no query: manifests by path."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from answers import answering
from board import INSTALL, INSTALLED, Board, tree
from content import write
from signed_device import Files, served

import airwaybill

BASE = "http://10.1.1.1:8000/fleet"
STATIC = {"settings": {"static": True, "prefix": "fleet"}}
RELEASES = {
    "1.0.0": {"flash/main.py": b"print(0)\n", "flash/lib/gone.py": b"pass\n"},
    "1.0.1+a": {"flash/main.py": b"print(1)\n", "flash/lib/new.py": b"pass\n", "sd/a+b.txt": b"text\n"},
}


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    for version, files in RELEASES.items():
        write(tmp_path / "releases" / version, files)
    return tmp_path / "releases"


def stored(releases: Path, *manifests: str) -> Files:
    """What a store has below `fleet/`: all files, and manifests by `format/current/firmware`."""
    catalog = airwaybill.scan(str(releases))
    files = {f"/fleet{path}": data for path, data in served(releases, "1.0.1+a").items() if path != "/manifest.json"}
    for name in manifests:
        kind, *said = name.split("/")
        current, firmware = (None if value == "-" else value for value in said)
        made = catalog.manifest_json(BASE, current=current, firmware_version=firmware, format=int(kind))
        files[f"/fleet/m/{name.replace('+', '%2B')}.json"] = made
        files |= {path.replace("+", "%2B"): data for path, data in files.items()}
    return files


def asked(server: Any) -> list[str]:
    """The manifests, each once."""
    paths = [line.split(" ")[1] for line in server.asked]
    return list(dict.fromkeys(path.removeprefix("/fleet/m/") for path in paths if path.startswith("/fleet/m/")))


def board_of(tmp_path: Path, releases: Path, version: str, firmware: str = "") -> Board:
    board = Board(tmp_path / "board", releases, version)
    (board.root / "flash/waybill/version").write_text(f"{version}\n{firmware}\n")
    return board


CASES = {
    "the release that the device has": ("", ["3/1.0.0/-", "3/-/-"], ["3/1.0.0/-.json"]),
    "and its firmware": ("1.0.0", ["3/1.0.0/1.0.0", "3/1.0.0/-", "3/-/-"], ["3/1.0.0/1.0.0.json"]),
    "firmware that the store does not know": (
        "9+v",
        ["3/1.0.0/-", "3/-/-"],
        ["3/1.0.0/9%2Bv.json", "3/1.0.0/-.json"],
    ),
    "a release that the store does not know": (
        "1.0.0",
        ["3/-/1.0.0", "3/-/-"],
        ["3/1.0.0/1.0.0.json", "3/1.0.0/-.json", "3/-/1.0.0.json"],
    ),
    "neither": (
        "1.0.0",
        ["3/-/-"],
        ["3/1.0.0/1.0.0.json", "3/1.0.0/-.json", "3/-/1.0.0.json", "3/-/-.json"],
    ),
}


@pytest.mark.parametrize(("firmware", "manifests", "expected"), CASES.values(), ids=CASES)
@pytest.mark.parametrize("absent", [404, 403])
def test_what_is_asked(
    tmp_path: Path, releases: Path, firmware: str, manifests: list[str], expected: list[str], absent: int
) -> None:
    """403 is what S3 says of what is not there to one who may not list."""
    board = board_of(tmp_path, releases, "1.0.0", firmware)
    with answering(stored(releases, *manifests), absent=absent) as server:
        assert board.run(server.port, *INSTALL, **STATIC) == ["1.0.1+a", *INSTALLED]
        assert asked(server) == expected
    assert board.release() == tree(releases / "1.0.1+a")


def test_a_device_without_a_version(tmp_path: Path, releases: Path) -> None:
    board = Board(tmp_path / "board")
    with answering(stored(releases, "3/-/-")) as server:
        assert board.run(server.port, *INSTALL, **STATIC) == ["1.0.1+a", *INSTALLED]
        assert asked(server) == ["3/-/-.json"]
    assert board.release() == tree(releases / "1.0.1+a")


@pytest.mark.parametrize("manifest", ["3/1.0.1+a/-", "3/-/-"])
def test_up_to_date(tmp_path: Path, releases: Path, manifest: str) -> None:
    """By its own manifest, and where the store has none for its version."""
    board = board_of(tmp_path, releases, "1.0.1+a")
    with answering(stored(releases, manifest)) as server:
        assert board.run(server.port, "check", "update", **STATIC) == [None, None]
        assert asked(server)[-1] == f"{manifest.replace('+', '%2B')}.json"


def empty(files: Files) -> None:
    files["/fleet/m/3/1.0.0/-.json"] = b""


def nothing(files: Files) -> None:
    for path in list(files):
        if path.startswith("/fleet/m/"):
            del files[path]


def of_another(files: Files) -> None:
    files["/fleet/m/3/1.0.0/-.json"] = files["/fleet/m/3/1.0.0/-.json"].replace(b'"1.0.0"', b'"0.9.0"')


@pytest.mark.parametrize(
    ("harm", "code"), [(empty, "json_invalid"), (nothing, "http_refused"), (of_another, "previous_version")]
)
def test_what_is_no_manifest(tmp_path: Path, releases: Path, harm: Callable[[Files], None], code: str) -> None:
    files = stored(releases, "3/1.0.0/-", "3/-/-")
    harm(files)
    board = board_of(tmp_path, releases, "1.0.0")
    with answering(files) as server:
        [said] = board.run(server.port, "update", **STATIC)
    assert said["code"] == code
    assert board.release() == tree(releases / "1.0.0")
