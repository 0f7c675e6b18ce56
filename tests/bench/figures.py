"""Medians, ratios and the table of what ``make bench`` found: python figures.py [PART]…"""

from __future__ import annotations

import json
import statistics
import sys
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from measure import RESULTS
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from row import Row
from rows import ROWS


@dataclass(frozen=True)
class Spread:
    median: float
    lowest: float
    highest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread | None:
        found = sorted(values)
        return cls(statistics.median(found), found[0], found[-1]) if found else None

    @property
    def range_text(self) -> str:
        return "" if self.lowest == self.highest else f"{number(self.lowest)} to {number(self.highest)}"


@dataclass(frozen=True)
class Figure:
    """A row with what was measured, or ``why`` it was not. ``ratio`` is that of neighbouring runs, ours to the peer's.

    ``met`` is None without a bar or a figure.
    """

    row: Row
    ours: Spread | None
    peer: Spread | None
    ratio: Spread | None
    met: bool | None
    rounds: int
    note: str
    why: str

    @classmethod
    def of(cls, row: Row, ours: list[float], peer: list[float], note: str = "", why: str = "") -> Figure:
        ratio = Spread.of(mine / theirs for mine, theirs in zip(ours, peer))
        spread = Spread.of(ours)
        judged = ratio if row.peer else spread
        met = None
        if row.bar is not None and judged is not None:
            met = judged.median >= row.bar if row.at_least else judged.median <= row.bar
        return cls(row, spread, Spread.of(peer), ratio, met, len(ours), note, why)

    @property
    def bar_text(self) -> str:
        if self.row.bar is None:
            return ""
        unit = "" if self.row.peer else f" {self.row.unit}"
        return f"{'≥' if self.row.at_least else '≤'} {self.row.bar:g}{unit}"

    @property
    def verdict(self) -> str:
        if self.why:
            return f"not measured: {self.why}"
        said = {True: "met", False: "MISSED", None: ""}[self.met]
        return "; ".join(filter(None, [said, self.note]))

    @property
    def cells(self) -> tuple[str, ...]:
        """As ``HEAD`` has them."""
        peer = "" if self.peer is None else f"{self.row.peer}: {number(self.peer.median)}"
        shown = self.ratio or self.ours
        return (
            self.row.name,
            "" if self.ours is None else f"{number(self.ours.median)} {self.row.unit}",
            peer or self.row.peer or "",
            "" if self.ratio is None else number(self.ratio.median),
            "" if shown is None else shown.range_text,
            self.bar_text,
            str(self.rounds or ""),
            self.verdict,
        )


HEAD = ("what", "here", "peer", "ratio", "spread", "bar", "rounds", "")


def number(value: float) -> str:
    """Three significant digits, and all digits before the point."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def duration(seconds: float) -> str:
    units = ((1.0, "s"), (1e3, "ms"), (1e6, "µs"))
    scale, unit = next((each for each in units if seconds * each[0] >= 1), (1e9, "ns"))
    return f"{number(seconds * scale)} {unit}"


def read(part: str, results: Path = RESULTS) -> list[Figure]:
    """The figures of a part, in the order of `rows.py`."""
    file = results / f"{part}.json"
    found: dict[str, Any] = {"why": "make bench has not run it"}
    if file.exists():
        found = json.loads(file.read_text())
    measured, why = found.get("rows", {}), found.get("why", "")
    rows = {row.key: row for row in ROWS if row.part == part}
    if unknown := measured.keys() - rows.keys():
        raise SystemExit(f"{file}: no row of rows.py is named {', '.join(sorted(unknown))}")
    return [
        Figure.of(row, **measured[key])
        if key in measured
        else Figure.of(row, [], [], why=why or "the script gives no such figure")
        for key, row in rows.items()
    ]


def parts() -> list[str]:
    return list(dict.fromkeys(row.part for row in ROWS))


def show(figures: list[Figure]) -> None:
    """A table; a program that reads it gets whole lines."""
    is_terminal = sys.stdout.isatty()
    console = Console(markup=False, highlight=False, width=None if is_terminal else 10_000)
    table = Table(*HEAD, box=SIMPLE_HEAD if is_terminal else None, pad_edge=False)
    for column in (HEAD.index("ratio"), HEAD.index("rounds")):
        table.columns[column].justify = "right"
    for figure in figures:
        table.add_row(*figure.cells, style="red" if figure.met is False else "dim" if figure.why else None)
    with console.capture() as capture:
        console.print(table)
    print("\n".join(line.rstrip() for line in capture.get().splitlines()))
    print(summary(figures))


def summary(figures: list[Figure]) -> str:
    bars = [figure for figure in figures if figure.row.bar is not None]
    met, missed = (sum(figure.met is verdict for figure in bars) for verdict in (True, False))
    return f"{len(bars)} bars: {met} met, {missed} missed, {len(bars) - met - missed} not measured"


def main() -> None:
    """Shows the parts that are named, or all; keeps all."""
    figures = {part: read(part) for part in parts()}
    document = [asdict(figure) for found in figures.values() for figure in found]
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "table.json").write_text(json.dumps(document, indent=2) + "\n")
    show([figure for part in sys.argv[1:] or figures for figure in figures.get(part, [])])


if __name__ == "__main__":
    main()
