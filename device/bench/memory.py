"""The least heap with which an update of 10, 100 and 1,000 files completes: python device/bench/memory.py"""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "device" / "tests"), str(TOP / "tests" / "bench")]

from board import DEVICE, Board, Server, compile_client, find, micropython
from measure import Part

SEED = 20
COUNTS = (10, 100, 1000)

CLIENT = """
import sys
sys.path[:] = [{client!r}]
from OTA import HTTPOTA
mounts = {{"flash": {flash!r}, "sd": {sd!r}}}
ota = HTTPOTA("127.0.0.1", {port}, mounts=mounts)
"""
START = CLIENT + "ota.boot(mounts, False, count=True)\n"
# The release is placed by the first start, and on trial from the second on.
SCRIPTS = {
    # The device gives up patches, if there are any, when it has no room for one.
    CLIENT + "print(ota.update(reset=False), ota.patches)": "1.0.1 True",
    START + "print(ota.status()['state'])": "trial",
    START + "print(ota.confirm())": "True",
}


def write_releases(root: Path, count: int, patches: bool = False) -> None:
    """Two releases that differ in `count` paths: a tenth deleted, a tenth new, the others changed: all of them, or with
    `patches`, which are beside them then, one line longer."""
    draw = random.Random(SEED)
    for number in range(count):
        path = Path(f"flash/lib/package_{number // 20:02}/module_{number:04}.py")
        for version in ("1.0.0", "1.0.1"):
            if number % 10 == (0 if version == "1.0.1" else 5):
                continue
            file = root / version / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if patches and version == "1.0.1" and (root / "1.0.0" / path).exists():
                file.write_bytes((root / "1.0.0" / path).read_bytes() + b"# 1.0.1\n")
            else:
                file.write_bytes(draw.randbytes(draw.randrange(100, 3000)))
    for version in ("1.0.0", "1.0.1"):
        (root / version / "flash" / "main.py").write_text("import package_00\n")
    if patches:
        subprocess.run([find("airwaybill", "AIRWAYBILL"), "delta", root], check=True, capture_output=True)


def completes(releases: Path, client: Path, port: int, heap_kb: int, keys: bytes | None = None) -> bool:
    """`keys` are those of a device that takes only what is signed."""
    with tempfile.TemporaryDirectory() as name:
        board = Board(Path(name), releases, "1.0.0").root
        if keys:
            (board / "flash" / "waybill" / "keys").write_bytes(keys)
        for script, expected in SCRIPTS.items():
            code = script.format(client=client.name, port=port, flash=f"{board}/flash", sd=f"{board}/sd")
            command = [micropython(), "-X", f"heapsize={heap_kb}K", "-c", code]
            # Paths of source are on the heap: here they are as short as a board's, wherever the client is.
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=client.parent)
            if done.stdout.strip() != expected:
                return False
        return True


def least_heap(releases: Path, client: Path, port: int, keys: bytes | None = None) -> int:
    low, high = 8, 512
    if not completes(releases, client, port, high, keys):
        raise SystemExit(f"no update with a heap of {high} KB")
    while high - low > 1:
        middle = (low + high) // 2
        if completes(releases, client, port, middle, keys):
            high = middle
        else:
            low = middle
    return high


def main() -> None:
    part = Part("device-memory")
    with tempfile.TemporaryDirectory() as name:
        compiled = compile_client(Path(name) / "mpy")
        for count in COUNTS:
            releases = Path(name) / f"releases_{count}"
            write_releases(releases, count)
            with Server(releases) as server:
                for form, client in (("mpy", compiled), ("source", DEVICE)):
                    heap = least_heap(releases, client, server.port)
                    print(f"{count} files, {form}: {heap} KB", file=sys.stderr, flush=True)
                    part.add(f"{form}-{count}", [heap])
        releases = Path(name) / "releases_patches"
        write_releases(releases, 100, patches=True)
        with Server(releases) as server:
            part.add("mpy-patches", [least_heap(releases, compiled, server.port)])
    part.write()


if __name__ == "__main__":
    main()
