"""A start of the board fits into 40 KB of heap with recovery as source, on the 64-bit port; with `OTA.py`, into 53."""

from __future__ import annotations

import sys
from pathlib import Path

from board import DEVICE

sys.path.append(str(DEVICE / "bench"))

import starts

HELD_KB = {"recovery": 40, "face": 53}


def test_a_start_fits(tmp_path: Path) -> None:
    boards = starts.boards(tmp_path)
    for kind in boards:
        for call, heap in HELD_KB.items():
            assert starts.fits(boards[kind], call, heap), (kind, call)
