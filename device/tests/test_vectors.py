"""The shared vectors, on the device code under MicroPython."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from board import ROOT, TESTS, run_script

VECTORS = ROOT / "tests" / "vectors"


def cases(folder: str) -> list[dict]:
    """Those that the device has an answer to."""
    found = [case for file in sorted((VECTORS / folder).glob("*.json")) for case in json.loads(file.read_text("utf-8"))]
    found = [case for case in found if case.get("device", True)]
    assert found
    return found


def without_messages(value: Any) -> Any:
    """The device's errors have a code, and a detail of its own."""
    if isinstance(value, list):
        return [without_messages(one) for one in value]
    if isinstance(value, dict):
        return {key: without_messages(one) for key, one in value.items() if key != "message"}
    return value


@pytest.mark.parametrize("folder", ["version", "path", "verify", "waybill"])
def test_vectors(folder: str, tmp_path: Path) -> None:
    wanted = cases(folder)
    (tmp_path / "cases.json").write_text(json.dumps(wanted, ensure_ascii=False), "utf-8")
    answers = run_script(TESTS / "vectors.py", folder, tmp_path / "cases.json")
    assert len(answers) == len(wanted)
    wrong = [
        f"{case['name']}: {answer}, not {case.get('ok', case.get('code'))}"
        for case, answer in zip(wanted, answers)
        if answer != ({"ok": without_messages(case["ok"])} if "ok" in case else {"code": case["code"]})
    ]
    assert not wrong, "\n".join(wrong)
