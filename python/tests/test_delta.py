"""Patches, beside the real detools, and Python's zlib with the window that devices have (rules X1, X4 and X5b)."""

from __future__ import annotations

import os
import random
import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import detools  # type: ignore[import-untyped]
import pytest
from content import noise

from airwaybill import AirwaybillError, apply_patch, make_patch
from airwaybill._core import PATCH_SIZE_LIMIT

# `make patches` takes a thousand.
PAIRS = int(os.environ.get("PAIRS", "60"))

# Where a number of the format takes one byte more, and around zlib's window and 64 KB.
SIZES = [0, 1, 2, 63, 64, 1023, 1024, 1025, 8191, 8192, 65535, 65536, 65537, 1048575, 1048576]

A, B = noise(70_000, 1), noise(70_000, 2)
TABLE = [
    *[(f"{size}-from-nothing", b"", noise(size)) for size in SIZES],
    *[(f"{size}-equal", noise(size), noise(size)) for size in SIZES],
    *[(f"{size}-to-nothing", noise(size), b"") for size in SIZES],
    ("nothing-in-common", b"\0" * 5000, b"\xff" * 5000),
    ("swapped", A + B, B + A),
    ("swapped-thrice", A + B, A[:100] + B[-300:] + A[-300:] + B[:300]),
    ("start-cut", A, A[1:]),
    ("end-cut", A, A[:-1]),
    ("start-added", A, b"x" + A),
    ("end-added", A, A + b"x"),
    ("one-byte-of-another-place", A + b"\1" * 9 + B, B[:9] + A[65_540:]),
    ("all-bytes-changed", A, bytes(255 - byte for byte in A)),
    ("runs", b"\0" * 90_000 + b"\1" + b"\0" * 9_000, b"\0" * 9_000 + b"\1" + b"\0" * 90_000),
    ("first-copy-of-one-byte", A[:40] + b"x" + B[:40] + A[40:90] + b"y" + B[:80], b"x" + B[:80]),
    ("longest-run-is-the-old-file-s-end", b"abcdefghX" + b"abcd", b"abcdefgh" * 9),
]


def generated() -> Iterator[tuple[str, bytes, bytes]]:
    dice = random.Random(20261128)
    for number in range(PAIRS):
        letters = dice.choice([b"ab", b"\x00\xff\x01\xfe", bytes(range(256))])
        text = bytes(dice.choices(letters, k=dice.choice([0, 3, 40, 700, 9_000])))
        pieces = [text] if dice.random() < 0.7 else []
        for _ in range(dice.randrange(9)):
            start = dice.randrange(len(text) + 1)
            pieces.insert(dice.randrange(len(pieces) + 1), text[start : start + dice.choice([1, 9, 50, 3_000])])
            pieces.append(bytes(dice.choices(letters, k=dice.choice([0, 1, 12]))))
        new = bytearray(b"".join(pieces))
        for _ in range(dice.choice([0, 1, 40])):
            if new:
                new[dice.randrange(len(new))] = dice.choice(letters)
        yield f"generated-{number}", text, bytes(new)


def by_detools(old: bytes, new: bytes) -> bytes:
    patch = BytesIO()
    detools.create_patch(BytesIO(old), BytesIO(new), patch, compression="none", use_mmap=False)
    return patch.getvalue()


def applied_by_detools(old: bytes, patch: bytes) -> bytes:
    new = BytesIO()
    detools.apply_patch(BytesIO(old), BytesIO(patch), new)
    return new.getvalue()


def compressed(content: bytes) -> bytes:
    stream = zlib.compressobj(9, zlib.DEFLATED, 10)
    return stream.compress(content) + stream.flush()


def in_pieces(stream: bytes, size: int = 61) -> bytes:
    """What a decoder gives that has no more of what came before than its window, a piece at a time."""
    decoder, content = zlib.decompressobj(wbits=10), bytearray()
    for start in range(0, len(stream), size):
        piece = stream[start : start + size]
        while piece:
            content += decoder.decompress(piece, size)
            piece = decoder.unconsumed_tail
    while rest := decoder.decompress(b"", size):
        content += rest
    assert decoder.eof
    assert not decoder.unused_data
    return bytes(content)


