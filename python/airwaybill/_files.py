"""Files that are there whole or not at all."""

from __future__ import annotations

import os
from contextlib import suppress

from airwaybill._options import CHECK_FAILED, WRONG_USAGE, CommandError


def write(path: str, data: bytes) -> None:
    """Writes a temporary file beside it and renames that."""
    target = os.path.realpath(path)
    if os.path.exists(target) and not os.path.isfile(target):
        raise CommandError(WRONG_USAGE, "output_failed", f"cannot write {path}: not a regular file")
    beside = f"{target}.{os.getpid()}.new"
    try:
        with open(beside, "wb") as file:
            file.write(data)
        os.replace(beside, target)
    except OSError as error:
        with suppress(OSError):
            os.remove(beside)
        raise CommandError(CHECK_FAILED, "output_failed", f"cannot write {path}: {error.strerror}") from None
