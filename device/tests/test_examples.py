"""The examples for mainline boards, from a device that is delivered with a release to the confirmed next one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from board import DEVICE, TESTS, Server, run_script, tree, wait_until_offered
from content import sha1

EXAMPLES = DEVICE / "examples"
CONFIG = 'SSID = "home"\nPASSWORD = "secret"\nSERVER = "127.0.0.1"\n'


def write_release(directory: Path, example: Path, port: int, extra: str) -> Path:
    flash = directory / "flash"
    shutil.copytree(example, flash)
    # The port is the only thing that a test has to choose.
    (flash / "main.py").write_text((example / "main.py").read_text().replace(", 8000", f", {port}"))
    (flash / "thresholds.py").write_text(extra)
    for package in ("airwaybill", "airwaybill_boot"):
        shutil.copytree(DEVICE / package, flash / "lib" / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(DEVICE / "OTA.py", flash / "lib")
    return directory


@pytest.mark.parametrize(("example", "family"), [("esp32", "esp32"), ("pico_w", "rp2040")])
def test_update_beside_the_work(tmp_path: Path, example: str, family: str) -> None:
    releases = tmp_path / "releases"
    releases.mkdir()
    with Server(releases) as server:
        old = write_release(releases / "1.0.0", EXAMPLES / example, server.port, "LOW = 1\n")
        board = tmp_path / "board"
        shutil.copytree(old / "flash", board / "flash")
        (board / "flash" / "config.py").write_text(CONFIG)
        (board / "flash" / "waybill").mkdir()
        (board / "flash" / "waybill" / "version").write_text("1.0.0\n")

        def start() -> dict:
            return run_script(TESTS / "example_mainline.py", family, board, heap="16M")

        assert start()["ends"] == ["slept"]
        # Whole at once: this server lets nothing settle.
        new = write_release(tmp_path / "1.0.1", EXAMPLES / example, server.port, "LOW = 2\n")
        new = new.rename(releases / "1.0.1")
        wait_until_offered(server.port, "1.0.1")
        found = start()
    # Downloaded; put in place; on trial, and confirmed by a cycle that works.
    assert found["ends"] == ["reset", "reset", "slept"]
    assert found["fed"] > 100
    if family == "esp32":
        assert [(one["version"], one["state"]) for one in found["reports"]] == [("1.0.0", "idle"), ("1.0.1", "trial")]
        assert found["rtc"] == [1]
    held = {path: digest for path, digest in found["held"].items() if path != "flash/config.py"}
    assert held == {path: sha1(data) for path, data in tree(new).items()}
