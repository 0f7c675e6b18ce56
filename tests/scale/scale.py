"""A million devices that poll once a day and update from a store: what the edges of a CDN and the origin see.

    make scale DEVICES=… SEED=…

Time is the simulation's own, one event a poll; nothing is sent. What devices ask for and how many bytes it is comes
from the engine: its objects, manifests, patches and waybills of releases that are made for it. The first day fills the
edges, on the second there is nothing to do, with the third a release goes out, and a fifth of the fleet that was
switched off until then comes from older ones. Left out: links that fail (they add to the edges' bytes), TLS, edges
that forget.
"""

from __future__ import annotations

import argparse
import heapq
import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from releases import VERSIONS, Answer, make, offer

DAY = 86_400
PUBLISHED = 2 * DAY
END = 3 * DAY
JITTER = 600  # seconds by which a poll is early or late
HEADERS = 400  # bytes of a response without its body, and of a 304 or 404
SHARES = (5, 15, 80)  # of the fleet, per cent on each of the versions before


class Scenario(NamedTuple):
    name: str
    cdn: bool
    hold: int  # seconds that edges keep what is `no-cache`
    kind: int  # the format of manifests; 3 has patches
    signed: bool


SCENARIOS = (
    Scenario("one server or bucket, whole files", False, 0, 2, False),
    Scenario("the same, with patches", False, 0, 3, False),
    Scenario("the same, signed", False, 0, 3, True),
    Scenario("CDN, as published", True, 0, 3, True),
    Scenario("CDN that keeps `m/` and `keys/` for 60 s", True, 60, 3, True),
)


@dataclass
class Seen:
    """Requests and bytes of the second and of the third day, and requests by minute."""

    requests: dict[str, int] = field(default_factory=lambda: {"quiet": 0, "update": 0})
    bytes: dict[str, int] = field(default_factory=lambda: {"quiet": 0, "update": 0})
    minutes: dict[int, int] = field(default_factory=dict)

    def count(self, now: float, size: int) -> None:
        if now < DAY:
            return
        period = "quiet" if now < PUBLISHED else "update"
        self.requests[period] += 1
        self.bytes[period] += size
        minute = int(now) // 60
        self.minutes[minute] = self.minutes.get(minute, 0) + 1


class Edge:
    """One point of presence. What never changes it fetches once; what is `no-cache`, and what is not there, it has
    confirmed by the origin (304, 404), at each request or after `hold` seconds."""

    def __init__(self, hold: int, origin: Seen) -> None:
        self.hold = hold
        self.origin = origin
        self.kept: dict[str, tuple[str, float]] = {}  # the tag, and until when it need not ask

    def fetch(self, key: str, store: dict[str, Answer], now: float) -> int:
        answer = store.get(key)
        tag, until = self.kept.get(key, ("", -1.0))
        size = HEADERS + (answer.size if answer else 0)
        if now >= until:
            is_new = answer is not None and answer.tag != tag
            self.origin.count(now, size if is_new else HEADERS)
            forever = answer is not None and answer.immutable
            self.kept[key] = (answer.tag if answer else "", END if forever else now + self.hold)
        return size


def simulate(scenario: Scenario, top: Path, devices: int, edges: int, seed: int) -> tuple[Seen, Seen]:
    """What the edges saw, and what the origin did."""
    draw = random.Random(seed)
    seen, origin = Seen(), Seen()
    sites = [Edge(scenario.hold, origin) for _ in range(edges)] if scenario.cdn else []
    before, after = (offer(top / when, scenario.signed, scenario.kind) for when in ("before", "after"))
    on = draw.choices(VERSIONS[:-1], SHARES, k=devices)
    queue = [(draw.random() * DAY + (0 if version == VERSIONS[-2] else PUBLISHED), at) for at, version in enumerate(on)]
    heapq.heapify(queue)
    while queue[0][0] < END:
        now, device = queue[0]
        heapq.heapreplace(queue, (now + DAY + draw.uniform(-JITTER, JITTER), device))
        store, asked = before if now < PUBLISHED else after
        keys, version = asked[on[device]]
        for key in keys:
            if sites:
                seen.count(now, sites[device % edges].fetch(key, store, now))
            else:
                seen.count(now, HEADERS + (store[key].size if key in store else 0))
        on[device] = version or on[device]
    return seen, origin if sites else seen


def row(scenario: Scenario, seen: Seen, origin: Seen) -> str:
    cells = [scenario.name]
    for day in ("quiet", "update"):
        for of in (seen, origin):
            cells.append(f"{of.requests[day]:,}, {of.bytes[day] / 1e9:,.2f} GB")
    cells.append(f"{max(origin.minutes.values()) / 60:.0f}")
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--devices", type=int, default=1_000_000)
    parser.add_argument("--edges", type=int, default=50, help="points of presence of the CDN")
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    started = time.process_time()
    print("| | edges, a quiet day | origin | edges, the day of a release | origin | origin, requests/s at most |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory() as name:
        make(Path(name), arguments.seed)
        for scenario in SCENARIOS:
            seen = simulate(scenario, Path(name), arguments.devices, arguments.edges, arguments.seed)
            print(row(scenario, *seen), flush=True)
    seconds = time.process_time() - started
    print(f"\n{arguments.devices:,} devices, {arguments.edges} edges, {seconds:.0f} s of processor time")


if __name__ == "__main__":
    main()
