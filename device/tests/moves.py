"""A device of the first edition comes to the second, with power cuts: python device/tests/moves.py [--all]

One line for littlefs, one for FAT with boot_py=True, and one for FAT without, where the client stays as it is. Without
`--all`, which takes some ten minutes, a part of the cuts is made.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from board import DEVICE, TESTS, micropython
from first import write_first

SHARE = 23  # a prime: it falls in with nothing that repeats
SCENES = {"littlefs": ("littlefs", "client"), "FAT, boot_py": ("FAT", "boot_py"), "FAT": ("FAT", "client")}


def prove(scene: str, every: int = SHARE, on: int = 5) -> dict[str, Any]:
    """`counts` of what became of the cuts, and by path how many cuts in it ended badly (`half`)."""
    with tempfile.TemporaryDirectory() as name:
        first = write_first(Path(name))
        command = [micropython(), "-X", "heapsize=64M", str(TESTS / "move.py"), str(first), str(DEVICE)]
        done = subprocess.run(
            [*command, *SCENES[scene], str(every), str(on)], stdout=subprocess.PIPE, text=True, check=True
        )
    return json.loads(done.stdout.rstrip("\n").rsplit("\n", 1)[-1])


def main() -> int:
    parser = argparse.ArgumentParser(description="Cut the power at the writes of a move between editions.")
    parser.add_argument("--all", action="store_true", help="every write, not a part of them")
    everything = parser.parse_args().all
    bad = 0
    for scene in SCENES:
        found = prove(scene, 1, 40) if everything else prove(scene)
        counts = ", ".join(f"{number} {name}" for name, number in found["counts"].items())
        half = ", ".join(f"{number} in {path}" for path, number in found["half"].items())
        print(f"{scene}: {counts}{'; need a cable: ' + half if half else ''}", flush=True)
        bad += found["counts"]["bad"]
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
