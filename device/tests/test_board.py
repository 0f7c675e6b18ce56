"""What differs from board to board: WiFi, mount points, and where the client's own files lie."""

from __future__ import annotations

import json
import re
import subprocess
import threading
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from board import DEVICE, ROOT, TESTS, Board, Server, micropython, run_script, tree

RELEASES = ROOT / "examples" / "releases"


@pytest.mark.parametrize("shape", ["mainline", "mainline_if", "pycom"])
def test_wifi(shape: str) -> None:
    """network.WLAN(STA_IF) with connect(ssid, password), and Pycom's WLAN(mode=) with connect(ssid, auth=)."""
    assert run_script(TESTS / "wifi.py", shape) == {"joined": True, "again": 1, "wrong": "wifi"}


def test_a_card_that_is_not_there(tmp_path: Path) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    (board.root / "sd").rename(board.root / "taken")
    before = board.files()
    with Server(RELEASES) as server:
        assert board.run(server.port, "update")[0] == {"code": "mount_missing", "detail": "sd"}
        assert board.files() == before
        (board.root / "taken").rename(board.root / "sd")
        assert board.run(server.port, "update") == ["1.0.1"]
        # Taken out during the trial: the change back waits for it.
        (board.root / "sd").rename(board.root / "taken")
        steps = ["start", "start", "start", "start", "status"]
        assert board.run(server.port, *steps)[4]["error"] == "mount_missing: sd"
        (board.root / "taken").rename(board.root / "sd")
        status = board.run(server.port, "start", "status")[1]
    assert (status["state"], status["version"]) == ("rolled back", "1.0.0")
    assert board.release() == tree(RELEASES / "1.0.0")


def test_flash_at_the_root() -> None:
    """Mainline boards have their flash at /: `flash/main.py` is /main.py, and `flash/sd/x` is not the card's x."""
    assert run_script(TESTS / "root.py") == {
        "default": {"flash": "", "sd": "/sd"},
        "pycom": {"flash": "/flash", "sd": "/sd"},
        "real": "/lib/a.py",
        "card": "/sd/a.txt",
        "no card": False,
        "a directory": False,
        "a card": True,
        "beside": "path_mount",
        "fat": [False, True],
        # Replaced on littlefs, left alone on FAT, unless the user asks.
        "boot.py": [["R", "R"], ["K", "R"], ["R", "R"]],
    }


def test_names_of_older_micropython(tmp_path: Path) -> None:
    """A client that finds no `os`, `json` and so on takes `uos`, `ujson` and so on."""
    client = tmp_path / "client"
    client.mkdir()
    for file in DEVICE.glob("*.py"):
        text = re.sub(r"^( +import )([a-z]+)( +#.*)?$", r"\1no_\2", file.read_text(), flags=re.MULTILINE)
        (client / file.name).write_text(text)
    assert "    import no_os\n" in (client / "OTA.py").read_text()
    assert "    import no_socket\n" in (client / "ota_http.py").read_text()
    board = Board(tmp_path / "board", RELEASES, "1.0.0", settings={"firmware": False})
    with Server(RELEASES) as server:
        assert board.run(server.port, "update", "confirm", client=str(client)) == ["1.0.1", True]


def test_mip_installs_it(tmp_path: Path) -> None:
    handler = partial(SimpleHTTPRequestHandler, directory=str(DEVICE))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        code = (
            f"import mip; mip.install('http://127.0.0.1:{server.server_port}/package.json', target={str(tmp_path)!r})"
        )
        subprocess.run([micropython(), "-c", code], check=True, capture_output=True)
        server.shutdown()
    for file in DEVICE.glob("*.py"):
        assert (tmp_path / file.name).read_bytes() == file.read_bytes()


def test_the_package_lists_every_file() -> None:
    listed = [target for target, _ in json.loads((DEVICE / "package.json").read_text())["urls"]]
    assert sorted(listed) == sorted(file.name for file in DEVICE.glob("*.py"))
