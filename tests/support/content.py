"""Files for tests, and their digests."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path


def write(root: Path, files: Mapping[str, bytes]) -> None:
    for path, data in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)


def sha1(data: bytes) -> str:
    return hashlib.sha1(data).hexdigest()


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def noise(size: int, seed: object = 1) -> bytes:
    """Bytes that look random and are the same for the same seed."""
    return hashlib.shake_128(str(seed).encode()).digest(size)
