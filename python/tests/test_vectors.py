from __future__ import annotations

from typing import Any

import pytest
import vectors


@pytest.mark.parametrize(
    ("area", "case"),
    [pytest.param(area, case, id=f"{area}-{case['name']}") for area in vectors.AREAS for case in vectors.cases(area)],
)
def test_vector(area: str, case: dict[str, Any]) -> None:
    expected = {key: case[key] for key in ("ok", "code") if key in case}
    assert vectors.run(area, case["input"]) == expected, case["why"]
