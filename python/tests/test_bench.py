"""The arithmetic of the benchmarks, and the page that they write."""

from __future__ import annotations

import json
from pathlib import Path

import figures
import page
import pytest
import run
from figures import Figure, Spread
from row import Row
from rows import ROWS

FASTER = Row("part", "key", "name", "/s", "peer", 2)
SMALLER = Row("part", "key", "name", "KB", None, 64, at_least=False)


def test_the_ratio_is_that_of_neighbours() -> None:
    figure = Figure.of(FASTER, [10, 40, 30], [10, 10, 15])
    assert figure.ratio == Spread(2, 1, 4)
    assert (figure.ours, figure.peer, figure.rounds) == (Spread(30, 10, 40), Spread(10, 10, 15), 3)
    assert figure.met
    assert figure.bar_text == "≥ 2"


@pytest.mark.parametrize(("ours", "verdict"), [(64, "met"), (65, "MISSED")])
def test_without_a_peer_the_figure_is_held_against_the_bar(ours: float, verdict: str) -> None:
    figure = Figure.of(SMALLER, [ours], [])
    assert (figure.verdict, figure.bar_text, figure.ratio) == (verdict, "≤ 64 KB", None)


def test_what_is_not_measured_is_there_with_the_reason(tmp_path: Path) -> None:
    (tmp_path / "scan.json").write_text(
        json.dumps({"rows": {"small": {"ours": [1], "peer": [2]}}, "why": "no openssl"})
    )
    small, *others = figures.read("scan", tmp_path)
    assert small.verdict == "met"
    assert {figure.verdict for figure in others} == {"not measured: no openssl"}
    assert {figure.met for figure in others} == {None}
    assert all(figure.why for figure in figures.read("server", tmp_path))
    assert figures.summary([small, *others]) == "6 bars: 1 met, 0 missed, 5 not measured"


def test_a_figure_without_a_row_is_refused(tmp_path: Path) -> None:
    (tmp_path / "scan.json").write_text(json.dumps({"rows": {"tiny": {"ours": [1], "peer": [2]}}}))
    with pytest.raises(SystemExit, match="tiny"):
        figures.read("scan", tmp_path)


def test_each_row_has_a_place_and_a_script_of_its_own() -> None:
    places = [(row.part, row.key) for row in ROWS]
    assert len(set(places)) == len(places)
    assert {row.part for row in ROWS} | {"cost"} == set(run.PARTS)


def test_the_page_shows_every_part() -> None:
    places = [(place["name"], place["words"].split()) for place in page.PLACE.finditer(page.PAGE.read_text())]
    assert {name for name, _ in places} == {"machine", "missed", "figures", "cost", "seconds"}
    shown = [part for name, parts in places if name == "figures" for part in parts]
    assert sorted(shown) == sorted(figures.parts())