def number(patch: bytes, position: int) -> tuple[int, int]:
    """A number of the format, and where it ends."""
    first = byte = patch[position]
    value, shift, position = byte & 0x3F, 6, position + 1
    while byte & 0x80:
        byte = patch[position]
        value, shift, position = value | (byte & 0x7F) << shift, shift + 7, position + 1
    return -value if first & 0x40 else value, position


def steps(patch: bytes) -> Iterator[tuple[int, int]]:
    """How many bytes each step makes of the old file, and how many it has of its own."""
    size, position = number(patch, 1)
    if size:
        position += 1
    while position < len(patch):
        differences, position = number(patch, position)
        own, position = number(patch, position + differences)
        _, position = number(patch, position + own)
        yield differences, own


def pairs() -> list[tuple[str, bytes, bytes]]:
    return [*TABLE, *generated()]


@pytest.mark.parametrize(("old", "new"), [pytest.param(old, new, id=name) for name, old, new in pairs()])
def test_detools_applies_ours_and_we_apply_its(old: bytes, new: bytes) -> None:
    patch = make_patch(old, new)
    assert apply_patch(old, patch) == new
    content = in_pieces(patch)
    assert applied_by_detools(old, content) == new
    assert apply_patch(old, compressed(by_detools(old, new))) == new
    # X5b: devices refuse a step without a byte.
    assert all(map(any, steps(content)))


def test_patches_are_as_small_as_those_of_detools() -> None:
    ours, theirs = 0, 0
    for _, old, new in pairs():
        ours += len(make_patch(old, new))
        theirs += len(compressed(by_detools(old, new)))
    assert ours <= 1.01 * theirs


def test_no_file_has_more_than_16_mib() -> None:
    largest = bytes(PATCH_SIZE_LIMIT)
    assert len(largest) == 16 << 20
    assert apply_patch(largest, make_patch(largest, largest)) == largest
    rule = "patches are of files of up to 16 MiB; devices fetch larger ones whole"
    for name, old, new in [("old", largest + b"x", b""), ("new", b"", largest + b"x")]:
        with pytest.raises(AirwaybillError) as caught:
            make_patch(old, new)
        assert (caught.value.code, str(caught.value)) == (
            "size_too_big",
            f"the {name} file: 16777217 bytes; {rule}",
        )


def test_a_stream_that_gives_more_than_any_patch_is_refused() -> None:
    with pytest.raises(
        AirwaybillError, match=r"^the patch, inflated: [0-9]+ bytes; patches are of files of up to 16 MiB"
    ):
        apply_patch(b"", compressed(bytes(3 * PATCH_SIZE_LIMIT)))


@pytest.mark.parametrize("value", ["text", None, 7, ["a"], object()])
def test_only_bytes_are_files(value: Any) -> None:
    for call, names in ((make_patch, ("old", "new")), (apply_patch, ("old", "patch"))):
        for files, name in (((value, b""), names[0]), ((b"", value), names[1])):
            with pytest.raises(
                TypeError, match=f"^{name}: expected bytes, found str; " if value == "text" else "bytes-like"
            ):
                call(*files)


@pytest.mark.parametrize("kind", [bytearray, memoryview])
def test_files_are_bytes_like(kind: Any) -> None:
    assert apply_patch(kind(A), kind(make_patch(kind(A), kind(B)))) == B


def test_a_damaged_patch_is_refused_or_gives_what_it_announces() -> None:
    dice = random.Random(5)
    old = noise(3_000)
    new = old[:900] + noise(200, 3) + old[1000:] + old[:500]
    content = zlib.decompressobj(wbits=10).decompress(make_patch(old, new))
    codes, applied = set(), 0
    for _ in range(2_000):
        damaged = bytearray(content)
        ends = [len(content), dice.randrange(len(content))]
        # Most of a patch is bytes of files; numbers are at its start.
        for _ in range(dice.choice([1, 1, 3])):
            damaged[dice.choice([dice.randrange(8), dice.randrange(len(damaged))])] = dice.randrange(256)
        patch = bytes(damaged[: dice.choice(ends)])
        try:
            assert len(apply_patch(old, compressed(patch))) == number(patch, 1)[0]
            applied += 1
        except AirwaybillError as error:
            codes.add(error.code)
    assert applied > 100
    assert {"patch_cut", "patch_header", "patch_number", "patch_offset", "patch_step_long"} <= codes
    assert all(code == "size_too_big" or code.startswith("patch_") for code in codes)
