"""Patches that detools and the engine have made, on the device; and what is none."""

from __future__ import annotations

import io
import os
import random
import zlib
from collections.abc import Callable
from pathlib import Path

import detools
import pytest
from board import TESTS, run_script

from airwaybill import make_patch

PAIRS = int(os.environ.get("PATCHES", "200"))
DAMAGED = int(os.environ.get("PATCHES", "1000"))
SIZES = (0, 1, 63, 64, 127, 128, 129, 255, 1023, 1024, 1025, 5000)
LARGE = 70_000  # offsets of more than 16 bits


def by_detools(old: bytes, new: bytes) -> bytes:
    plain = io.BytesIO(b"\0\0")
    if new:
        detools.create_patch(io.BytesIO(old), io.BytesIO(new), plain, compression="none")
    return compressed(plain.getvalue())


def compressed(data: bytes) -> bytes:
    maker = zlib.compressobj(9, zlib.DEFLATED, 10)
    return maker.compress(data) + maker.flush()


def changed(draw: random.Random, old: bytes) -> bytes:
    new = bytearray(old)
    for _ in range(draw.randrange(6)):
        at = draw.randrange(len(new) + 1)
        kind = draw.randrange(4)
        if kind == 0:
            new[at:at] = draw.randbytes(draw.randrange(300))
        elif kind == 1:
            del new[at : at + draw.randrange(300)]
        elif kind == 2 and at < len(new):
            new[at] ^= draw.randrange(1, 256)
        else:
            new = new[at:] + new[:at]
    return bytes(new)


def write_pairs(directory: Path, make: Callable[[bytes, bytes], bytes]) -> None:
    draw = random.Random(5)
    for number in range(PAIRS):
        size = LARGE if number % 50 == 49 else draw.choice(SIZES)
        old = draw.randbytes(size) if number % 3 else (b"report_s 900\n" * (size // 13 + 1))[:size]
        new = changed(draw, old)
        if number % 10 == 0:  # the compressed file
            old = b""
        for ending, data in (("old", old), ("new", new), ("patch", make(old, new))):
            (directory / f"{number}.{ending}").write_bytes(data)


@pytest.mark.parametrize("make", [by_detools, make_patch], ids=["detools", "engine"])
def test_made(tmp_path: Path, make: Callable[[bytes, bytes], bytes]) -> None:
    write_pairs(tmp_path, make)
    wrong, codes, beyond = run_script(TESTS / "patches.py", tmp_path, PAIRS, DAMAGED)
    assert wrong == []
    # What zlib's checksum passes over is its own head, and nothing that counts.
    assert beyond == 0
    assert set(codes) <= {"patch_invalid", "same"}
    assert codes["patch_invalid"] > 0.9 * DAMAGED


def numbers(*values: int) -> bytes:
    out = b""
    for value in values:
        byte = (0x40 if value < 0 else 0) | (abs(value) & 0x3F)
        rest = abs(value) >> 6
        while rest:
            out += bytes([byte | 0x80])
            byte, rest = rest & 0x7F, rest >> 7
        out += bytes([byte])
    return out


HEAD = b"\0" + numbers(4, 0)
STEP = numbers(0, 4) + b"abcd" + numbers(0)
REFUSED = {
    "empty": b"",
    "no-zlib": HEAD + STEP,
    "another-type": compressed(b"\x10" + (HEAD + STEP)[1:]),
    "another-size": compressed(b"\0" + numbers(5, 0) + STEP),
    "another-data-format": compressed(b"\0" + numbers(4, 1) + STEP),
    "more-than-announced": compressed(HEAD + numbers(0, 5) + b"abcde" + numbers(0)),
    "a-negative-step": compressed(HEAD + numbers(0, -1) + STEP),
    "an-endless-number": compressed(HEAD + b"\xff" * 9),
    "a-number-of-five-bytes": compressed(b"\0\x84\x80\x80\x80\0\0" + STEP),
    "steps-of-nothing": compressed(HEAD + numbers(0, 0, 0) * 5 + STEP),
    "before-the-old-file": compressed(HEAD + numbers(0, 0, -1) + STEP),
    "behind-the-old-file": compressed(HEAD + numbers(0, 0, 9, 4) + bytes(4) + numbers(0, 0)),
    "cut": compressed(HEAD + STEP[:-3]),
    "checksum": compressed(HEAD + STEP)[:-1] + b"x",
    "bytes-after-the-end": compressed(HEAD + STEP) + b"x",
    "bytes-after-the-patch": compressed(HEAD + STEP + b"x"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused(tmp_path: Path, case: str) -> None:
    good = compressed(HEAD + STEP)
    for number, patch in enumerate((good, REFUSED[case])):
        for ending, data in (("old", b"12345678"), ("new", b"abcd"), ("patch", patch)):
            (tmp_path / f"{number}.{ending}").write_bytes(data)
    with pytest.raises(AssertionError, match="patch_invalid"):
        run_script(TESTS / "patches.py", tmp_path, 2, 0)
    assert run_script(TESTS / "patches.py", tmp_path, 1, 0)[0] == []
