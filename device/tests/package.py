"""The package's answers to many cases, from one MicroPython."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from board import TESTS, run_script

BOOT = """
BUFFER = memoryview(bytearray(%d))


def feed():
    pass
"""


def run(
    tmp_path: Path, script: str, arguments: list[str], cases: list[Any], buffer: int = 1024
) -> list[dict[str, Any]]:
    """What a script answers to each case; `buffer` is how many bytes the package reads at once."""
    (tmp_path / "airwaybill_boot.py").write_text(BOOT % buffer)
    (tmp_path / "cases.json").write_text(json.dumps(cases, ensure_ascii=False), "utf-8")
    found = run_script(TESTS / script, tmp_path, *arguments, tmp_path / "cases.json", heap="32M")
    assert len(found) == len(cases)
    return found


def answers(tmp_path: Path, kind: str, cases: list[Any], buffer: int = 1024) -> list[dict[str, Any]]:
    """One `{"ok": …}` or `{"code": …, "detail": …}` for each case; a manifest is bytes, and `read` says how many
    of them were read until it was refused."""
    given = [{"hex": case.hex()} if isinstance(case, bytes) else case for case in cases]
    return run(tmp_path, "manifest_vectors.py", [kind], given, buffer)
