"""Writes the figures of the last run into BENCHMARKS.md, between its comments, and the plot: python page.py"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import figures
from figures import Figure, Spread, duration, number
from measure import RESULTS, ROOT
from plot import Costs, plot

PAGE = ROOT / "BENCHMARKS.md"
PLOT = ROOT / "tests" / "bench" / "cost-per-file.svg"
# <!-- machine --> … <!-- end -->; words after the name are handed to what writes it.
PLACE = re.compile(r"(<!-- (?P<name>[a-z]+)(?P<words>(?: [a-z0-9-]+)*) -->\n).*?(<!-- end -->)", re.DOTALL)


def machine(found: dict[str, Any]) -> str:
    versions = ", ".join(f"{name} {version}" for name, version in found["versions"].items())
    return (
        f"{found['processors']} processors ({found['processor']}), {found['memory_gib']} GiB of memory, "
        f"{found['system']}; {versions}.\n\nThe machine's load when the run began was {found['load']:.2f}.\n"
    )


def seconds(found: dict[str, Any]) -> str:
    took: dict[str, float] = found["seconds"]
    longest = sorted(took.items(), key=lambda item: -item[1])
    each = ", ".join(f"`{part}` {second:.0f} s" for part, second in longest)
    return (
        f"The run took {sum(took.values()) / 60:.0f} minutes: {each}. Builds are part of the first that needs them.\n"
    )


def beside(figure: Figure) -> str:
    return figure.row.name + (f", beside {figure.row.peer}" if figure.row.peer else "")


def with_spread(spread: Spread | None) -> str:
    if spread is None:
        return ""
    return number(spread.median) + (f" ({spread.range_text})" if spread.range_text else "")


def rows(parts: list[str]) -> str:
    found = [figure for part in parts for figure in figures.read(part)]
    lines = [
        "| what | here | peer | ratio (spread) | bar | rounds | |",
        "| --- | ---: | --- | ---: | ---: | ---: | --- |",
    ]
    for figure in found:
        here = "" if figure.ours is None else f"{number(figure.ours.median)} {figure.row.unit}"
        peer = "" if figure.peer is None else f": {number(figure.peer.median)}"
        verdict = figure.verdict.replace("MISSED", "**missed**")
        cells = (
            figure.row.name,
            here,
            f"{figure.row.peer or ''}{peer}",
            with_spread(figure.ratio),
            figure.bar_text,
            str(figure.rounds or ""),
            verdict,
        )
        lines.append(f"| {' | '.join(cells)} |")
    meanings = [f"- *{beside(figure)}*: {figure.row.what}" for figure in found if figure.row.what]
    return "\n".join(lines + [""] * bool(meanings) + meanings) + "\n"


def missed() -> str:
    found = [figure for part in figures.parts() for figure in figures.read(part)]
    lines = []
    for figure in found:
        if figure.met is False:
            reached = with_spread(figure.ratio) or f"{with_spread(figure.ours)} {figure.row.unit}"
            said = f"- **{beside(figure)}**: {reached}; the bar is {figure.bar_text}. {figure.row.bound}"
            lines.append(said.rstrip() + "\n")
    return f"{figures.summary(found)}.\n\n{''.join(lines)}"


def costs() -> Costs:
    found = json.loads((RESULTS / "cost.json").read_text())
    if "why" in found:
        raise SystemExit(f"cost: {found['why']}")
    return {
        step: {int(files): spread for files, values in row.items() if (spread := Spread.of(values))}
        for step, row in found.items()
    }


def cost(found: Costs) -> str:
    sizes = sorted({files for row in found.values() for files in row})
    lines = ["| files | " + " | ".join(f"{size:,}" for size in sizes) + " |", "| --- |" + " ---: |" * len(sizes)]
    for step, row in found.items():
        cells = (duration(row[size].median) if size in row else "" for size in sizes)
        lines.append(f"| {step} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    document, found = json.loads((RESULTS / "machine.json").read_text()), costs()
    writers: dict[str, Callable[[list[str]], str]] = {
        "machine": lambda _: machine(document),
        "seconds": lambda _: seconds(document),
        "missed": lambda _: missed(),
        "cost": lambda _: cost(found),
        "figures": rows,
    }
    PLOT.write_text(plot(found))
    written = PLACE.sub(lambda at: at[1] + writers[at["name"]](at["words"].split()) + at[4], PAGE.read_text())
    PAGE.write_text(written)


if __name__ == "__main__":
    main()
