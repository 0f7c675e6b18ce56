"""A device of the first edition comes to the second by one release; boot.py and main.py of before go on working."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from board import DEVICE, TESTS, Server, run_script, tree, wait_until_offered
from content import sha1
from moves import prove

FACES = {"flash/boot.py", "flash/lib/OTA.py"}
BOOT = "from OTA import OTA\n\nOTA.boot()\n"
MAIN = """import machine
from OTA import OTAError, WiFiOTA, HTTPOTA

ota = WiFiOTA("home", "secret", "127.0.0.1", {port}, firmware=False)
ota.pause_ms = 1
status = ota.status()
note = {{"state": status["state"], "version": status["version"], "refused": status["refused"]}}
machine.notes.append(note)
if status["version"] == "1.0.2":
    ota.rollback()
note["confirmed"] = ota.confirm()
try:
    note["problems"] = ota.verify()["problems"]
except OTAError as error:
    note["problems"] = error.code
try:
    ota.connect()
    ota.update()
except OTAError as error:
    note["update"] = error.code
machine.deepsleep(0)
"""


@pytest.mark.parametrize("scene", ["littlefs", "FAT", "FAT, boot_py"])
def test_no_cut_leaves_a_mixed_device(scene: str) -> None:
    found = prove(scene)
    counts = found["counts"]
    assert counts["bad"] == 0, counts
    assert counts["old"] > 0 < counts["new"]
    assert counts["went on"] > 0
    # On FAT nothing repairs what repairs: with boot_py=True these are the moments that need a cable.
    assert set(found["half"]) <= (FACES if scene == "FAT, boot_py" else set())


def test_boot_py_and_main_py_of_the_first_edition(tmp_path: Path) -> None:
    """What they call, they call on the second: its calls and answers are those of before."""
    releases = tmp_path / "releases"
    releases.mkdir()
    board = tmp_path / "board"
    with Server(releases) as server:

        def write(version: str) -> dict[str, str]:
            # Whole at once: this server lets nothing settle.
            flash = tmp_path / version / "flash"
            (flash / "lib").mkdir(parents=True)
            (flash / "boot.py").write_text(BOOT)
            (flash / "main.py").write_text(f"# {version}\n" + MAIN.format(port=server.port))
            for package in ("airwaybill", "airwaybill_boot"):
                shutil.copytree(DEVICE / package, flash / "lib" / package, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(DEVICE / "OTA.py", flash / "lib")
            (tmp_path / version).rename(releases / version)
            wait_until_offered(server.port, version)
            return {path: sha1(data) for path, data in tree(releases / version).items()}

        def start() -> dict:
            return run_script(TESTS / "example_mainline.py", "esp32", board, heap="16M")

        write("1.0.0")
        shutil.copytree(releases / "1.0.0" / "flash", board / "flash")
        (board / "flash" / "waybill").mkdir()
        (board / "flash" / "waybill" / "version").write_text("1.0.0\n")
        good = write("1.0.1")
        first = start()
        write("1.0.2")
        second = start()
    assert first["held"] == second["held"] == good
    assert first["ends"] == ["reset", "reset", "slept"]
    idle = {"state": "idle", "refused": None, "confirmed": False}
    trial = {"state": "trial", "refused": None, "problems": []}
    assert first["notes"] == [
        {**idle, "version": "1.0.0", "problems": "no_record"},
        {**trial, "version": "1.0.1", "confirmed": True},
    ]
    # 1.0.2 takes itself back, and is not taken again.
    assert second["ends"] == ["reset", "reset", "reset", "slept"]
    assert second["notes"] == [
        {**idle, "version": "1.0.1", "problems": []},
        {"state": "trial", "version": "1.0.2", "refused": None},
        {**idle, "state": "rolled back", "version": "1.0.1", "refused": "1.0.2", "problems": [], "update": "refused"},
    ]
