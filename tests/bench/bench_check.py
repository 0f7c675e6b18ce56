"""What a check costs beside the scan and the start of a server, and what it finds in releases that are right.

Those are versions of packages for boards, from PyPI, as a device has them: two that followed each other, of each.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import zipfile
from functools import partial
from pathlib import Path

from bench_large import first_manifest
from measure import RESULTS, Part, in_turn
from serving import serve

import airwaybill

FILES = 10_000
PAIRS = {
    "adafruit-circuitpython-ble": ("10.0.15", "10.1.0"),
    "adafruit-circuitpython-httpserver": ("4.7.1", "4.8.0"),
    "adafruit-circuitpython-led-animation": ("2.11.2", "2.12.0"),
    "adafruit-circuitpython-minimqtt": ("7.11.6", "8.0.0"),
    "adafruit-circuitpython-requests": ("4.1.16", "4.1.17"),
    "blynklib": ("0.2.5", "0.2.6"),
    "btbricks": ("0.2.5", "0.2.6"),
    "chumicro-mqtt": ("0.28.2", "0.30.0"),
    "chumicro-requests": ("0.19.1", "0.21.0"),
    "microdot": ("2.3.5", "2.4.0"),
}
BOOT = "import machine\n\nmachine.freq(160_000_000)\n"
MAIN = "import {module}\n\nprint({module})\n"
TIMES = """
import sys, time
import airwaybill
began = time.perf_counter()
catalog = airwaybill.scan(sys.argv[1])
scanned = time.perf_counter()
findings = catalog.check_directory(sys.argv[1])
print(scanned - began, time.perf_counter() - scanned)
assert [finding.code for finding in findings] == [], findings
"""
WITHOUT = """
from airwaybill import _check, cli
_check.checked = lambda *_: _check.Checked({}, ())
cli.main()
"""


def make_pair(root: Path, package: str) -> None:
    """Two releases: the package in ``lib``, and a program that imports it."""
    for version in PAIRS[package]:
        wheels = RESULTS / "packages"
        command = (
            "pip",
            "download",
            "-q",
            "--no-deps",
            "--only-binary",
            ":all:",
            "-d",
            wheels,
            f"{package}=={version}",
        )
        subprocess.run([sys.executable, "-m", *command], check=True)
        [wheel] = wheels.glob(f"{package.replace('-', '_')}-{version}-*.whl")
        flash = root / version / "flash"
        with zipfile.ZipFile(wheel) as archive:
            names = [name for name in archive.namelist() if ".dist-info/" not in name]
            archive.extractall(flash / "lib", names)
        (flash / "boot.py").write_text(BOOT)
        (flash / "main.py").write_text(MAIN.format(module=min(names).partition("/")[0].partition(".")[0]))


def found_in_pairs(top: Path) -> tuple[int, str]:
    """How many errors and warnings, and what they and the hints are."""
    counts: dict[str, int] = {}
    for package in PAIRS:
        root = top / package
        make_pair(root, package)
        for finding in airwaybill.scan(root).check_directory(root):
            counts[finding.level] = counts.get(finding.level, 0) + 1
            print(f"{package}: {finding.level}: {finding.code}: {finding.path}: {finding.message}", file=sys.stderr)
    bad = counts.get("error", 0) + counts.get("warning", 0)
    return bad, f"{counts.get('hint', 0)} hints"


def make_releases(root: Path) -> Path:
    """Two releases of 10,000 files of 1 KiB, of which one in a hundred differs."""
    for release in ("1.0.0", "1.0.1"):
        for number in range(FILES):
            changes = number % 100 == 0
            line = f"{number} {release}\n" if changes else f"{number}\n"
            path = (
                root / release / "flash" / ("main.py" if number == 0 else f"lib/part_{number // 50}/file_{number}.py")
            )
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(line * (1024 // len(line)))
    return root


def check_seconds(root: Path, scans: list[float]) -> float:
    environment = {**os.environ, "RAYON_NUM_THREADS": "2"}
    done = subprocess.run([sys.executable, "-c", TIMES, str(root)], env=environment, capture_output=True, check=True)
    scan, check = map(float, done.stdout.split())
    scans.append(scan)
    return check


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    part = Part("check")
    with tempfile.TemporaryDirectory() as name:
        bad, note = found_in_pairs(Path(name) / "pairs")
        part.add("pairs", [bad], note=note)
        root = make_releases(Path(name) / "releases")
        scans: list[float] = []
        part.add("cost", in_turn({"check": partial(check_seconds, root, scans)}, rounds)["check"], scans)
        command = serve(root, "--settle", "0")
        without = (sys.executable, "-c", WITHOUT, *command[command.index("serve") :])
        found = in_turn(
            {"with": partial(first_manifest, command, root), "without": partial(first_manifest, without, root)}, rounds
        )
        part.add("start", found["with"], found["without"])
    part.write()


if __name__ == "__main__":
    main()
