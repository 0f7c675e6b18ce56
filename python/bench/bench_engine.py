"""The engine's catalog and plan beside Python's own dicts and sets doing the same.

A catalog's releases are sorted by path, and so are the lists of a plan: the peer sorts as well; without its sort it is
shown too.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import random
import statistics
import subprocess
import time
from pathlib import Path

from measure import compare, in_turn, report

ROOT = Path(__file__).resolve().parents[2]
CHANGED_EACH = 100
Listing = list[tuple[str, int, str]]


def build() -> Path:
    """The program of ``core/benches/once.rs``."""
    command = ["cargo", "bench", "-p", "airwaybill", "--bench", "once", "--no-run", "--message-format", "json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    messages = map(json.loads, done.stdout.splitlines())
    return Path(next(message["executable"] for message in messages if message.get("executable")))


@functools.cache
def listing(files: int) -> Listing:
    """The listing of ``core/benches/support/listing.rs``."""
    order = list(range(2 * files))
    random.Random(1).shuffle(order)
    found = []
    for number in order:
        index, is_new = divmod(number, 2)
        path = f"flash/lib/package_{index % 997:03}/module_{index:07}.py"
        content = b"changed" if is_new and index % CHANGED_EACH == 0 else path.encode()
        version = "1.0.1" if is_new else "1.0.0"
        found.append((f"{version}/{path}", 4096, hashlib.sha1(content).hexdigest()))
    return found


def by_release(records: Listing) -> dict[str, dict[str, tuple[int, str]]]:
    releases: dict[str, dict[str, tuple[int, str]]] = {}
    for path, size, sha1 in records:
        version, _, rest = path.partition("/")
        releases.setdefault(version, {})[rest] = (size, sha1)
    return releases


def peer_catalog(records: Listing, *, is_sorted: bool) -> float:
    began = time.perf_counter()
    releases = by_release(records)
    if is_sorted:
        releases = {version: dict(sorted(files.items())) for version, files in releases.items()}
    seconds = time.perf_counter() - began
    assert len(releases) == 2
    return seconds


def peer_plan(records: Listing) -> float:
    releases = by_release(records)
    old, new = releases["1.0.0"], releases["1.0.1"]
    began = time.perf_counter()
    delete = sorted(old.keys() - new.keys())
    added = sorted(new.keys() - old.keys())
    update = sorted(path for path in old.keys() & new.keys() if old[path] != new[path])
    seconds = time.perf_counter() - began
    assert not delete
    assert not added
    assert update
    return seconds


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--records", type=int, default=1_000_000)
    options = parser.parse_args()
    program, records = build(), options.records
    measured: dict[str, tuple[float, float]] = {}

    def engine(count: int) -> float:
        done = subprocess.run([program, str(count)], capture_output=True, check=True, text=True)
        catalog, plan = (float(seconds) for seconds in done.stdout.split())
        measured["last"] = (catalog, plan)
        return catalog

    found = in_turn(
        {
            "catalog": lambda: engine(records),
            "plan": lambda: measured["last"][1],
            "dicts, sorted": lambda: peer_catalog(listing(records // 2), is_sorted=True),
            "dicts": lambda: peer_catalog(listing(records // 2), is_sorted=False),
            "sets": lambda: peer_plan(listing(records)),
            "catalog of 10,000": lambda: statistics.median(engine(10_000) for _ in range(5)),
        },
        options.rounds,
    )

    def rates(name: str, count: int) -> list[float]:
        return [count / seconds / 1e6 for seconds in found[name]]

    catalog, plan = rates("catalog", records), rates("plan", 2 * records)
    small = rates("catalog of 10,000", 10_000)
    report(
        "engine",
        [
            compare(
                "catalog / dicts sorted, M entries/s", catalog, rates("dicts, sorted", records), "M/s", 3, at_least=True
            ),
            compare("catalog / dicts unsorted, M entries/s", catalog, rates("dicts", records), "M/s", 3, at_least=True),
            compare("plan / sets, M entries/s", plan, rates("sets", 2 * records), "M/s", 40, at_least=True),
            compare(
                "cost per file at 1,000,000 / at 10,000",
                [1 / rate for rate in catalog],
                [1 / rate for rate in small],
                "us",
                1.5,
                at_least=False,
            ),
        ],
    )


if __name__ == "__main__":
    main()
