"""Runs in turn, ratios to a peer, and a table with targets."""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

RESULTS = Path(__file__).resolve().parents[2] / "target" / "bench"


@dataclass(frozen=True)
class Line:
    """One bar: medians of both, and of the ratios of neighbouring runs with their spread."""

    name: str
    ours: float
    peer: float
    unit: str
    ratio: float
    lowest: float
    highest: float
    target: str
    holds: bool


def in_turn(runs: dict[str, Callable[[], float]], rounds: int) -> dict[str, list[float]]:
    """Each run once a round, round after round: what disturbs one disturbs its neighbour."""
    found: dict[str, list[float]] = {name: [] for name in runs}
    for number in range(rounds):
        for name, run in runs.items():
            found[name].append(run())
            print(f"round {number + 1} of {rounds}: {name}: {found[name][-1]:,.4g}", file=sys.stderr)
    return found


def compare(name: str, ours: list[float], peer: list[float], unit: str, bound: float, *, at_least: bool) -> Line:
    ratios = [mine / theirs for mine, theirs in zip(ours, peer)]
    ratio = statistics.median(ratios)
    return Line(
        name,
        statistics.median(ours),
        statistics.median(peer),
        unit,
        ratio,
        min(ratios),
        max(ratios),
        f"{'>=' if at_least else '<='} {bound:g}",
        ratio >= bound if at_least else ratio <= bound,
    )


def report(title: str, lines: list[Line]) -> None:
    """Prints the table, and writes it for programs to ``target/bench``."""
    print(f"{'':44} {'ours':>12} {'peer':>12} {'':4} {'ratio':>8} {'spread':>17} {'target':>8}")
    for line in lines:
        spread = f"{line.lowest:.3g} to {line.highest:.3g}"
        print(
            f"{line.name:44} {line.ours:12,.4g} {line.peer:12,.4g} {line.unit:4} {line.ratio:8.3g} {spread:>17} "
            f"{line.target:>8} {'' if line.holds else 'MISSED'}".rstrip()
        )
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / f"{title}.json").write_text(json.dumps([asdict(line) for line in lines], indent=2) + "\n")
