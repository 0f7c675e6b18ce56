"""Cost per file against the number of files, as an SVG that is legible on light pages and on dark ones."""

from __future__ import annotations

import math
from xml.sax.saxutils import escape

from figures import Spread, duration

# Step by step as data flows: its colour on a light page and on a dark one.
COLOURS = {
    "scan": ("#1f6fd0", "#63a8f7"),
    "catalog": ("#b8500a", "#f0954f"),
    "plan": ("#177a48", "#4fc78d"),
    "manifest": ("#7647c9", "#b094f4"),
}
WIDTH, HEIGHT = 760, 440
LEFT, RIGHT, TOP, BOTTOM = 86, 118, 62, 64
LABEL_GAP = 20

# Its own ground, as a page's theme need not be that of the system.
STYLE = """
text { font: 14px system-ui, -apple-system, "Segoe UI", Helvetica, Arial, sans-serif; fill: #57606a }
.ground { fill: #ffffff } .title { font-size: 17px; font-weight: 600; fill: #1f2328 } .grid { stroke: #e3e6ea }
.line { fill: none; stroke-width: 2.5 } .range { stroke-width: 1.5 } .name { font-weight: 600 }
"""
DARK = """
text { fill: #9da7b3 } .ground { fill: #0d1117 } .title { fill: #f0f3f6 } .grid { stroke: #262c36 }
"""

# A step's spread of seconds a file, by number of files.
Costs = dict[str, dict[int, Spread]]


def plot(costs: Costs) -> str:
    sizes = sorted({files for row in costs.values() for files in row})
    spreads = [spread for row in costs.values() for spread in row.values()]
    lowest = math.floor(math.log10(min(spread.lowest for spread in spreads)))
    highest = math.ceil(math.log10(max(spread.highest for spread in spreads)))

    def x(files: float) -> float:
        share = math.log(files / sizes[0]) / math.log(sizes[-1] / sizes[0])
        return LEFT + share * (WIDTH - LEFT - RIGHT)

    def y(seconds: float) -> float:
        share = (math.log10(seconds) - lowest) / (highest - lowest)
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)

    drawn = [text(24, 34, "Time a file takes, by how many there are", "title")]
    for power in range(lowest, highest + 1):
        at = y(10**power)
        drawn.append(f'<path class="grid" d="M{LEFT} {at:.1f}H{WIDTH - RIGHT}"/>')
        drawn.append(text(LEFT - 12, at + 5, duration(10**power), anchor="end"))
    for files in sizes:
        drawn.append(text(x(files), HEIGHT - BOTTOM + 26, f"{files:,}", anchor="middle"))
    drawn.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 14, "files", anchor="middle"))

    label = math.inf
    for step, row in sorted(costs.items(), key=lambda item: item[1][max(item[1])].median):
        points = [(x(files), y(spread.median)) for files, spread in sorted(row.items())]
        path = "L".join(f"{across:.1f} {down:.1f}" for across, down in points)
        drawn.append(f'<path class="line stroke-{step}" d="M{path}"/>')
        for (across, down), (_, spread) in zip(points, sorted(row.items())):
            ends = f"M{across:.1f} {y(spread.lowest):.1f}V{y(spread.highest):.1f}"
            drawn.append(f'<path class="range stroke-{step}" d="{ends}"/>')
            drawn.append(f'<circle class="fill-{step}" cx="{across:.1f}" cy="{down:.1f}" r="4"/>')
        # From the lowest up: none stands on another.
        label = min(points[-1][1] + 5, label - LABEL_GAP)
        drawn.append(text(points[-1][0] + 14, label, step, f"name fill-{step}"))

    described = "; ".join(
        f"{step}: " + ", ".join(f"{duration(spread.median)} at {files:,}" for files, spread in row.items())
        for step, row in costs.items()
    )
    light, dark = (
        "".join(
            f".stroke-{step} {{ stroke: {pair[which]} }} .fill-{step} {{ fill: {pair[which]} }}\n"
            for step, pair in COLOURS.items()
        )
        for which in (0, 1)
    )
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"',
            f'width="{WIDTH}" height="{HEIGHT}">',
            f"<title>Time a file takes, by how many there are</title><desc>{escape(described)}</desc>",
            f"<style>{STYLE}{light}@media (prefers-color-scheme: dark) {{{DARK}{dark}}}</style>",
            f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}" rx="8"/>',
            *drawn,
            "</svg>\n",
        ]
    )


def text(across: float, down: float, said: str, style: str = "", anchor: str = "start") -> str:
    return f'<text x="{across:.1f}" y="{down:.1f}" text-anchor="{anchor}" class="{style}">{escape(said)}</text>'
