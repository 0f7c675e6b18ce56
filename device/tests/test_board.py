"""What differs from board to board: mount points, and where the client's own files lie."""

from __future__ import annotations

import re
from pathlib import Path

from board import CLIENT, DEVICE, INSTALL, INSTALLED, ROOT, TESTS, Board, Server, run_script, tree

RELEASES = ROOT / "examples" / "releases"


def test_a_card_that_is_not_there(tmp_path: Path) -> None:
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    (board.root / "sd").rename(board.root / "taken")
    before = board.files()
    with Server(RELEASES) as server:
        assert board.run(server.port, "update")[0] == {"code": "mount_missing", "detail": "sd"}
        assert board.files() == before
        (board.root / "taken").rename(board.root / "sd")
        assert board.run(server.port, "update") == ["1.0.1"]
        # Taken out before the release is placed: nothing changes, and it is tried again.
        (board.root / "sd").rename(board.root / "taken")
        assert board.run(server.port, "start", "status")[1]["error"] == "mount_missing: sd"
        (board.root / "taken").rename(board.root / "sd")
        assert board.run(server.port, *INSTALL[1:]) == [*INSTALLED]
    assert board.release() == tree(RELEASES / "1.0.1")


def test_a_card_that_is_taken_out_during_the_trial(tmp_path: Path) -> None:
    """D11: flash and firmware go back without it, and it follows when it is there again."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0")
    with Server(RELEASES) as server:
        board.run(server.port, "update", "start", "start")
        (board.root / "sd").rename(board.root / "taken")
        status = board.run(server.port, *["start"] * 5, "status")[-1]
        assert (status["state"], status["version"]) == ("rolled back", "1.0.0")
        flash = {path: data for path, data in board.release().items() if path.startswith("flash/")}
        assert flash == {path: data for path, data in tree(RELEASES / "1.0.0").items() if path.startswith("flash/")}
        (board.root / "taken").rename(board.root / "sd")
        assert board.run(server.port, "start", "status")[1]["state"] == "rolled back"
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
        # D7: left alone, unless the user asks; then it is put in place by confirm().
        "boot.py": [["S", "R"], ["B", "R"]] * 2,
    }


def test_names_of_older_micropython(tmp_path: Path) -> None:
    """A client that finds no `os`, `json` and so on takes `uos`, `ujson` and so on."""
    client = tmp_path / "client"
    for name in CLIENT:
        text = re.sub(r"^( +import )([a-z]+)( +#.*)?$", r"\1no_\2", (DEVICE / name).read_text(), flags=re.MULTILINE)
        text = re.sub(r'built_in\("([a-z]+)", "u', r'built_in("no_\1", "u', text)
        (client / name).parent.mkdir(parents=True, exist_ok=True)
        (client / name).write_text(text)
    assert 'built_in("no_os", "uos")' in (client / "airwaybill_boot/__init__.py").read_text()
    assert 'built_in("no_socket", "usocket")' in (client / "airwaybill/http.py").read_text()
    board = Board(tmp_path / "board", RELEASES, "1.0.0", settings={"firmware": False})
    with Server(RELEASES) as server:
        assert board.run(server.port, *INSTALL, client=str(client)) == ["1.0.1", *INSTALLED]
