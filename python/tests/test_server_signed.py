"""H8: only what devices with the keys of the directory take is offered."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from conftest import Call
from content import write
from server_support import Server, eventually, serving
from signing_support import new_keys
from test_server_check import log_of, reasons, target

from airwaybill import Catalog
from airwaybill.server.config import Config
from airwaybill.server.releases import Releases


@pytest.fixture
def signed(root: Path, tmp_path: Path, call: Call) -> Path:
    """A directory of two releases, the lower one of which is signed."""
    write(root, {"firmware_1.0.1.bin": b"image"})
    new_keys(root, tmp_path / "keys")
    sign(root, call, "1.0.0")
    return root


def sign(root: Path, call: Call, *arguments: str) -> None:
    assert call("sign", root, *arguments, "--key", root.parent / "keys/office").code == 0


def offered(server: Server) -> list[str]:
    return [*server.health()["releases"], *server.health()["firmware"]]


def test_what_is_not_signed_is_held_back_until_it_is(signed: Path, log: Path, call: Call) -> None:
    with serving(signed, log, "--settle", "0", "--signed-only") as server:
        assert offered(server) == ["1.0.0"]
        assert reasons(server.health()["held_back"]) == [("1.0.1", "unsigned"), ("firmware_1.0.1.bin", "unsigned")]
        assert target(server)["version"] == "1.0.0"
        assert 'held back: 1.0.1: unsigned: there is no "1.0.1.waybill": sign it' in log_of(server)
        # Documents are served as they are.
        assert server.get("/1.0.0.waybill").body == (signed / "1.0.0.waybill").read_bytes()
        assert server.get("/1.0.0.waybill.sig").status == 200
        assert [server.get(f"/keys/{number}.waybill").status for number in (1, 2)] == [200, 404]

        sign(signed, call, "1.0.1")
        eventually(lambda: offered(server), lambda found: found == ["1.0.0", "1.0.1", "firmware_1.0.1.bin"])
        assert target(server)["version"] == "1.0.1"

        write(signed, {"1.0.1/flash/main.py": b"TWO\n"})
        eventually(lambda: offered(server), lambda found: "1.0.1" not in found)
        # C10: the image was made for it.
        assert reasons(server.health()["held_back"]) == [
            ("1.0.1", "signed_mismatch"),
            ("firmware_1.0.1.bin", "signed_mismatch"),
        ]
        # C9: a device that has it has what it was when it was last offered.
        assert server.get("/manifest.json?current_ver=1.0.1").status == 200


def test_the_page_gets_who_signed_what(signed: Path, log: Path) -> None:
    with serving(signed, log, "--settle", "0", "--signed-only") as server:
        listing = server.get("/_preview/listing.json").json()
        assert reasons(listing["options"]["unsigned"]) == [("1.0.1", "unsigned"), ("firmware_1.0.1.bin", "unsigned")]
        shown = {one["path"]: (one["sequence"], len(one["verdict"]["signers"])) for one in listing["signed"]["list"]}
        assert shown == {"1.0.0": (1, 1), "1.0.1": (None, 0), "firmware_1.0.1.bin": (None, 0)}


def damaged(root: Path) -> None:
    write(root, {"keys/1.waybill": b"<html>"})


def skipped(root: Path) -> None:
    shutil.copy(root / "keys/1.waybill", root / "keys/2.waybill")


def missing(root: Path) -> None:
    shutil.rmtree(root / "keys")


@pytest.mark.parametrize(
    ("harm", "code"), [(missing, "keys_missing"), (damaged, "document_line_end"), (skipped, "keys_skipped")]
)
def test_without_keys_that_hold_nothing_is_offered(harm: Any, code: str, signed: Path, log: Path) -> None:
    harm(signed)
    with serving(signed, log, "--settle", "0", "--signed-only") as server:
        assert offered(server) == []
        assert {reason for _, reason in reasons(server.health()["held_back"])} == {code}
        assert target(server) is None


@pytest.mark.parametrize(("versions", "catalogs"), [(["1.0.1"], 1), ([], 2)])
def test_what_is_all_signed_is_sorted_once(signed: Path, call: Call, versions: list[str], catalogs: int) -> None:
    for version in versions:
        sign(signed, call, version)
    made = []

    class Counted(Config):
        def catalog(self, *arguments: Any) -> Catalog:
            made.append(super().catalog(*arguments))
            return made[-1]

    releases = Releases(str(signed), Counted(settle=0, signed_only=True))
    releases.look()
    assert (len(made), len(releases.snapshot().releases)) == (catalogs, 1 + len(versions))


def test_what_expires_is_held_back_then(signed: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    sign(signed, call, "1.0.1", "--expires", "2099-01-01T00:00:00Z")
    releases = Releases(str(signed), Config(settle=0, signed_only=True))
    generations, rests = [], []
    for now in (4070908798, 4070908799, 4070908800, 4070908801):
        monkeypatch.setattr("time.time", lambda now=now: now)
        releases.look()
        snapshot = releases.current
        assert snapshot is not None
        generations.append((snapshot.generation, snapshot.releases))
        rests.append(releases._rest)
    assert rests[:2] == [2, 1]
    assert generations == [(1, ("1.0.0", "1.0.1"))] * 2 + [(2, ("1.0.0",))] * 2


def test_without_the_option_all_is_offered_and_the_page_gets_who_signed_what(signed: Path, log: Path) -> None:
    with serving(signed, log, "--settle", "0") as server:
        assert offered(server) == ["1.0.0", "1.0.1", "firmware_1.0.1.bin"]
        assert server.health()["ignored"] == 0
        judged = server.get("/_preview/listing.json").json()["signed"]
        assert (judged["only"], [one["path"] for one in judged["list"]]) == (False, offered(server))
        assert [len(one["verdict"]["signers"]) for one in judged["list"]] == [1, 0, 0]


def test_inspect_shows_what_would_be_held_back(signed: Path, call: Call) -> None:
    shown = call("inspect", signed, "--signed-only").out
    assert "1.0.1               unsigned  there is no" in shown
    assert shown.endswith("1 releases, 0 firmware images\n")
