"""The shared vectors, through the runner that `make conformance` has for the wheel."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

TESTS = Path(__file__).parents[2] / "tests"
CASES = [
    (file.parent.name, case)
    for file in sorted(TESTS.glob("vectors/*/*.json"))
    for case in json.loads(file.read_text("utf-8"))
]


@pytest.fixture(scope="module")
def answers() -> dict[str, dict[str, Any]]:
    lines = "".join(json.dumps({"area": area, "input": case["input"]}) + "\n" for area, case in CASES)
    runner = [sys.executable, str(TESTS / "bindings" / "run.py")]
    output = subprocess.run(runner, input=lines.encode(), stdout=subprocess.PIPE, check=True).stdout
    names = [f"{area}-{case['name']}" for area, case in CASES]
    return dict(zip(names, map(json.loads, output.splitlines())))


@pytest.mark.parametrize(("area", "case"), [pytest.param(*case, id=f"{case[0]}-{case[1]['name']}") for case in CASES])
def test_vector(area: str, case: dict[str, Any], answers: dict[str, dict[str, Any]]) -> None:
    expected = {key: case[key] for key in ("ok", "code") if key in case}
    assert answers[f"{area}-{case['name']}"] == expected, case["why"]
