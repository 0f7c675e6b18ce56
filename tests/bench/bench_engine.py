"""The engine's catalog and plan beside Python's own dicts and sets doing the same.

A catalog's releases are sorted by path, and so are the lists of a plan: the peer sorts as well; without its sort it is
measured too.
"""

from __future__ import annotations

import argparse
import functools
import hashlib
import json
import random
import subprocess
import time
from functools import partial
from pathlib import Path

from measure import ROOT, Part, in_turn

CHANGED_EACH = 100
Listing = list[tuple[str, int, str]]


def build() -> Path:
    """The program of ``core/examples/engine.rs``."""
    command = ["cargo", "build", "--release", "-p", "airwaybill", "--example", "engine", "--message-format", "json"]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
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
    parser.add_argument("--files", type=int, default=1_000_000)
    options = parser.parse_args()
    program, files = build(), options.files

    def engine(step: str, releases_of: int, rounds: int = 1) -> float:
        done = subprocess.run([program, str(releases_of), str(rounds), step], stdout=subprocess.PIPE, check=True)
        return float(json.loads(done.stdout)[step])

    found = in_turn(
        {
            "catalog": partial(engine, "catalog", files // 2),
            "dicts, sorted": lambda: peer_catalog(listing(files // 2), is_sorted=True),
            "dicts, not sorted": lambda: peer_catalog(listing(files // 2), is_sorted=False),
            "catalog of 10,000": partial(engine, "catalog", 5_000, 25),
            "plan": partial(engine, "update", files, 5),
            "sets": lambda: peer_plan(listing(files)),
            "plan of 2 x 5,000": partial(engine, "update", 5_000, 25),
        },
        options.rounds,
    )

    def rates(name: str, count: int) -> list[float]:
        return [count / seconds / 1e6 for seconds in found[name]]

    def each(name: str, count: int) -> list[float]:
        return [seconds / count * 1e6 for seconds in found[name]]

    part = Part("engine")
    catalog = rates("catalog", files)
    part.add("catalog", catalog, rates("dicts, sorted", files))
    part.add("catalog-unsorted", catalog, rates("dicts, not sorted", files))
    part.add("plan", rates("plan", 2 * files), rates("sets", 2 * files))
    part.add("catalog-growth", each("catalog", files), each("catalog of 10,000", 10_000))
    part.add("plan-growth", each("plan", 2 * files), each("plan of 2 x 5,000", 10_000))
    part.write()


if __name__ == "__main__":
    main()
