"""A figure of ``make bench``: what it is, beside what, the bar it is held against, and what bounds it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """``bar`` holds for the ratio to the peer, or without a peer for the figure itself; None: only to be looked at.

    ``part`` and ``key`` say where the figure is: ``target/bench/<part>.json``, under that key.
    """

    part: str
    key: str
    name: str
    unit: str
    peer: str | None = None
    bar: float | None = None
    at_least: bool = True
    what: str = ""
    bound: str = ""
