"""An update with patches beside the first edition's, on 2 Mbit/s with 40 ms round trip: python device/bench/patches.py

Time and bytes for versions of packages for boards that followed each other, and for the example releases. The link is
the proxy of `link.py`. The first edition is taken from the history of this repository: this needs a git checkout.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "device" / "tests"), str(TOP / "device" / "tools"), str(TOP / "tests" / "bench")]

from bench_check import PAIRS, make_pair
from board import Board, find, micropython
from flash import compile_first
from link import OURS, proxied, timed
from measure import Part, in_turn
from mip_package import compile_package

ROUNDS = 5
EXAMPLES = TOP / "examples" / "releases"
FIRST = """
import sys
sys.path[:] = [{client!r}]
mounts = {{"flash": {flash!r}, "sd": {sd!r}}}

def started():
    for name in list(sys.modules):
        if name.startswith(("OTA", "ota_")):
            del sys.modules[name]
    from OTA import HTTPOTA
    return HTTPOTA({host!r}, {port}, mounts=mounts)

version = started().update(reset=False)
ota = started()
ota.boot(mounts, False)
print(version, ota.confirm())
"""


def make_packages(root: Path) -> None:
    """A board with ten packages, each of which has a new version."""
    for package, versions in PAIRS.items():
        with tempfile.TemporaryDirectory() as name:
            make_pair(Path(name), package)
            for version, release in zip(versions, ("1.0.0", "1.0.1")):
                shutil.copytree(Path(name) / version, root / release, dirs_exist_ok=True)


def make_examples(root: Path) -> None:
    for version in ("1.0.0", "1.0.1"):
        shutil.copytree(EXAMPLES / version, root / version)


SOURCES: dict[str, Callable[[Path], None]] = {
    "microdot": partial(make_pair, package="microdot"),
    "packages": make_packages,
    "examples": make_examples,
}


def update(releases: Path, versions: tuple[str, str], script: str, client: Path, received: list[float]) -> float:
    """Seconds of a whole update, its journal included."""
    old, new = versions
    with tempfile.TemporaryDirectory() as name, proxied(releases, "--no-delta") as (link, proxy):
        board = Board(Path(name), releases, old).root
        code = script.format(
            client=str(client), host=link.host, port=link.port, flash=f"{board}/flash", sd=f"{board}/sd"
        )
        result = timed(link, proxy, micropython(), "-c", code, expect=f"{new} True")
        for path in (releases / new).rglob("*.*"):
            assert (board / path.relative_to(releases / new)).read_bytes() == path.read_bytes()
    received.append(float(result.received))
    return result.seconds


def main() -> None:
    part = Part("device-patches")
    with tempfile.TemporaryDirectory() as name:
        first = compile_first(Path(name) / "mpy-first")
        second = compile_package(Path(name) / "mpy-second")
        for source, make in SOURCES.items():
            whole, patched = Path(name) / source / "whole", Path(name) / source / "patched"
            make(whole)
            versions = tuple(sorted(path.name for path in whole.iterdir()))
            shutil.copytree(whole, patched)
            subprocess.run([find("airwaybill", "AIRWAYBILL"), "delta", patched], check=True, capture_output=True)
            received: dict[str, list[float]] = {"patched": [], "first": []}
            runs = {
                "patched": partial(update, patched, versions, OURS, second, received["patched"]),
                "first": partial(update, whole, versions, FIRST, first, received["first"]),
            }
            part.add(f"time-{source}", *in_turn(runs, ROUNDS).values())
            part.add(f"bytes-{source}", *received.values())
    part.write()


if __name__ == "__main__":
    main()
