"""A short run of ``make soak``: it ends well and has checked everything."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2] / "tests"
SHORT = ["--seconds", "12", "--devices", "20", "--slow-readers", "8", "--floods", "4", "--kills", "4", "--settle", "1"]


def test_a_short_soak() -> None:
    command = (sys.executable, str(TESTS / "soak" / "soak.py"), *SHORT)
    environment = {**os.environ, "PYTHONPATH": str(TESTS / "support")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr + done.stdout
    table = {line[:60].strip(): line[60:].strip() for line in done.stdout.splitlines()}
    assert table["kills"] == "4"
    for what in ("requests", "manifests judged", "whole bodies checked", "cuts", "slow readers", "status 206"):
        assert int(table[what].replace(",", "")) > 0, done.stdout
