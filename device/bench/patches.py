"""An update with patches and without, on 2 Mbit/s with 40 ms round trip: python device/bench/patches.py

Time and bytes for two versions of packages for boards that followed each other, from the same server with `delta/` and
without. The link is the proxy of `link.py`.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "device" / "tests"), str(TOP / "tests" / "bench")]

from bench_check import make_pair
from board import DEVICE, find, micropython, record_of
from link import OURS, proxied, timed
from measure import Part, in_turn

ROUNDS = 5
PACKAGES = ("microdot", "adafruit-circuitpython-minimqtt")


def update(releases: Path, versions: tuple[str, str], received: list[float]) -> float:
    """Seconds of a whole update, its journal included."""
    old, new = versions
    with tempfile.TemporaryDirectory() as board, proxied(releases, "--no-delta") as (link, proxy):
        shutil.copytree(releases / old, board, dirs_exist_ok=True)
        (Path(board) / "sd").mkdir(exist_ok=True)
        home = Path(board) / "flash" / "waybill"
        home.mkdir()
        (home / "version").write_text(f"{old}\n")
        (home / "files").write_bytes(record_of(releases, old))
        script = OURS.format(
            client=str(DEVICE), host=link.host, port=link.port, flash=f"{board}/flash", sd=f"{board}/sd"
        )
        result = timed(link, proxy, micropython(), "-c", script, expect=f"{new} True")
        for path in (releases / new).rglob("*.py"):
            assert (Path(board) / path.relative_to(releases / new)).read_bytes() == path.read_bytes()
    received.append(float(result.received))
    return result.seconds


def main() -> None:
    part = Part("device-patches")
    with tempfile.TemporaryDirectory() as name:
        for package in PACKAGES:
            whole, patched = Path(name) / package / "whole", Path(name) / package / "patched"
            make_pair(whole, package)
            versions = tuple(sorted(path.name for path in whole.iterdir()))
            shutil.copytree(whole, patched)
            subprocess.run([find("airwaybill", "AIRWAYBILL"), "delta", patched], check=True, capture_output=True)
            received: dict[str, list[float]] = {"patched": [], "whole": []}
            runs = {
                "patched": partial(update, patched, versions, received["patched"]),
                "whole": partial(update, whole, versions, received["whole"]),
            }
            part.add(f"time-{package}", *in_turn(runs, ROUNDS).values())
            part.add(f"bytes-{package}", *received.values())
    part.write()


if __name__ == "__main__":
    main()
