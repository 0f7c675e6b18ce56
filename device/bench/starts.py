"""The least heap of a start, with the client as source: python device/bench/starts.py

A start with nothing to do, one that puts a release in place, one on trial, and one that takes a release back; each with
`OTA.boot()` and with the recovery alone, on the 64-bit port, whose objects are twice the size of a board's.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "device" / "tests")]

from board import DEVICE, Server, micropython

MOUNTS = 'MOUNTS = {{"flash": {root!r} + "/flash", "sd": {root!r} + "/sd"}}\n'
PATH = "import sys\nsys.path[:] = [{client!r}, '.frozen']\n" + MOUNTS
UPDATE = PATH + "from OTA import HTTPOTA\nprint(HTTPOTA('127.0.0.1', {port}, mounts=MOUNTS).update(reset=False))"
# As boot.py calls it; what goes wrong is only printed by it.
CALLS = {
    "face": PATH + "from OTA import OTA\nOTA.boot(MOUNTS, False)\nimport airwaybill_boot",
    "recovery": PATH + "import airwaybill_boot\nairwaybill_boot.boot(MOUNTS, False)",
}
CHECK = "\nassert not airwaybill_boot.last_error"
FILES = 20
LOW_KB, HIGH_KB = 8, 256


def run(code: str, heap_kb: int) -> bool:
    command = [micropython(), "-X", f"heapsize={heap_kb}K", "-c", code]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def write_releases(root: Path) -> None:
    for version in ("1.0.0", "1.0.1"):
        for number in range(FILES):
            file = root / version / "flash" / "lib" / f"module_{number:02}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(f"# {version}\n" * (number + 1))


def boards(directory: Path) -> dict[str, Path]:
    """A board before each kind of start."""
    releases = directory / "releases"
    write_releases(releases)
    found = {"idle": directory / "idle"}
    shutil.copytree(releases / "1.0.0" / "flash", found["idle"] / "flash")
    (found["idle"] / "sd").mkdir()
    (found["idle"] / "flash" / "waybill").mkdir()
    (found["idle"] / "flash" / "waybill" / "version").write_text("1.0.0\n")
    before = "idle"
    with Server(releases) as server:
        for kind in ("placing", "trial", "back"):
            found[kind] = Path(shutil.copytree(found[before], directory / kind))
            for _ in range(3 if kind == "back" else 1):
                code = UPDATE if kind == "placing" else CALLS["face"] + CHECK
                assert run(code.format(client=str(DEVICE), root=str(found[kind]), port=server.port), 8192)
            before = kind
    return found


def fits(board: Path, call: str, heap_kb: int) -> bool:
    with tempfile.TemporaryDirectory() as name:
        copy = shutil.copytree(board, Path(name) / "board")
        return run((CALLS[call] + CHECK).format(client=str(DEVICE), root=str(copy)), heap_kb)


def least_heap(board: Path, call: str) -> int:
    """In KB; sought by halving."""
    low, high = LOW_KB, HIGH_KB
    assert fits(board, call, high), f"no start of {board.name} with a heap of {high} KB"
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(board, call, middle) else (middle, high)
    return high


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        for kind, board in boards(Path(name)).items():
            print(f"{kind:8}", ", ".join(f"{call} {least_heap(board, call)} KB" for call in CALLS))


if __name__ == "__main__":
    main()
