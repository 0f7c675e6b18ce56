"""What the benchmarks share: runs in turn, and where their figures go."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "target" / "bench"


def in_turn(runs: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Each run once a round, every other round backwards: what disturbs one disturbs its neighbour."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds):
        for name in reversed(runs) if number % 2 else runs:
            found[name].append(runs[name]())
            print(f"round {number + 1} of {rounds}: {name}: {found[name][-1]:,.4g}", file=sys.stderr)
    return found


class Part:
    """The figures of one script, for ``target/bench/<name>.json``.

    A row there has ``ours`` and ``peer``, a figure for each round, and a ``note``. The rows are those of `rows.py`.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._rows: dict[str, dict[str, object]] = {}

    def add(self, key: str, ours: list[float], peer: list[float] | None = None, note: str = "") -> None:
        self._rows[key] = {"ours": ours, "peer": peer or [], "note": note}

    def write(self) -> None:
        RESULTS.mkdir(parents=True, exist_ok=True)
        (RESULTS / f"{self._name}.json").write_text(json.dumps({"rows": self._rows}, indent=2) + "\n")
