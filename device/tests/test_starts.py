"""A start of the board fits into 40 KB of heap with recovery as source, on the 64-bit port."""

from __future__ import annotations

import sys
from pathlib import Path

from board import DEVICE

sys.path.append(str(DEVICE / "bench"))

import starts

BAR_KB = 40


def test_a_start_fits(tmp_path: Path) -> None:
    boards = starts.boards(tmp_path)
    for kind in boards:
        assert starts.fits(boards[kind], "recovery", BAR_KB), kind
