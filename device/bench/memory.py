"""The least heap with which an update of 10, 100 and 1,000 files completes: python device/bench/memory.py

That with patches is measured signed too, and with an image of 1.5 MB; what stands for the board's partitions then is on
the heap as well (`partitions.py`).
"""

from __future__ import annotations

import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "device" / "tests"), str(TOP / "tests" / "bench")]

from board import DEVICE, Board, Server, compile_client, find, micropython
from content import noise, write
from measure import Part
from signed_device import image_of, release_of
from signing import OFFICE, keys, signed

SEED = 20
IMAGE_BYTES = 1_500_000
COUNTS = (10, 100, 1000)

CLIENT = """
import sys
sys.path[:] = [{client!r}]
{board}
from OTA import HTTPOTA
mounts = {{"flash": {flash!r}, "sd": {sd!r}}}
ota = HTTPOTA("127.0.0.1", {port}, mounts=mounts)
"""
BOARD = """
import airwaybill_boot, partitions
partitions.root = {root!r}
partitions.label("running", partitions.label("boot"))
airwaybill_boot.esp32 = partitions
"""
START = CLIENT + "ota.boot(mounts, False, count=True)\n"
# The device gives up patches, if there are any, when it has no room for one; an image alone it fetches whole then.
UPDATE = CLIENT + "print(ota.update(reset=False), ota.patches, ota.received < {least_whole})"
# The release is placed by the first start, and on trial from the second on.
TRIAL = START + "print(ota.status()['state'])"
CONFIRM = START + "print(ota.confirm())"


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
        make_patches(root)


def make_patches(root: Path) -> None:
    subprocess.run([find("airwaybill", "AIRWAYBILL"), "delta", root], check=True, capture_output=True)


def write_images(root: Path) -> None:
    """Two that differ in 2,000 bytes."""
    old = bytearray(b"\xe9" + noise(IMAGE_BYTES - 1, SEED))
    (root / "firmware_1.0.0.bin").write_bytes(old)
    draw = random.Random(SEED)
    for _ in range(2000):
        old[draw.randrange(1, IMAGE_BYTES)] ^= 1
    (root / "firmware_1.0.1.bin").write_bytes(old)


def sign(root: Path) -> None:
    """The new release, and its image."""
    files = {"/keys/1.waybill": keys(), **signed("1.0.1", release_of("1.0.1", root).render(), OFFICE)}
    if (root / "firmware_1.0.1.bin").exists():
        files.update(signed("firmware_1.0.1.bin", image_of("1.0.1", root, sequence=3).render(), OFFICE))
    write(root, {path[1:]: data for path, data in files.items()})


def compile_module(source: Path, directory: Path) -> None:
    compiled = directory / source.with_suffix(".mpy").name
    subprocess.run([find("mpy-cross", "MPY_CROSS"), "-s", source.name, "-o", compiled, source], check=True)


def completes(releases: Path, client: Path, port: int, heap_kb: int, is_signed: bool = False) -> bool:
    """`is_signed` is of a device that takes only what is signed."""
    image = releases / "firmware_1.0.0.bin"
    with tempfile.TemporaryDirectory() as name:
        board = Board(Path(name), releases, "1.0.0").root
        if is_signed:
            (board / "flash" / "waybill" / "keys").write_bytes(keys())
        scripts = [(UPDATE, "1.0.1 True True"), (TRIAL, "trial"), (CONFIRM, "True")]
        partitions = ""
        if image.exists():
            shutil.copy(image, board / "ota_0")
            (board / "ota_1").write_bytes(b"\xff" * (2 << 20))
            partitions = BOARD.format(root=str(board))
        for script, expected in scripts:
            code = script.format(
                client=client.name,
                board=partitions,
                port=port,
                flash=f"{board}/flash",
                sd=f"{board}/sd",
                least_whole=IMAGE_BYTES,
            )
            command = [micropython(), "-X", f"heapsize={heap_kb}K", "-c", code]
            # Paths of source are on the heap: here they are as short as a board's, wherever the client is.
            done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=client.parent)
            if done.stdout.strip() != expected:
                return False
        return True


def least_heap(releases: Path, client: Path, port: int, is_signed: bool = False) -> int:
    low, high = 8, 512
    if not completes(releases, client, port, high, is_signed):
        raise SystemExit(f"no update with a heap of {high} KB")
    while high - low > 1:
        middle = (low + high) // 2
        if completes(releases, client, port, middle, is_signed):
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
        write_images(releases)
        make_patches(releases)
        sign(releases)
        compile_module(Path(__file__).with_name("partitions.py"), compiled)
        with Server(releases) as server:
            part.add("mpy-image", [least_heap(releases, compiled, server.port, is_signed=True)])
    part.write()


if __name__ == "__main__":
    main()
