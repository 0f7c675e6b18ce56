"""How long a scan takes, beside what a shell does with two processes.

Each first scan is a process of its own, its start not counted; the files are in the page cache.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

import bench_cost
from measure import Part, in_turn
from servers import need

SCAN = """
import sys, time
import airwaybill
for _ in range(2):
    began = time.perf_counter()
    catalog = airwaybill.scan(sys.argv[1])
    print(time.perf_counter() - began)
assert len(catalog.releases) == 1
"""


START = """
import sys, time
from airwaybill import Listing
began = time.perf_counter()
Listing.scan(sys.argv[1], cache=sys.argv[2])
print(time.perf_counter() - began)
"""

MEMORY = """
import pathlib, re, sys
import airwaybill
for _ in range(2):
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    catalog = airwaybill.scan(sys.argv[1])
    print(re.search(r"VmHWM:\\s+(\\d+)", pathlib.Path("/proc/self/status").read_text())[1])
"""
MANY = 1_000_000
# Digests of files younger than two seconds are not kept.
SETTLED_SECONDS = 2.1


def make_tree(root: Path, files: int, size: int) -> None:
    for number in range(files):
        path = root / "1.0.0" / "flash" / f"part_{number // 100}" / f"file_{number}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(size))


def scan_seconds(root: Path, seconds_of_second: list[float]) -> float:
    environment = {**os.environ, "RAYON_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", SCAN, str(root)], env=environment, capture_output=True, check=True)
    first, second = (float(line) for line in done.stdout.split())
    seconds_of_second.append(second)
    return first


def start_seconds(root: Path, cache: Path) -> float:
    environment = {**os.environ, "RAYON_NUM_THREADS": "2"}
    command = [sys.executable, "-c", START, str(root), str(cache)]
    return float(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)


def first_seconds(root: Path, cache: Path) -> float:
    shutil.rmtree(cache, ignore_errors=True)
    return start_seconds(root, cache)


def memory(part: Part) -> None:
    """The most memory of a process in its first scan, and in its second with the first one's catalog beside it."""
    place = bench_cost.roomy_place(MANY)
    if place is None:
        print(f"no room for {MANY:,} files", file=sys.stderr)
        return
    with tempfile.TemporaryDirectory(dir=place) as name:
        bench_cost.make_tree(Path(name), MANY)
        time.sleep(SETTLED_SECONDS)
        done = subprocess.run([sys.executable, "-c", MEMORY, name], capture_output=True, check=True)
    for key, kilobytes in zip(("memory", "memory-again"), done.stdout.split()):
        part.add(key, [int(kilobytes) / 1024])


def shell_seconds(root: Path, command: str) -> float:
    began = time.perf_counter()
    subprocess.run(["sh", "-c", command], cwd=root, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    need("openssl")
    part = Part("scan")
    with tempfile.TemporaryDirectory() as top:
        small, large, assets = Path(top) / "small", Path(top) / "large", Path(top) / "assets"
        make_tree(small, 10_000, 4 * 1024)
        settled = time.monotonic() + SETTLED_SECONDS
        make_tree(large, 100, 4 * 1024 * 1024)
        make_tree(assets, 10_000, 64 * 1024)
        # A gigabyte is on its way to the disk.
        os.sync()
        time.sleep(max(0.0, settled - time.monotonic()))
        second: list[float] = []
        found = in_turn(
            {
                "10,000 files of 4 KiB": partial(scan_seconds, small, second),
                "sha1sum": partial(shell_seconds, small, "find -type f -print0 | xargs -0 -P2 -n500 sha1sum"),
                "100 files of 4 MiB": partial(scan_seconds, large, []),
                "openssl": partial(
                    shell_seconds, large, "find -type f -print0 | xargs -0 -P2 -n10 openssl dgst -sha1 -r"
                ),
            },
            rounds,
        )
        for key, root in (("start-small", small), ("start", assets)):
            cache = Path(top) / "cache" / key
            starts = in_turn(
                {
                    f"first start, {key}": partial(first_seconds, root, cache),
                    f"second start, {key}": partial(start_seconds, root, cache),
                },
                rounds,
            )
            first, second_start = starts.values()
            part.add(key, second_start, first)
    first, sha1sum, big, openssl = found.values()
    part.add("small", first, sha1sum)
    part.add("large", big, openssl)
    part.add("again", second, first)
    memory(part)
    part.write()


if __name__ == "__main__":
    main()
