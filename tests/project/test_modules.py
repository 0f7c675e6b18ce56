"""The modules of the engine and of the Python binding: each uses only those that stand above it in ``lib.rs``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def used(source: Path) -> set[str]:
    """What follows ``crate::``, braces included."""
    code = re.sub(r"//.*", "", source.read_text("utf-8"))
    return {name for group in re.findall(r"\bcrate::(\w+|\{[^;]*)", code) for name in re.findall(r"\w+", group)}


@pytest.mark.parametrize("crate", [ROOT / "core/src", ROOT / "python/src"], ids=["core", "python"])
def test_a_module_uses_those_above_it(crate: Path) -> None:
    modules = re.findall(r"^mod (\w+);$", (crate / "lib.rs").read_text("utf-8"), re.MULTILINE)
    assert len(modules) > 10
    for place, module in enumerate(modules):
        below = set(modules[place + 1 :])
        for source in (crate / f"{module}.rs", *sorted((crate / module).rglob("*.rs"))):
            assert used(source) & below == set(), source.relative_to(ROOT)
