"""A short run of ``make scale``, whose figures are in docs: patches and edges do what is said of them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

TESTS = Path(__file__).parents[2] / "tests"


def figures(line: str) -> list[tuple[int, float]]:
    """(requests, GB) of the edges and the origin on a quiet day, and on the day of a release."""
    cells = [cell.strip().removesuffix(" GB").rsplit(", ", 1) for cell in line.strip("|").split("|")[1:-1]]
    return [(int(requests.replace(",", "")), float(size)) for requests, size in cells]


def test_a_small_fleet() -> None:
    command = (sys.executable, TESTS / "scale" / "scale.py", "--devices", "4000", "--edges", "2")
    environment = {**os.environ, "PYTHONPATH": str(TESTS / "support")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    rows = [figures(line) for line in done.stdout.splitlines() if line.startswith("| ") and "GB" in line]
    whole, patched, signed, cdn, holding = rows
    for quiet, quiet_origin, update, update_origin in (whole, patched, signed):
        assert (quiet, update) == (quiet_origin, update_origin)
        assert update[1] > quiet[1]
    assert patched[2][1] < 0.2 * whole[2][1]
    assert signed[2][0] > patched[2][0]
    # Devices see the same, whatever stands before the origin.
    assert cdn[::2] == holding[::2] == signed[::2]
    assert cdn[3][1] < 0.2 * cdn[2][1]
    assert holding[1][0] < cdn[1][0] == cdn[0][0]
