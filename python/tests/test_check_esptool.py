"""The check of firmware beside esptool, which makes and judges images of ESP32s."""

from __future__ import annotations

import hashlib
import random
import struct
from pathlib import Path
from typing import Any

import esptool  # type: ignore[import-untyped]
import pytest
from esptool.bin_image import ImageSegment, LoadFirmwareImage  # type: ignore[import-untyped]
from esptool.targets import CHIP_DEFS  # type: ignore[import-untyped]

from airwaybill import Catalog, Peek

IMAGE = "firmware_1.0.1.bin"
MAIN = {"path": "1.0.1/flash/main.py", "size": 1, "sha1": "0" * 40}
CHIPS: dict[str, Any] = {name: rom for name, rom in CHIP_DEFS.items() if name != "esp8266"}
NUMBERS = {rom.IMAGE_CHIP_ID: name for name, rom in CHIPS.items()}
TABLE = struct.pack("<HBBII16sI", 0x50AA, 1, 2, 0x9000, 0x6000, b"nvs", 0) + struct.pack(
    "<HBBII16sI", 0x50AA, 0, 0, 0x10000, 0x1F0000, b"factory", 0
)


def codes(content: bytes, *others: bytes) -> list[str]:
    images = {f"firmware_1.0.{1 - number}.bin": image for number, image in enumerate((content, *others))}
    listing = [
        {"path": path, "size": len(image), "sha1": hashlib.sha1(image).hexdigest()} for path, image in images.items()
    ]
    peeks = [Peek(path, image) for path, image in images.items()]
    return [finding.code for finding in Catalog.from_listing([MAIN, *listing]).check(peeks)]


def made(chip: str, dice: random.Random, place: str = "DRAM") -> bytes:
    """An application as `esptool elf2image` writes it, with a segment at a place of the chip's memory."""
    blank: Any = getattr(esptool.bin_image, f"{chip.upper()}FirmwareImage")
    image = blank(append_digest=dice.random() < 0.7)
    image.chip_id = CHIPS[chip].IMAGE_CHIP_ID
    [start] = [start for start, _, name in CHIPS[chip].MEMORY_MAP if name == place][:1]
    for number in range(dice.randrange(1, 5)):
        segment = ImageSegment(start + number * 0x10000, dice.randbytes(4 * dice.randrange(1, 40)))
        segment.name = place
        image.segments.append(segment)
    return bytes(image.save(None))


def is_right(content: bytes) -> bool:
    """What `esptool image-info` says."""
    try:
        image = LoadFirmwareImage(NUMBERS[struct.unpack_from("<H", content, 12)[0]], content)
    except (esptool.FatalError, KeyError, RuntimeError, TypeError, struct.error):
        return False
    return image.calculate_checksum() == image.checksum and (
        not image.append_digest or image.stored_digest == image.calc_digest
    )


@pytest.mark.parametrize("chip", CHIPS)
def test_each_chip_is_known(chip: str) -> None:
    dice = random.Random(chip)
    for place in ("DRAM", "DROM", "IROM"):
        content = made(chip, dice, place)
        assert is_right(content)
        assert codes(content) == [], place


def test_no_other_chip_is_known() -> None:
    content = bytearray(made("esp32", random.Random(1)))
    for number in [*range(256), 0xFFFF]:
        content[12:14] = struct.pack("<H", number)
        # Its digest, if it has one, is wrong by now.
        content[23] = 0
        assert (codes(bytes(content)) == []) is (number in NUMBERS), number


@pytest.mark.parametrize("change", ["flip", "cut"])
def test_damaged_images_are_judged_as_esptool_does(change: str) -> None:
    dice = random.Random(change)
    judged = []
    for _ in range(400):
        content = bytearray(made(dice.choice(list(CHIPS)), dice))
        if change == "flip":
            content[dice.randrange(len(content))] ^= 1 << dice.randrange(8)
        else:
            del content[dice.randrange(24, len(content)) :]
        judged.append(is_right(bytes(content)))
        assert (codes(bytes(content)) == []) is judged[-1], bytes(content).hex()
    assert judged.count(False) > 200


@pytest.mark.parametrize("chip", CHIPS)
def test_an_image_of_a_whole_flash_is_none_of_an_application(chip: str) -> None:
    dice = random.Random(chip)
    start = CHIPS[chip].BOOTLOADER_FLASH_OFFSET
    parts = [(start, made(chip, dice)), (0x8000, TABLE), (0x10000, made(chip, dice))]
    for offset in (0, start):
        whole = esptool.merge_bin(parts, chip, target_offset=offset)
        assert whole is not None
        assert codes(whole) == ["firmware_flash"], hex(offset)


def test_the_examples_images_are_right() -> None:
    images = [path.read_bytes() for path in sorted((Path(__file__).parents[2] / "examples/releases").glob("*.bin"))]
    assert [is_right(image) for image in images] == [True, True]


def test_images_of_different_chips_are_told_apart() -> None:
    dice = random.Random(1)
    assert codes(made("esp32c3", dice), made("esp32s3", dice)) == ["firmware_chip"]
