"""Firmware and files change together, with what each kind of board can do."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import proxy
import pytest
from board import INSTALL, INSTALLED, ROOT, Board, Server, tree

RELEASES = ROOT / "examples" / "releases"
IMAGE = (RELEASES / "firmware_1.0.1.bin").read_bytes()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server(RELEASES) as running:
        yield running


ON_TRIAL = ("update", *["start"] * 4)  # placed, and three starts


def test_esp32_takes_the_old_firmware_back(tmp_path: Path, server: Server) -> None:
    """The way back ends in a start that runs the old image and has marked it valid (D12)."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    board.run(server.port, *ON_TRIAL)
    assert (board.root / "running").read_text() == "ota_1"
    board.run(server.port, "start", "start")
    assert (board.root / "running").read_text() == (board.root / "valid").read_text() == "ota_0"
    assert (board.root / "flash/waybill/version").read_text() == "1.0.0\n1.0.0\n"
    assert board.release() == tree(RELEASES / "1.0.0")


def test_esp32_firmware_first(tmp_path: Path, server: Server) -> None:
    """D12: the boot loader finds the new firmware wanting, and starts the old one. Three times it is asked for the new
    one; nothing of the files changes."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    reverted = ("run", {"code": "note('boot', 'ota_0')"})
    version = ("run", {"code": "note('flash/lib/new_lib.py')"})
    results = board.run(server.port, "update", *[reverted, "start", version] * 3, "status")
    assert results[3:10:3] == [None] * 3
    assert (results[10]["state"], results[10]["error"]) == ("rolled back", "firmware_reverted")
    assert (board.root / "boot").read_text() == "ota_0"
    assert board.release() == tree(RELEASES / "1.0.0")


def test_esp32_files_follow_the_boot_loader(tmp_path: Path, server: Server) -> None:
    """It goes back during the trial."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    board.run(server.port, "update", "start", "start")
    assert board.release() == tree(RELEASES / "1.0.1")
    (board.root / "boot").write_text("ota_0")
    assert board.run(server.port, "start", "status")[1]["error"] == "firmware_reverted"
    assert board.release() == tree(RELEASES / "1.0.0")


def test_esp32_new_firmware_is_kept_at_once(tmp_path: Path, server: Server) -> None:
    """Before its files are placed: boot() restarts then, and the boot loader would go back."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0", broken="/flash/main.py")
    board.run(server.port, "update", "start")
    assert (board.root / "valid").read_text() == "ota_1"


def test_esp32_only_what_boots_is_marked(tmp_path: Path, server: Server) -> None:
    """D12: the mark is for the active entry of otadata. With another one running it would keep the wrong image."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    board.run(server.port, "update")
    assert (board.root / "boot").read_text() == "ota_1"
    start = "note('running', 'ota_0') or load() or sys.modules['airwaybill_boot'].boot(mounts, False)"
    board.run(server.port, ("run", {"code": start}))
    assert not (board.root / "valid").exists()


def test_esp32_new_firmware_needs_a_start(tmp_path: Path, server: Server) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    results = board.run(server.port, "update", "confirm", "start", "confirm", "start", "confirm")
    assert [results[1]["code"], results[3]["code"]] == ["not_started"] * 2
    assert results[5] is True


def test_esp32_an_image_that_does_not_boot(tmp_path: Path, server: Server) -> None:
    """set_boot looks at the image: no new firmware, so no new files."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    (board.root / "bad_image").write_text("yes")
    results = board.run(server.port, "update", "status", "update")
    assert results[0]["code"] == "firmware_invalid"
    assert (results[1]["state"], results[1]["version"]) == ("rolled back", "1.0.0")
    assert results[2]["code"] == "refused"
    assert board.release() == tree(RELEASES / "1.0.0")


def test_esp32_an_image_that_the_flash_does_not_hold(tmp_path: Path, server: Server) -> None:
    """D12: it is read back before it is made bootable."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    worn = "setattr(Partition, 'writeblocks', lambda self, block, data, offset=0: None) or 0"
    _, result, status = board.run(server.port, ("run", {"code": worn}), "update", "status")
    assert result["code"] == "hash_mismatch"
    assert status["version"] == "1.0.0"
    assert not (board.root / "boot").exists()
    assert board.release() == tree(RELEASES / "1.0.0")


