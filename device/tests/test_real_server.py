"""Updates from `airwaybill serve`."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from board import ROOT, Board, Server, tree


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """The examples; a copy, to which a test can add."""
    return Path(shutil.copytree(ROOT / "examples" / "releases", tmp_path / "releases"))


@pytest.fixture
def server(releases: Path) -> Iterator[Server]:
    with Server(releases) as running:
        yield running


def board_at(tmp_path: Path, releases: Path, version: str | None, **spec: object) -> Board:
    board = Board(tmp_path / "board", releases, version, **spec)
    (board.root / "flash" / "config.py").write_text("SECRET = 1\n")
    return board


def released(releases: Path, version: str) -> dict[str, bytes]:
    return {**tree(releases / version), "flash/config.py": b"SECRET = 1\n"}


def test_update_trial_and_confirm(tmp_path: Path, releases: Path, server: Server) -> None:
    board = board_at(tmp_path, releases, "1.0.0")
    results = board.run(server.port, "update", "status", "start", "status", "verify", "confirm", "status", "confirm")
    version, installed, _, trial, verified, confirmed, idle, again = results
    assert (version, confirmed, again) == ("1.0.1", True, False)
    assert (installed["state"], installed["version"], installed["starts"]) == ("trial", "1.0.1", 0)
    assert (trial["state"], trial["firmware"], trial["starts"]) == ("trial", "1.0.1", 1)
    assert verified == {"checked": 3, "problems": []}
    assert (idle["state"], idle["version"], idle["error"]) == ("idle", "1.0.1", None)
    assert board.release() == released(releases, "1.0.1")
    assert set(board.files()) - set(board.release()) == {"flash/waybill/version"}
    image = (releases / "firmware_1.0.1.bin").read_bytes()
    assert (board.root / "ota_1").read_bytes()[: len(image)] == image
    assert (board.root / "valid").read_text() == "ota_1"


def test_a_device_that_is_up_to_date(tmp_path: Path, releases: Path, server: Server) -> None:
    board = board_at(tmp_path, releases, "1.0.1")
    before = board.files()
    assert board.run(server.port, "update") == [None]
    assert board.files() == before


def test_a_device_without_a_version_gets_everything(tmp_path: Path, releases: Path, server: Server) -> None:
    board = board_at(tmp_path, releases, None)
    (board.root / "flash" / "main.py").write_text("print('as delivered')\n")
    assert board.run(server.port, "update", "start", "confirm") == ["1.0.1", None, True]
    assert board.release() == released(releases, "1.0.1")


def test_three_starts_without_confirm(tmp_path: Path, releases: Path, server: Server) -> None:
    board = board_at(tmp_path, releases, "1.0.0")
    before = board.files()
    steps = ["update", *["start", "status"] * 3, "start", "status", "update", "start", "status"]
    results = board.run(server.port, *steps)
    assert [status["state"] for status in results[2:7:2]] == ["trial"] * 3
    rolled_back = results[8]
    assert (rolled_back["state"], rolled_back["version"], rolled_back["firmware"]) == ("rolled back", "1.0.0", "1.0.0")
    assert (rolled_back["refused"], rolled_back["error"]) == ("1.0.1", "not_confirmed")
    assert (board.root / "boot").read_text() == "ota_0"
    # Not again without being told: field devices would go round for ever.
    assert results[9]["code"] == "refused"
    assert "1.0.1 was rolled back: not_confirmed" in results[9]["detail"]
    assert board.release() == released(releases, "1.0.0")
    assert {path: data for path, data in board.files().items() if path != "flash/waybill/report"} == before
    assert board.run(server.port, ("update", {"retry": True}), "start", "confirm", "status")[2:] == [
        True,
        {"state": "idle", "version": "1.0.1", "firmware": "1.0.1", "starts": 0, "refused": None, "error": None},
    ]


def test_a_higher_release_after_a_rollback(tmp_path: Path, releases: Path, server: Server) -> None:
    board = board_at(tmp_path, releases, "1.0.0")
    results = board.run(server.port, "update", "start", ("rollback", {"reason": "no pulses"}), "start", "status")
    assert results[2] is True
    assert (results[4]["refused"], results[4]["error"]) == ("1.0.1", "no pulses")
    mended = Path(shutil.copytree(releases / "1.0.1", tmp_path / "1.0.2"))
    (mended / "flash" / "main.py").write_text("print('mended')\n")
    mended.rename(releases / "1.0.2")  # in one step: this server lets nothing settle
    assert "1.0.2" in board.run(server.port, *["update"] * 40, "start")
    assert board.run(server.port, "confirm") == [True]
    assert board.release() == released(releases, "1.0.2")


def test_an_install_that_keeps_failing(tmp_path: Path, releases: Path) -> None:
    """It is fetched three times, and then again when the user asks, or for another release."""
    fail = ("run", {"code": "setattr(sys.modules['OTA'].OTA, '_install', lambda *_: open('/no/such/file')) or 0"})
    board = board_at(tmp_path, releases, "1.0.0")
    log = tmp_path / "log"
    with Server(releases, log=log) as server:
        steps = [fail, *["update"] * 4, "status", ("update", {"retry": True}), "update"]
        results = board.run(server.port, *steps)
        assert [result["code"] for result in results[1:5]] == ["install_failed"] * 3 + ["refused"]
        status = results[5]
        assert (status["state"], status["version"], status["refused"]) == ("rolled back", "1.0.0", "1.0.1")
        assert status["error"].startswith("refused: 1.0.1 was rolled back: OSError")
        assert status["error"].endswith(", 3 times")
        assert [result["code"] for result in results[6:]] == ["install_failed", "refused"]
    assert log.read_text().count('"path":"/1.0.1/flash/main.py"') == 4
    assert board.release() == released(releases, "1.0.0")
    (releases / "1.0.1").rename(releases / "1.0.2")
    with Server(releases) as server:
        assert board.run(server.port, "update", "start", "confirm") == ["1.0.2", None, True]


def test_a_watchdog_is_fed(tmp_path: Path, releases: Path) -> None:
    """With every kilobyte that comes or is looked at again, and while nothing comes."""
    (releases / "1.0.1" / "flash" / "big.bin").write_bytes(bytes(100_000))
    board = board_at(tmp_path, releases, "1.0.0", watchdog=True)
    fed = ("run", {"code": "len(fed)"})
    with Server(releases) as server:
        version, update, *_, confirmed = board.run(server.port, "update", fed, "start", "confirm", fed)
    assert version == "1.0.1"
    assert confirmed > update > 200
    with socket.create_server(("127.0.0.1", 0)) as silent:
        patience = {"timeout_ms": 1200, "tries": 1}
        said, waiting = board.run(silent.getsockname()[1], "update", fed, attributes=patience)
    assert said["code"] == "timeout"
    assert waiting >= 3


def test_directories_come_and_go(tmp_path: Path, releases: Path, server: Server) -> None:
    for version, path in (("1.1.0", "flash/a/b/c.py"), ("1.2.0", "flash/d/e.py")):
        shutil.copytree(releases / "1.0.1", releases / version)
        (releases / version / path).parent.mkdir(parents=True)
        (releases / version / path).write_text("pass\n")
    shutil.rmtree(releases / "1.2.0", ignore_errors=True)
    with Server(releases) as first:
        board = board_at(tmp_path, releases, "1.0.1")
        assert board.run(first.port, "update", "start", "confirm") == ["1.1.0", None, True]
        assert (board.root / "flash/a/b/c.py").is_file()
    shutil.copytree(releases / "1.0.1", releases / "1.2.0")
    with Server(releases) as second:
        assert board.run(second.port, "update", "start") == ["1.2.0", None]
        assert (board.root / "flash/a/b/c.py.bak").is_file()
        assert board.run(second.port, "confirm") == [True]
    assert not (board.root / "flash/a").exists()
    assert (board.root / "flash/lib").is_dir()


def test_firmware_only(tmp_path: Path, releases: Path, server: Server) -> None:
    board = board_at(tmp_path, releases, "1.0.1")
    (board.root / "flash/waybill/version").write_text("1.0.1\n1.0.0\n")
    assert board.run(server.port, "update", "start", "confirm", "status", "update")[:3] == ["1.0.1", None, True]
    assert (board.root / "flash/waybill/version").read_text() == "1.0.1\n1.0.1\n"
    assert board.run(server.port, "update") == [None]


def test_files_without_firmware(tmp_path: Path, releases: Path, server: Server) -> None:
    board = board_at(tmp_path, releases, "1.0.0", board=None)
    before = board.files()
    refused, status = board.run(server.port, "update", "status")
    assert (refused["code"], status["state"]) == ("firmware_unsupported", "idle")
    assert board.files() == before
    settings = {"firmware": False}
    assert board.run(server.port, "update", "start", "confirm", settings=settings) == ["1.0.1", None, True]
    assert board.release() == released(releases, "1.0.1")


def test_characters_that_a_request_encodes(tmp_path: Path, releases: Path) -> None:
    for version in ("1.0.1+b5", "1.0.1+b6"):
        shutil.copytree(releases / "1.0.1", releases / version)
        (releases / version / "sd" / f"añ b%2F+{version}.txt").write_text(version)
    (releases / "firmware_1.0.1+b6.bin").write_bytes(b"\xe9" * 100)
    with Server(releases) as server:
        board = board_at(tmp_path, releases, "1.0.1+b5")
        assert board.run(server.port, "update", "start", "confirm") == ["1.0.1+b6", None, True]
    assert board.release() == released(releases, "1.0.1+b6")


def test_a_server_with_absolute_paths(tmp_path: Path, releases: Path) -> None:
    with Server(releases, "--absolute-paths") as server:
        board = board_at(tmp_path, releases, "1.0.0")
        assert board.run(server.port, "update", "start", "confirm") == ["1.0.1", None, True]
    assert board.release() == released(releases, "1.0.1")


def test_room_is_looked_for_first(tmp_path: Path, releases: Path, server: Server) -> None:
    board = board_at(tmp_path, releases, "1.0.0")
    (board.root / "flash" / "log.bin").write_bytes(bytes(60_000))
    steps = [("list", {"path": "/flash"}), "update", ("list", {"path": "/flash"}), "status"]
    before, refused, after, status = board.run(server.port, *steps, blocks=32)
    assert refused["code"] == "space"
    assert "/flash needs" in refused["detail"]
    assert before == after
    assert status["error"].startswith("space: /flash needs")
    assert board.run(server.port, "update", "start", "confirm", blocks=64) == ["1.0.1", None, True]


def test_starts_again_where_it_stopped(tmp_path: Path, releases: Path) -> None:
    (releases / "1.0.1" / "flash" / "big.bin").write_bytes(bytes(range(256)) * 40)
    board = board_at(tmp_path, releases, "1.0.0")
    (board.root / "flash" / "big.bin.new").write_bytes((bytes(range(256)) * 40)[:7000])
    (board.root / "flash" / "main.py.new").write_bytes((releases / "1.0.1" / "flash" / "main.py").read_bytes())
    log = tmp_path / "log"
    with Server(releases, log=log) as server:
        assert board.run(server.port, "update", "start", "confirm") == ["1.0.1", None, True]
    assert board.release() == released(releases, "1.0.1")
    lines = log.read_text()
    assert '"path":"/1.0.1/flash/big.bin","query":"","http":"1.1","status":206,"bytes":3240' in lines
    assert "/1.0.1/flash/main.py" not in lines
