"""Writes the binary files under releases/: two firmware images and a beep. Each run writes the same bytes.

The images are ESP32 images as esptool writes them, of one segment of noise: something to serve, to check and to hash,
nothing to flash.
"""

import functools
import hashlib
import math
import operator
import random
import struct
import wave
from pathlib import Path

RELEASES = Path(__file__).resolve().parent / "releases"
IMAGE_SIZES = {"1.0.0": 100 * 1024, "1.0.1": 102 * 1024}
DATA_ADDRESS = 0x3FFB0000

RATE = 8000
TONE_HZ = 1000
BEEP_S = 0.5
FADE_S = 0.02


def firmware(version: str) -> bytes:
    # Magic, segments, DIO, 4 MB at 40 MHz, entry point, no write protection, chip 0 (ESP32), a SHA-256 at the end.
    header = struct.pack("<BBBBIB3xHBHH4xB", 0xE9, 1, 2, 0x20, DATA_ADDRESS, 0xEE, 0, 0, 0, 0, 1)
    data = random.Random(f"firmware {version}").randbytes(IMAGE_SIZES[version] - len(header) - 8 - 16 - 32)
    checksum = functools.reduce(operator.xor, data, 0xEF)
    image = header + struct.pack("<II", DATA_ADDRESS, len(data)) + data + bytes(15) + bytes([checksum])
    return image + hashlib.sha256(image).digest()


def beep() -> bytes:
    """Unsigned 8 bit samples, faded at both ends so that the loudspeaker does not click."""
    count = int(RATE * BEEP_S)
    fade = int(RATE * FADE_S)
    samples = bytearray()
    for i in range(count):
        volume = min(1.0, i / fade, (count - 1 - i) / fade)
        samples.append(128 + round(100 * volume * math.sin(2 * math.pi * TONE_HZ * i / RATE)))
    return bytes(samples)


def main() -> None:
    for version in IMAGE_SIZES:
        (RELEASES / f"firmware_{version}.bin").write_bytes(firmware(version))
    with wave.open(str(RELEASES / "1.0.0" / "sd" / "asset_that_will_be_removed.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(RATE)
        file.writeframes(beep())


if __name__ == "__main__":
    main()
