"""Cost per file of scan, catalog, plan and manifest, from a thousand files to a million, for `plot.py`.

Two releases, each with half of the files, a few bytes in each; the manifest is that of a full install, and its cost
that of a file in it. The scan is each time the first of its process.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from measure import RESULTS, ROOT

SIZES = (1_000, 10_000, 100_000, 1_000_000)
IN_A_DIRECTORY = 500
# A block of the disk for each.
FILE_BYTES = 4096

SCAN = """
import sys, time
from airwaybill import Listing
began = time.perf_counter()
listing = Listing.scan(sys.argv[1])
print(time.perf_counter() - began)
assert len(listing) == int(sys.argv[2])
"""


def make_tree(root: Path, files: int) -> None:
    for release in ("1.0.0", "1.0.1"):
        for number in range(files // 2):
            group, rest = divmod(number, IN_A_DIRECTORY)
            if rest == 0:
                directory = f"{root}/{release}/flash/part_{group}"
                os.makedirs(directory)
            # A million times: quicker than by a file object.
            file = os.open(f"{directory}/file_{rest}.py", os.O_WRONLY | os.O_CREAT)
            os.write(file, b"x = %d\n" % number)
            os.close(file)


def scan_costs(files: int, rounds: int) -> list[float]:
    place = roomy_place(files)
    if place is None:
        print(f"no room for {files:,} files", file=sys.stderr)
        return []
    with tempfile.TemporaryDirectory(dir=place) as name:
        make_tree(Path(name), files)
        command = [sys.executable, "-c", SCAN, name, str(files)]
        return [
            float(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout) / files for _ in range(rounds)
        ]


def roomy_place(files: int) -> str | None:
    """Memory, if it has room for so many files; a disk is busy for minutes with removing a million. Else the disk."""
    for place in ("/dev/shm", tempfile.gettempdir()):
        if os.path.isdir(place):
            room = os.statvfs(place)
            if room.f_favail > 1.1 * files and room.f_bavail * room.f_frsize > 1.5 * files * FILE_BYTES:
                return place
    return None


def engine_costs(step: str, releases_of: int) -> list[float]:
    """What criterion found for ``core/benches/engine.rs``."""
    sample = ROOT / "target" / "criterion" / "engine" / step / str(releases_of) / "new" / "sample.json"
    found = json.loads(sample.read_text())
    files = releases_of if step == "manifest" else 2 * releases_of
    return [time / iterations / 1e9 / files for time, iterations in zip(found["times"], found["iters"])]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--largest", type=int, default=SIZES[-1], help="files of the largest tree that is scanned")
    arguments = parser.parse_args()
    subprocess.run(["cargo", "bench", "-q", "-p", "airwaybill", "--bench", "engine"], cwd=ROOT, check=True)
    costs = {
        step: {files: engine_costs(step, files // 2) for files in SIZES} for step in ("catalog", "plan", "manifest")
    }
    scans = {files: scan_costs(files, arguments.rounds) for files in SIZES if files <= arguments.largest}
    RESULTS.mkdir(parents=True, exist_ok=True)
    document = {"scan": scans, **costs}
    (RESULTS / "cost.json").write_text(json.dumps(document, indent=2) + "\n")


if __name__ == "__main__":
    main()
