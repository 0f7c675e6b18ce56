"""Firmware and files change together, with what each kind of board can do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from board import ROOT, Board, Server, tree

RELEASES = ROOT / "examples" / "releases"
IMAGE = (RELEASES / "firmware_1.0.1.bin").read_bytes()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(RELEASES) as running:
        yield running


def test_esp32_takes_the_old_firmware_back(tmp_path: Path, server: Server) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    steps = ["update", "start", "start", "start"]
    board.run(server.port, *steps)
    assert (board.root / "running").read_text() == "ota_1"
    board.run(server.port, "start", "start")
    assert (board.root / "running").read_text() == "ota_0"
    assert (board.root / "flash/waybill/version").read_text() == "1.0.0\n1.0.0\n"


def test_esp32_files_follow_the_boot_loader(tmp_path: Path, server: Server) -> None:
    """The boot loader has found the new firmware wanting, and started the old one."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    board.run(server.port, "update")
    (board.root / "boot").write_text("ota_0")
    assert board.run(server.port, "start", "status")[1]["error"] == "firmware_reverted"
    assert board.release() == tree(RELEASES / "1.0.0")


def test_esp32_that_keeps_starting_the_old_firmware(tmp_path: Path, server: Server) -> None:
    """The boot loader falls back each time and leaves the choice as it is: boot() does not restart for ever."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    old = ("run", {"code": "note('running', 'ota_0') or sys.modules['OTA'].OTA(mounts)._start()"})
    results = board.run(server.port, "update", *[old] * 5, "status")
    assert results[1:6] == [True, True, True, True, False]
    assert (results[6]["state"], results[6]["error"]) == ("rolled back", "firmware_reverted")
    assert (board.root / "boot").read_text() == "ota_0"
    assert board.release() == tree(RELEASES / "1.0.0")


def test_esp32_a_cut_after_the_switch(tmp_path: Path, server: Server) -> None:
    """The new firmware runs before the journal says trial. It is kept at once: boot() writes and restarts here."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    cut = """setattr(sys.modules['OTA'].OTA, 'write_beside', (lambda real: lambda self, name, text:
        [][1] if name == 'version' else real(self, name, text))(sys.modules['OTA'].OTA.write_beside)) or 0"""
    fall_back = ("run", {"code": "note('valid') or note('boot', 'ota_0')"})
    results = board.run(server.port, ("run", {"code": cut}), "update", "start", fall_back, "start", "confirm", "status")
    assert results[1]["code"] == "IndexError"
    assert results[3] == "ota_1"
    assert results[5] is True
    assert (results[6]["state"], results[6]["version"]) == ("idle", "1.0.1")


def test_esp32_new_firmware_needs_a_start(tmp_path: Path, server: Server) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    results = board.run(server.port, "update", "confirm", "start", "confirm")
    assert results[1]["code"] == "not_started"
    assert results[3] is True


def test_esp32_an_image_that_does_not_boot(tmp_path: Path, server: Server) -> None:
    """set_boot looks at the image: no new firmware, so no new files."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    (board.root / "bad_image").write_text("yes")
    results = board.run(server.port, "update", "status", "update")
    assert results[0]["code"] == "firmware_invalid"
    assert (results[1]["state"], results[1]["version"]) == ("rolled back", "1.0.0")
    assert results[2]["code"] == "refused"
    assert board.release() == tree(RELEASES / "1.0.0")


def test_esp32_without_a_second_partition(tmp_path: Path, server: Server) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    (board.root / "no_second").write_text("yes")
    before = board.files()
    assert board.run(server.port, "update")[0]["code"] == "firmware_unsupported"
    assert board.files() == before


def test_an_image_that_does_not_fit(tmp_path: Path) -> None:
    releases = tmp_path / "releases"
    for version in ("1.0.0", "1.0.1"):
        (releases / version / "flash").mkdir(parents=True)
        (releases / version / "flash" / "main.py").write_text(version)
    (releases / "firmware_1.0.1.bin").write_bytes(bytes(262145))
    board = Board(tmp_path / "board", releases, "1.0.0")
    before = board.files()
    with Server(releases) as server:
        assert board.run(server.port, "update")[0]["code"] == "image_size"
    assert board.files() == before


def test_pycom(tmp_path: Path, server: Server) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board="pycom")
    assert board.run(server.port, "update", "start", "confirm") == ["1.0.1", None, True]
    assert (board.root / "image").read_bytes() == IMAGE
    assert board.release() == tree(RELEASES / "1.0.1")


def test_pycom_takes_the_old_slot_back(tmp_path: Path, server: Server) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board="pycom")
    board.run(server.port, "update", *["start"] * 4)
    assert (board.root / "boot").read_text() == "Factory"
    assert board.release() == tree(RELEASES / "1.0.0")


def test_pycom_takes_either_slot_back(tmp_path: Path, server: Server) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board="pycom")
    (board.root / "boot").write_text("ota_0")
    (board.root / "running").write_text("ota_0")
    board.run(server.port, "update", "start")
    assert (board.root / "running").read_text() == "Factory"
    board.run(server.port, *["start"] * 3)
    assert (board.root / "boot").read_text() == "ota_0"
    assert board.release() == tree(RELEASES / "1.0.0")


def test_pycom_that_cannot_switch_back(tmp_path: Path, server: Server) -> None:
    """The files and the version go back all the same, and the report says what did not."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board="pycom")
    (board.root / "no_bootmgr").write_text("yes")
    results = board.run(server.port, "update", *["start"] * 4, "status", "update")
    status = results[5]
    assert (status["state"], status["version"], status["refused"]) == ("rolled back", "1.0.0", "1.0.1")
    assert status["error"].startswith("not_confirmed; the firmware stays: TypeError")
    assert results[6]["code"] == "refused"
    assert (board.root / "boot").read_text() == "ota_0"
    assert board.release() == tree(RELEASES / "1.0.0")


def test_pycom_cut_before_ota_finish(tmp_path: Path, server: Server) -> None:
    """What ota_write has written is lost with the power: the files go back, and the next update brings both."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board="pycom")
    cut = "setattr(sys.modules['pycom'].__class__, 'ota_finish', lambda self: [][1]) or 0"
    results = board.run(server.port, ("run", {"code": cut}), "update", "status", "start", "status")
    assert results[1]["code"] == "IndexError"
    assert results[2]["state"] == "applying"
    assert (results[4]["state"], results[4]["error"]) == ("rolled back", "firmware_interrupted")
    assert board.release() == tree(RELEASES / "1.0.0")
    assert board.run(server.port, "update", "start", "confirm") == ["1.0.1", None, True]


def test_pycom_power_cuts_refuse_nothing(tmp_path: Path, server: Server) -> None:
    """D3: as often as you like. They are no failed installs."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board="pycom")
    cut = "setattr(sys.modules['pycom'].__class__, 'ota_finish', lambda self: [][1]) or 0"
    for _ in range(4):
        results = board.run(server.port, ("run", {"code": cut}), "update", "start", "status")
        assert results[1]["code"] == "IndexError"
        assert (results[3]["error"], results[3]["refused"]) == ("firmware_interrupted", None)
    assert board.run(server.port, "update", "start", "confirm") == ["1.0.1", None, True]
