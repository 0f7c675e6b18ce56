"""Names on FAT, which does not tell upper from lower case and does not hold every name."""

from __future__ import annotations

import json
from typing import Any

from board import TESTS, run_script


def plans(*cases: dict[str, list[str]]) -> list[Any]:
    return run_script(TESTS / "fat.py", json.dumps(cases))


def test_a_file_that_changes_its_case() -> None:
    """One file, and deleting the old name would delete the new."""
    moved, lib, other = plans(
        {"delete": ["flash/Tone.wav"], "new": ["flash/tone.wav"]},
        {"delete": ["flash/Tone.wav", "flash/lib/x"], "update": ["flash/LIB/a.py", "flash/TONE.WAV"]},
        {"delete": ["flash/Tone.wav"], "new": ["flash/tone2.wav"]},
    )
    assert moved == [["X", "flash/Tone.wav"], ["R", "flash/tone.wav"]]
    assert lib == [["X", "flash/Tone.wav"], ["A", "flash/LIB/a.py"], ["R", "flash/TONE.WAV"]]
    assert other == [["D", "flash/Tone.wav"], ["A", "flash/tone2.wav"]]


def test_two_files_that_differ_in_case() -> None:
    assert plans(
        {"new": ["flash/A.py", "flash/a.py"]},
        {"new": ["flash/X.py"], "update": ["flash/lib/y.py", "flash/x.py"]},
        {"new": ["flash/Lib/a.py"], "update": ["flash/lib/a.py"]},
    ) == ["path_case"] * 3
