"""Manifests and files over HTTP, beside the vendor's way, a bare ASGI application, and nginx.

The servers run side by side and are asked in turn.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from measure import Part, in_turn
from servers import HERE, IMAGE, QUERY, VENDOR, get, make_releases, need, nginx, requests_a_second
from serving import ServerProcess, serve, started

# Fewer than the server remembers.
DISTINCT = 10_000


def bench_manifests(part: Part, top: Path, files: int, rounds: int, seconds: int) -> None:
    root = make_releases(top / f"releases_{files}", files)
    with ExitStack() as stack:
        ours = stack.enter_context(started(serve(root, "--settle", "0"))).url
        length = len(get(ours + QUERY))
        constant = stack.enter_context(started((sys.executable, str(HERE / "constant_app.py"), str(length)))).url
        vendor = stack.enter_context(started(VENDOR, cwd=root)).url
        found = in_turn(
            {
                f"{name}, {files} files": partial(requests_a_second, url + QUERY, 64, seconds)
                for name, url in (("manifests", ours), ("constant bytes", constant), ("vendor's way", vendor))
            },
            rounds,
        )
    mine, constants, vendors = found.values()
    part.add(f"manifests-{files}-vendor", mine, vendors)
    part.add(f"manifests-{files}-constant", mine, constants)


def bench_distinct(part: Part, top: Path, rounds: int, seconds: int) -> None:
    """Ten thousand devices, each with an address of its own in its request, on one of a hundred firmware versions."""
    root = make_releases(top / "distinct", 10)
    paths = top / "paths"
    paths.write_text(
        "".join(f"{QUERY}&firmware_ver=0.9.{number % 100}&wmac={number:012x}\n" for number in range(DISTINCT))
    )
    with started(serve(root, "--settle", "0")) as server:
        found = in_turn(
            {
                "distinct": partial(requests_a_second, server.url + QUERY, 64, seconds, paths),
                "one": partial(requests_a_second, server.url + QUERY, 64, seconds),
            },
            rounds,
        )
    part.add("distinct", found["distinct"], found["one"])


def bench_workers(part: Part, top: Path, rounds: int, seconds: int) -> None:
    """One process and two, and the processor time that they take for a manifest."""
    root = make_releases(top / "workers", 10)
    rates: dict[str, Callable[[], float]] = {}
    costs: dict[str, list[float]] = {}

    def measure(server: ServerProcess, cost: list[float]) -> float:
        before = processor_seconds(server.process.pid)
        rate = requests_a_second(server.url + QUERY, 64, seconds)
        cost.append((processor_seconds(server.process.pid) - before) / (rate * seconds) * 1e6)
        return rate

    with ExitStack() as stack:
        for count in (2, 1):
            server = stack.enter_context(started(serve(root, "--settle", "0", "--workers", str(count))))
            name = f"workers: {count}"
            rates[name] = partial(measure, server, costs.setdefault(name, []))
        two, one = in_turn(rates, rounds).values()
    part.add("workers", two, one)
    part.add("workers-cost", costs["workers: 2"], costs["workers: 1"])


def processor_seconds(pid: int) -> float:
    """What a process and its children have used so far."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    ticks = 0
    for process in (pid, *children):
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
        ticks += sum(map(int, fields[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def bench_image(part: Part, top: Path, rounds: int, seconds: int) -> None:
    root = make_releases(top / "image", 10)
    with ExitStack() as stack:
        ours = stack.enter_context(started(serve(root, "--settle", "0"))).url
        peer = stack.enter_context(nginx(root))
        vendor = stack.enter_context(started(VENDOR, cwd=root)).url
        found = in_turn(
            {
                name: partial(requests_a_second, f"{url}/{IMAGE}", 16, seconds)
                for name, url in (("1.5 MiB image", ours), ("nginx", peer), ("vendor's way", vendor))
            },
            rounds,
        )
    mine, theirs, vendors = found.values()
    part.add("image-nginx", mine, theirs)
    part.add("image-vendor", mine, vendors)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=int, default=2, help="of each run")
    arguments = parser.parse_args()
    need("wrk", "nginx")
    part = Part("server")
    with tempfile.TemporaryDirectory() as name:
        for files in (10, 1_000):
            bench_manifests(part, Path(name), files, arguments.rounds, arguments.seconds)
        bench_distinct(part, Path(name), arguments.rounds, arguments.seconds)
        bench_workers(part, Path(name), arguments.rounds, arguments.seconds)
        bench_image(part, Path(name), arguments.rounds, arguments.seconds)
    part.write()


if __name__ == "__main__":
    main()
