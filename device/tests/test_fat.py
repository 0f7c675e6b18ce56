"""Names on FAT, which does not tell upper from lower case and does not hold every name."""

from __future__ import annotations

import json
import tempfile
from typing import Any

from board import TESTS, run_script


def plans(*cases: dict[str, list[str]], boot_py: bool = False) -> list[Any]:
    with tempfile.NamedTemporaryFile("w") as file:
        json.dump(cases, file)
        file.flush()
        return run_script(TESTS / "fat.py", file.name, *["boot_py"] * boot_py)


def test_a_file_that_changes_its_case() -> None:
    """One file, and deleting the old name would delete the new."""
    moved, lib, other = plans(
        {"delete": ["flash/Tone.wav"], "new": ["flash/tone.wav"]},
        {"delete": ["flash/Tone.wav", "flash/lib/x"], "update": ["flash/LIB/a.py", "flash/TONE.WAV"]},
        {"delete": ["flash/Tone.wav"], "new": ["flash/tone2.wav"]},
    )
    assert moved == [["R", "flash/tone.wav"]]
    assert lib == [["A", "flash/LIB/a.py"], ["R", "flash/TONE.WAV"]]
    assert other == [["A", "flash/tone2.wav"], ["D", "flash/Tone.wav"]]


def test_two_files_that_differ_in_case() -> None:
    """D19: in the manifest, or one that is new and one that stays."""
    assert (
        plans(
            {"new": ["flash/A.py", "flash/a.py"]},
            {"new": ["flash/X.py"], "update": ["flash/lib/y.py", "flash/x.py"]},
            {"new": ["flash/Lib/a.py"], "update": ["flash/lib/a.py"]},
            {"new": ["flash/tone.wav"]},
            {"new": ["flash/NOTES.txt"]},
        )
        == ["path_case"] * 5
    )


def test_names_that_fat_changes_or_does_not_hold() -> None:
    names = ["waybill./version", "waybill /version", "main.py.", "boot.py.", "a b ", *[f"a{c}b" for c in '"*:<>?|']]
    # D7: what FAT makes up for a longer name, whose file it would then open.
    names += ["AIRWAY~1.PY", "airway~1.py", "AIRWAY~1/x.py", "lib/OT3F0C~1.PY"]
    cases = [{field: ["flash/" + name]} for name in names for field in ("delete", "new", "update")]
    assert plans(*cases) == ["path_reserved"] * len(cases)
    held = ["a b/.c.d", "DATA~2024.CSV", "~NOTES.BAK", "main.py.new"]
    assert plans(*[{"new": ["flash/" + name]} for name in held]) == [[["A", "flash/" + name]] for name in held]


def test_the_files_that_recover_the_device_in_any_case() -> None:
    names = ["BOOT.PY", "boot.py", "Lib/ota.py", "lib/OTA.py", "ota.mpy", "Airwaybill_Boot/files.py"]
    for name in names:
        deleted, replaced = plans({"delete": ["flash/" + name]}, {"update": ["flash/" + name]})
        assert deleted == []
        assert replaced == [["S", "flash/" + name]]


def test_files_of_these_names_elsewhere() -> None:
    """They recover nothing, and are files like others."""
    names = ["flash/drivers/OTA.py", "flash/lib/boot.py", "sd/boot.py", "sd/lib/OTA.mpy"]
    for name, plan in zip(names, plans(*[{"new": [name]} for name in names])):
        assert plan == [["A", name]]


def test_a_client_that_moves() -> None:
    """D7: only if the user asks, and then by confirm(). Nowhere is it deleted."""
    to_mpy = {"delete": ["flash/lib/OTA.py"], "new": ["flash/lib/OTA.mpy"]}
    without = {"delete": ["flash/lib/OTA.py"], "new": ["flash/drivers/OTA.mpy"]}
    elsewhere = [["A", "flash/drivers/OTA.mpy"]]
    assert plans(to_mpy, without) == [[["S", "flash/lib/OTA.mpy"]], elsewhere]
    assert plans(to_mpy, without, boot_py=True) == [[["B", "flash/lib/OTA.mpy"]], elsewhere]


def test_a_power_cut_in_a_copy_loses_one_cluster() -> None:
    """Of a file of 15: they hang on the first, and that is entered at once."""
    assert run_script(TESTS / "lost.py") == 1
