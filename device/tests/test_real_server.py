"""Updates from `airwaybill serve`."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Iterator
from pathlib import Path

import proxy
import pytest
from board import INSTALL, INSTALLED, ROOT, Board, Server, tree


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
    assert board.run(server.port, "verify") == [{"checked": 4, "problems": []}]
    before = board.release()
    version, waiting, early = board.run(server.port, "update", "status", "confirm")
    assert (version, early["code"]) == ("1.0.1", "not_started")
    assert (waiting["state"], waiting["version"], waiting["starts"]) == ("applying", "1.0.0", 0)
    # No live file changes before the next start.
    assert board.release() == before
    _, installed, _, trial, verified, confirmed, idle, again, *_ = board.run(
        server.port, "start", "status", "start", "status", "verify", "confirm", "status", "confirm"
    )
    assert (confirmed, again) == (True, False)
    assert (installed["state"], installed["version"], installed["starts"]) == ("trial", "1.0.1", 0)
    assert (trial["state"], trial["firmware"], trial["starts"]) == ("trial", "1.0.1", 1)
    assert verified == {"checked": 4, "problems": []}
    assert (idle["state"], idle["version"], idle["error"]) == ("idle", "1.0.1", None)
    assert board.release() == released(releases, "1.0.1")
    assert set(board.files()) - set(board.release()) == {"flash/waybill/version", "flash/waybill/files"}
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
    shutil.copy(releases / "1.0.0" / "flash" / "boot.py", board.root / "flash")  # D7: no release brings it
    assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
    assert board.release() == released(releases, "1.0.1")


ROLLED_BACK = ("update", *["start"] * 6)  # placed, three on trial, then the way back: the files, and the old firmware


def test_three_starts_without_confirm(tmp_path: Path, releases: Path, server: Server) -> None:
    board = board_at(tmp_path, releases, "1.0.0")
    before = board.files()
    steps = ["update", "start", *["start", "status"] * 3, "start", "start", "status"]
    results = board.run(server.port, *steps)
    trial = results[3:8:2]
    assert [(status["state"], status["starts"]) for status in trial] == [("trial", 1), ("trial", 2), ("trial", 3)]
    rolled_back = results[-1]
    assert (rolled_back["state"], rolled_back["version"], rolled_back["firmware"]) == ("rolled back", "1.0.0", "1.0.0")
    # D15: by starts alone, which the power may have been: once more before it is refused.
    assert (rolled_back["refused"], rolled_back["error"]) == (None, "not_confirmed")
    assert (board.root / "boot").read_text() == "ota_0"
    assert board.release() == released(releases, "1.0.0")
    assert {path: data for path, data in board.files().items() if path != "flash/waybill/report"} == before
    *_, status, refused, _, _ = board.run(server.port, *ROLLED_BACK, "status", "update", "start", "status")
    assert (status["state"], status["version"], status["refused"]) == ("rolled back", "1.0.0", "1.0.1")
    # Not again by itself: devices in the field would never stop.
    assert refused["code"] == "refused"
    assert "1.0.1 was rolled back: not_confirmed" in refused["detail"]
    assert board.release() == released(releases, "1.0.0")
    *confirmed, status = board.run(server.port, ("update", {"retry": True}), *INSTALL[1:], "status")
    assert confirmed == ["1.0.1", *INSTALLED]
    assert status == {
        "state": "idle",
        "version": "1.0.1",
        "firmware": "1.0.1",
        "starts": 0,
        "refused": None,
        "error": None,
    }


def test_a_release_that_the_application_takes_back(tmp_path: Path, releases: Path, server: Server) -> None:
    board = board_at(tmp_path, releases, "1.0.0")
    back = ("rollback", {"reason": "no pulses"})
    results = board.run(server.port, "update", "start", "start", back, "start", "status", "update")
    assert results[3] is True
    assert (results[5]["refused"], results[5]["error"]) == ("1.0.1", "no pulses")
    assert results[6]["code"] == "refused"
    mended = Path(shutil.copytree(releases / "1.0.1", tmp_path / "1.0.2"))
    (mended / "flash" / "main.py").write_text("print('mended')\n")
    mended.rename(releases / "1.0.2")  # in one step: this server lets nothing settle
    with Server(releases) as again:
        assert board.run(again.port, *INSTALL) == ["1.0.2", *INSTALLED]
    assert board.release() == released(releases, "1.0.2")


def test_a_release_of_the_same_name_with_other_content(tmp_path: Path, releases: Path, server: Server) -> None:
    """D14: what was rolled back is refused, and what was mended under its name is not."""
    board = board_at(tmp_path, releases, "1.0.0")
    results = board.run(server.port, "update", "start", "start", "rollback", "start", "update")
    assert results[5]["code"] == "refused"
    (releases / "1.0.1" / "flash" / "main.py").write_text("print('mended')\n")
    with Server(releases) as again:
        assert board.run(again.port, *INSTALL) == ["1.0.1", *INSTALLED]
    assert board.release() == released(releases, "1.0.1")


def test_an_install_that_keeps_failing(tmp_path: Path, releases: Path) -> None:
    """It is fetched three times, and then again when the user asks, or for another release. A rename that fails
    restarts the board, twenty times."""
    failing = ["update", *["start"] * 22]
    board = board_at(tmp_path, releases, "1.0.0")
    log = tmp_path / "log"
    with Server(releases, log=log) as server:
        retry = ("update", {"retry": True})
        steps = [*failing * 3, "status", "update", retry, *failing[1:], "update"]
        results = board.run(server.port, *steps, broken="/flash/main.py")
    status, refused, again, last = *results[3 * len(failing) : 3 * len(failing) + 3], results[-1]
    assert (status["state"], status["version"], status["refused"]) == ("rolled back", "1.0.0", "1.0.1")
    assert status["error"] == "not_installed"
    assert refused["code"] == last["code"] == "refused"
    assert refused["detail"] == "1.0.1 was rolled back: not_installed"
    assert again == "1.0.1"
    assert log.read_text().count('"path":"/1.0.1/flash/main.py"') == 4
    assert board.release() == released(releases, "1.0.0")
    (releases / "1.0.1").rename(releases / "1.0.2")
    with Server(releases) as server:
        assert board.run(server.port, *INSTALL) == ["1.0.2", *INSTALLED]


def test_a_watchdog_is_fed(tmp_path: Path, releases: Path) -> None:
    """With every kilobyte that comes or is looked at again, and while nothing comes."""
    (releases / "1.0.1" / "flash" / "big.bin").write_bytes(bytes(100_000))
    board = board_at(tmp_path, releases, "1.0.0", watchdog=True)
    fed = ("run", {"code": "len(fed)"})
    with Server(releases) as server:
        version, update, _, placed, _, confirmed = board.run(
            server.port, "update", fed, "start", fed, "start", "confirm"
        )
    assert (version, confirmed) == ("1.0.1", True)
    assert update > 200
    assert placed > update + 100  # what is placed is looked at again
    with socket.create_server(("127.0.0.1", 0)) as silent:
        patience = {"timeout_ms": 1200, "tries": 1}
        said, waiting = board.run(silent.getsockname()[1], "update", fed, attributes=patience)
    assert said["code"] == "timeout"
    assert waiting >= 3


def test_directories_come_and_go(tmp_path: Path, releases: Path, server: Server) -> None:
    shutil.copytree(releases / "1.0.1", releases / "1.1.0")
    (releases / "1.1.0" / "flash/a/b").mkdir(parents=True)
    (releases / "1.1.0" / "flash/a/b/c.py").write_text("pass\n")
    with Server(releases) as first:
        board = board_at(tmp_path, releases, "1.0.1")
        assert board.run(first.port, *INSTALL) == ["1.1.0", *INSTALLED]
        assert (board.root / "flash/a/b/c.py").is_file()
    shutil.copytree(releases / "1.0.1", releases / "1.2.0")
    with Server(releases) as second:
        assert board.run(second.port, "update", "start") == ["1.2.0", None]
        assert not (board.root / "flash/a").exists()
        assert board.run(second.port, "start", ("rollback", {}), "start")[1] is True
        assert (board.root / "flash/a/b/c.py").is_file()
        assert board.run(second.port, ("update", {"retry": True}), *INSTALL[1:]) == ["1.2.0", *INSTALLED]
    assert not (board.root / "flash/a").exists()
    assert (board.root / "flash/lib").is_dir()


def test_a_directory_that_the_device_made(tmp_path: Path, releases: Path, server: Server) -> None:
    """D9: empty directories go only if the release that goes had made them."""
    shutil.copytree(releases / "1.0.1", releases / "1.1.0")
    (releases / "1.1.0" / "flash/logs").mkdir()
    (releases / "1.1.0" / "flash/logs/settings.json").write_text("{}")
    board = board_at(tmp_path, releases, "1.0.1")
    (board.root / "flash/logs").mkdir()
    with Server(releases) as first:
        assert board.run(first.port, *INSTALL) == ["1.1.0", *INSTALLED]
    shutil.copytree(releases / "1.0.1", releases / "1.2.0")
    with Server(releases) as second:
        assert board.run(second.port, *INSTALL) == ["1.2.0", *INSTALLED]
    assert list((board.root / "flash/logs").iterdir()) == []


def test_firmware_only(tmp_path: Path, releases: Path, server: Server) -> None:
    board = board_at(tmp_path, releases, "1.0.1")
    (board.root / "flash/waybill/version").write_text("1.0.1\n1.0.0\n")
    assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
    assert (board.root / "flash/waybill/version").read_text() == "1.0.1\n1.0.1\n"
    assert board.run(server.port, "update") == [None]


def test_files_without_firmware(tmp_path: Path, releases: Path, server: Server) -> None:
    """D12: a board that cannot write firmware takes the files, and says so."""
    board = board_at(tmp_path, releases, "1.0.0", board=None)
    *done, status = board.run(server.port, *INSTALL, "status")
    assert done == ["1.0.1", *INSTALLED]
    assert (status["version"], status["firmware"]) == ("1.0.1", "1.0.0")
    assert status["error"].startswith("firmware_unsupported")
    assert board.release() == released(releases, "1.0.1")


def test_firmware_that_is_not_wanted(tmp_path: Path, releases: Path, server: Server) -> None:
    board = board_at(tmp_path, releases, "1.0.0", settings={"firmware": False})
    *done, status = board.run(server.port, *INSTALL, "status")
    assert done == ["1.0.1", *INSTALLED]
    assert (status["firmware"], status["error"]) == ("1.0.0", None)
    assert board.release() == released(releases, "1.0.1")
    assert not (board.root / "boot").exists()


def test_characters_that_a_request_encodes(tmp_path: Path, releases: Path) -> None:
    for version in ("1.0.1+b5", "1.0.1+b6"):
        shutil.copytree(releases / "1.0.1", releases / version)
        (releases / version / "sd" / f"añ b%2F+{version}.txt").write_text(version)
    (releases / "firmware_1.0.1+b6.bin").write_bytes(b"\xe9" * 100)
    with Server(releases) as server:
        board = board_at(tmp_path, releases, "1.0.1+b5")
        assert board.run(server.port, *INSTALL) == ["1.0.1+b6", *INSTALLED]
    assert board.release() == released(releases, "1.0.1+b6")


def test_a_server_with_absolute_dst_paths(tmp_path: Path, releases: Path) -> None:
    with Server(releases, "--dst-paths", "absolute") as server:
        board = board_at(tmp_path, releases, "1.0.0")
        assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
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
    assert board.run(server.port, *INSTALL, blocks=64) == ["1.0.1", *INSTALLED]


def test_starts_again_where_it_stopped(tmp_path: Path, releases: Path) -> None:
    (releases / "1.0.1" / "flash" / "lib" / "part.bin").write_bytes(bytes(range(256)) * 40)
    board = board_at(tmp_path, releases, "1.0.0")

    def dies(link: proxy.Link, response: bytes) -> Iterator[bytes]:
        if b"\r\ncontent-length: 10240\r\n" in response.lower():
            yield response[: response.index(b"\r\n\r\n") + 4 + 7000]
            link.close()
        yield response

    with Server(releases) as server, proxy.proxied(server.port, dies, 0) as link:
        result, status = board.run(link.port, "update", "status", attributes={"tries": 1})
    assert (result["code"], status["state"]) == ("truncated", "downloading")
    assert board.release() == released(releases, "1.0.0")
    log = tmp_path / "log"
    with Server(releases, log=log) as server:
        assert board.run(server.port, *INSTALL) == ["1.0.1", *INSTALLED]
    assert board.release() == released(releases, "1.0.1")
    lines = log.read_text()
    assert '"path":"/1.0.1/flash/lib/part.bin","query":"","http":"1.1","status":206,"bytes":3240' in lines
    assert "/1.0.1/flash/lib/new_lib.py" not in lines