def test_esp32_without_a_second_partition(tmp_path: Path, server: Server) -> None:
    """D12: it takes the files, and says what it has not taken."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    (board.root / "no_second").write_text("yes")
    *done, status = board.run(server.port, *INSTALL, "status")
    assert done == ["1.0.1", *INSTALLED]
    assert status["error"] == "firmware_unsupported: no second partition for firmware"
    assert board.release() == tree(RELEASES / "1.0.1")


@pytest.mark.parametrize("name", ["lib/fast.mpy", "main.mpy"])
def test_modules_for_a_firmware_that_the_board_cannot_write(tmp_path: Path, name: str) -> None:
    """D12: the running one does not read them."""
    releases = Path(shutil.copytree(RELEASES, tmp_path / "releases"))
    (releases / "1.0.1" / "flash" / name).write_bytes(b"M\x09\x00\x1f")
    board = Board(tmp_path / "board", releases, "1.0.0")
    (board.root / "no_second").write_text("yes")
    before = board.files()
    with Server(releases) as server:
        result = board.run(server.port, "update")[0]
    assert (result["code"], result["detail"][: len(name) + 6]) == ("firmware_unsupported", f"flash/{name}")
    assert board.release() == {path: data for path, data in before.items() if "/waybill/" not in path}


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


@pytest.fixture
def big(tmp_path: Path) -> Path:
    """An image of 250,000 bytes for a board whose files are up to date."""
    releases = Path(shutil.copytree(RELEASES, tmp_path / "releases"))
    (releases / "firmware_1.0.1.bin").write_bytes(random.Random(15).randbytes(250_000))
    return releases


def dies_every_40000_bytes(link: proxy.Link, response: bytes) -> Iterator[bytes]:
    link.sent += len(response)
    over = link.sent - 40_000
    yield response if over <= 0 else response[:-over]
    if over > 0:
        link.close()


def test_an_image_over_a_link_that_dies(tmp_path: Path, big: Path) -> None:
    """D12: tries count only without progress."""
    board = Board(tmp_path / "board", big, "1.0.1")
    (board.root / "flash/waybill/version").write_text("1.0.1\n1.0.0\n")
    with Server(big) as server, proxy.proxied(server.port, dies_every_40000_bytes, 0) as link:
        version, erased = board.run(link.port, "update", ("run", {"code": "erased"}))
        assert link.connections == 7
    assert version == "1.0.1"
    assert len(erased) == len(set(erased)) == -(-250_000 // 4096)
    assert (board.root / "ota_1").read_bytes()[:250_000] == (big / "firmware_1.0.1.bin").read_bytes()


def test_an_image_over_several_calls(tmp_path: Path, big: Path) -> None:
    """D12: its offset outlives a call. At most one block of the flash is erased twice for each."""
    board = Board(tmp_path / "board", big, "1.0.1")
    (board.root / "flash/waybill/version").write_text("1.0.1\n1.0.0\n")
    erased: list[int] = []
    calls = 0
    with Server(big) as server, proxy.proxied(server.port, dies_every_40000_bytes, 0) as link:
        result: object = {}
        while isinstance(result, dict):
            result, found = board.run(link.port, "update", ("run", {"code": "erased"}), attributes={"tries": 1})
            assert len(found) - len(set(found)) == 0
            assert len(set(found) & set(erased)) <= 1
            erased += found
            calls += 1
            assert calls < 10
    assert (result, calls) == ("1.0.1", 7)
    assert (board.root / "ota_1").read_bytes()[:250_000] == (big / "firmware_1.0.1.bin").read_bytes()


def test_pycom(tmp_path: Path, server: Server) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board="pycom")
    assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
    assert (board.root / "image").read_bytes() == IMAGE
    assert board.release() == tree(RELEASES / "1.0.1")


def test_pycom_takes_the_old_slot_back(tmp_path: Path, server: Server) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board="pycom")
    board.run(server.port, *ON_TRIAL, "start", "start")
    assert (board.root / "boot").read_text() == "Factory"
    assert board.release() == tree(RELEASES / "1.0.0")


def test_pycom_takes_either_slot_back(tmp_path: Path, server: Server) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board="pycom")
    (board.root / "boot").write_text("ota_0")
    (board.root / "running").write_text("ota_0")
    board.run(server.port, *ON_TRIAL)
    assert (board.root / "running").read_text() == "Factory"
    board.run(server.port, "start", "start")
    assert (board.root / "boot").read_text() == "ota_0"
    assert board.release() == tree(RELEASES / "1.0.0")


def test_pycom_that_cannot_switch_back(tmp_path: Path, server: Server) -> None:
    """The files and the version go back all the same, and the report says what did not."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board="pycom")
    (board.root / "no_bootmgr").write_text("yes")
    status = board.run(server.port, *ON_TRIAL, *["start"] * 4, "status")[-1]
    assert (status["state"], status["version"]) == ("rolled back", "1.0.0")
    assert status["error"].startswith("not_confirmed; the firmware stays")
    assert (board.root / "boot").read_text() == "ota_0"
    assert board.release() == tree(RELEASES / "1.0.0")


CUT = ("run", {"code": "setattr(Pycom, 'ota_finish', lambda self: [][1]) or 0"})


def test_pycom_cut_before_ota_finish(tmp_path: Path, server: Server) -> None:
    """What ota_write has written is lost with the power: nothing of the files changes, and the next update brings
    both."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board="pycom")
    results = board.run(server.port, CUT, "update", "status", "start", "status")
    assert results[1]["detail"].startswith("IndexError")
    assert results[2]["state"] == "applying"
    assert (results[4]["state"], results[4]["error"]) == ("rolled back", "firmware_interrupted")
    assert board.release() == tree(RELEASES / "1.0.0")
    assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]


def test_pycom_power_cuts_refuse_nothing(tmp_path: Path, server: Server) -> None:
    """D3: as often as you like. They are no failed installs."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0", board="pycom")
    for _ in range(4):
        results = board.run(server.port, CUT, "update", "start", "status")
        assert results[1]["detail"].startswith("IndexError")
        assert (results[3]["error"], results[3]["refused"]) == ("firmware_interrupted", None)
    assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
