"""The LoRa-triggered meter, from the trigger to the confirmed release."""

from __future__ import annotations

import shutil
from pathlib import Path

from board import DEVICE, ROOT, TESTS, Server, run_script, tree
from content import sha1

RELEASES = ROOT / "examples" / "releases"
MAIN = DEVICE / "examples" / "main.py"


def test_trigger_update_confirm(tmp_path: Path) -> None:
    releases = Path(shutil.copytree(RELEASES, tmp_path / "releases"))
    (releases / "firmware_1.0.1.bin").unlink()
    board = Path(shutil.copytree(releases / "1.0.0", tmp_path / "board"))
    with Server(releases) as server:

        def start(downlink: str) -> dict:
            return run_script(TESTS / "example.py", MAIN, board, server.port, downlink)

        idle, trial = 0, 3
        before = start("0102")
        assert (before["ended"], before["wifi"]) == ("slept", False)
        assert before["sent"] == [[4, 5, 6, idle, *b"1.0.0"]] * 3
        triggered = start("010203")
        assert (triggered["ended"], len(triggered["sent"])) == ("reset", 1)
        placed = start("00")
        assert (placed["ended"], placed["sent"]) == ("reset", [])
        # The first uplink of the new release says that it is on trial; the working cycle behind it confirms.
        assert [uplink[3] for uplink in start("00")["sent"]] == [trial, idle, idle]
        after = start("010203")
    assert after["sent"] == [[4, 5, 6, idle, *b"1.0.1"]] * 3
    assert after["held"] == {path: sha1(data) for path, data in tree(releases / "1.0.1").items()}
