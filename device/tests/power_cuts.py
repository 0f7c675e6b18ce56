"""The power-cut proof: python device/tests/power_cuts.py [--pairs N]

One line for each file system, and one for the confirmation of a release that brings what starts the device; at last how
many states of the flash the board has been started from, no two of them alike. Every single cut and every torn write is
made. Of the pairs (a second cut in the recovery from the first) a sample of N with a fixed seed is for an update, and
smaller ones for its end; with 0 all are, which takes hours.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from board import TESTS, compile_client, micropython

FILE_SYSTEMS = ("littlefs", "FAT")
PAIRS = 300


def prove(pairs: int = PAIRS) -> list[str]:
    """What each run prints on stdout; what was bad goes to stderr. All run at the same time."""
    with tempfile.TemporaryDirectory() as name:
        old = compile_client(Path(name) / "old")
        # Another source name makes another file of the same code: an update of the updater.
        new = compile_client(Path(name) / "new", "1.0.1/")
        command = [micropython(), "-X", "heapsize=128M", str(TESTS / "cuts.py")]
        clients = [str(old), str(new)]
        proofs = [[kind, *clients, str(pairs)] for kind in FILE_SYSTEMS]
        proofs.append(["littlefs", *clients, str(pairs), "boot_py"])
        runs = [subprocess.Popen([*command, *proof], stdout=subprocess.PIPE, text=True) for proof in proofs]
        return [run.communicate()[0].strip() for run in runs]


def states(lines: list[str]) -> int:
    return sum(int(re.search(r"(\d+) flash states", line)[1]) for line in lines)


def main() -> int:
    parser = argparse.ArgumentParser(description="Cut the power at every write of an update.")
    parser.add_argument("--pairs", type=int, default=PAIRS, help="of cuts in an update; 0 makes them all")
    lines = prove(parser.parse_args().pairs)
    print("\n".join(lines))
    print(f"{states(lines)} distinct flash states in all")
    return int(not all(line.endswith(" 0 bad") for line in lines))


if __name__ == "__main__":
    sys.exit(main())
