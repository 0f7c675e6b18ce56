"""A device with keys that has no record: the signed waybill of its own version stands in its place (T7)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from answers import answering
from board import INSTALL, INSTALLED, Board, tree
from proxy import Link, proxied
from signed_device import NOW, RELEASES, Files, board_of, image_of, release_of, served, sign, update
from signing import OFFICE, STRANGER, Waybill, keys, signed

GONE = "sd/asset_that_will_be_removed.wav"
OLD = release_of("1.0.0", sequence=16)
# What the server has for 1.0.0, and whether the device, which is on it without a record, takes that for its record.
DELIVERED: dict[str, tuple[Files, bool]] = {
    "signed": (signed("1.0.0", OLD.render(), OFFICE), True),
    "expired": (signed("1.0.0", release_of("1.0.0", expires="2026-11-27T12:00:00Z").render(), OFFICE), True),
    "below-the-floor": (signed("1.0.0", release_of("1.0.0", sequence=3).render(), OFFICE), True),
    "not-there": ({}, False),
    "no-signature": ({"/1.0.0.waybill": OLD.render()}, False),
    "stranger": (signed("1.0.0", OLD.render(), STRANGER), False),
    "byte-of-waybill": ({**signed("1.0.0", OLD.render(), OFFICE), "/1.0.0.waybill": OLD.render()[:-1] + b"x"}, False),
    "no-waybill-at-all": (signed("1.0.0", b"x", OFFICE), False),
    "too-long": ({**signed("1.0.0", OLD.render(), OFFICE), "/1.0.0.waybill.sig": bytes(2000)}, False),
    "another-release": (signed("1.0.0", release_of("1.0.0").render().replace(b"e 1.0.0", b"e 0.9.0"), OFFICE), False),
    "another-product": (signed("1.0.0", release_of("1.0.0", product="other").render(), OFFICE), False),
    "an-image": (signed("1.0.0", image_of("1.0.0").render(), OFFICE), False),
    "device-owned": (
        signed("1.0.0", Waybill({"flash/main.py": b""}, "1.0.0", keep={GONE: b"", "sd/x": b""}).render(), OFFICE),
        False,
    ),
}


@pytest.mark.parametrize("case", DELIVERED)
def test_without_a_record(tmp_path: Path, case: str) -> None:
    """T7: what goes is what the device's own release had put there, as the operator signed it, or nothing."""
    documents, goes = DELIVERED[case]
    board = board_of(tmp_path, keys(floors=(4, 0)), record=False)
    (board.root / "sd/own.txt").write_text("the user's")
    (board.root / "flash/waybill/files").write_bytes(b"damaged")
    files = {**sign(served(current=None), release_of("1.0.1")), **documents}
    steps = (("update", {"now": NOW}), *INSTALL[1:], "verify")
    assert update(files, board, *steps, settings={"firmware": False})[:4] == ["1.0.1", *INSTALLED]
    assert (board.root / GONE).exists() is not goes
    assert (board.root / "sd/own.txt").exists()
    assert not list((board.root / "flash/waybill").glob("fetch*"))


def test_without_a_record_the_client_s_own_stays(tmp_path: Path) -> None:
    """Whatever the waybill lists; and an empty directory goes with the last file of the release in it."""
    releases = tmp_path / "releases"
    shutil.copytree(RELEASES, releases)
    (releases / "1.0.0/flash/pkg/deep").mkdir(parents=True)
    (releases / "1.0.0/flash/pkg/deep/a.py").write_text("1")
    board = Board(tmp_path / "board", releases, "1.0.0", record=False)
    (board.root / "flash/waybill/keys").write_bytes(keys())
    (board.root / "flash/airwaybill").mkdir()
    (board.root / "flash/airwaybill/update.py").write_text("1")
    own = ("flash/WAYBILL/keys", "flash/waybill/keys", "flash/airwaybill/update.py")
    old = Waybill({**tree(releases / "1.0.0"), **dict.fromkeys(own, b"")}, "1.0.0", sequence=16)
    files = sign(served(current=None), release_of("1.0.1"), old)
    assert update(files, board, *INSTALL, settings={"firmware": False}) == ["1.0.1", *INSTALLED]
    there = [(board.root / path).exists() for path in (*own[1:], GONE, "flash/pkg")]
    assert there == [True, True, False, False]


def test_without_a_record_a_link_that_fails_is_an_error(tmp_path: Path) -> None:
    """Nothing is decided by what only the link, or the server, did not bring."""
    board = board_of(tmp_path, record=False)
    before = board.files()
    files = sign(served(current=None), release_of("1.0.1"), OLD)

    def dies(link: Link, response: bytes) -> Iterator[bytes]:
        if b"\nrelease 1.0.0\n" in response:
            link.close()
        yield response

    with answering(files) as server, proxied(server.port, dies, 0) as link:
        [found] = board.run(link.port, "update", attributes={"tries": 2})
    assert found["code"] in ("link", "truncated")
    assert board.files() == before
