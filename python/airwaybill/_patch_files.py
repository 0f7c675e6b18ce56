"""The files in `delta/`: each is there whole, and gives the file that it is named for (rules X2 and X4)."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple

from airwaybill import AirwaybillError, FileRecord, Hasher, apply_patch
from airwaybill._core import PATCHES, is_patch

if sys.platform != "win32":
    import fcntl

# Beside a patch, with the number of the process that writes it.
_BESIDE = re.compile(r"([^.]+)\.[0-9]+\.new")


class Source(NamedTuple):
    """A file of a release, or an image, with its path below the root."""

    path: str
    size: int
    sha1: str


def read(root: str, source: Source) -> bytes:
    """Raises ``AirwaybillError`` with code ``file_changed``, and ``OSError``."""
    content = None
    with suppress(FileNotFoundError, NotADirectoryError), open(os.path.join(root, source.path), "rb") as file:
        content = file.read(source.size + 1)
    if content is None or sha1(content) != source.sha1:
        raise AirwaybillError("file_changed", f"{source.path} has changed since it was scanned; try again")
    return content


def write(root: str, path: str, patch: bytes) -> None:
    """Writes it beside its place, and renames it."""
    target = os.path.join(root, path)
    os.makedirs(os.path.dirname(target), exist_ok=True)
    beside = f"{target}.{os.getpid()}.new"
    with _lock(root, exclusive=False):
        try:
            with open(beside, "wb") as file:
                file.write(patch)
                file.flush()
                # What is renamed is on the disk: it would not be made anew.
                os.fsync(file.fileno())
            os.replace(beside, target)
        except BaseException:
            with suppress(OSError):
                os.remove(beside)
            raise


def remove_left_over(root: str) -> None:
    """Removes what makers left that were killed; nothing while one writes, or where the file system has no locks."""
    with suppress(FileNotFoundError), _lock(root, exclusive=True) as is_alone:
        for name in os.listdir(os.path.join(root, PATCHES)) if is_alone else ():
            found = _BESIDE.fullmatch(name)
            if found is not None and is_patch(f"{PATCHES}/{found[1]}"):
                os.remove(os.path.join(root, PATCHES, name))


@contextmanager
def _lock(root: str, *, exclusive: bool) -> Iterator[bool]:
    """Whether the lock on `delta/` was to be had: makers share it while they write, and it ends with its process."""
    if sys.platform == "win32":
        # There a file that is open cannot be removed.
        yield True
        return
    # Where it is a link a scan finds nothing in it.
    folder = os.open(os.path.join(root, PATCHES), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB if exclusive else fcntl.LOCK_SH)
            is_locked = True
        except OSError:
            is_locked = False
        yield is_locked
    finally:
        os.close(folder)


def damaged(
    root: str, entries: Iterable[Mapping[str, Any]], patches: Iterable[FileRecord]
) -> dict[str, AirwaybillError]:
    """Those of ``patches`` that do not give the file that they are named for, by path, and why.

    Not looked at are those from a file that is not among the ``entries`` of a listing. Raises as `read` does.
    """
    files = (Source(entry["path"], entry["size"], entry["sha1"]) for entry in entries if "sha1" in entry)
    sources = {source.sha1: source for source in files}
    found = {}
    for patch in patches:
        base, _, made = patch.path.rpartition("/")[2].rpartition("-")
        if base and base not in sources:
            continue
        old = read(root, sources[base]) if base else b""
        with open(os.path.join(root, patch.path), "rb") as file:
            content = file.read()
        try:
            _check(old, content, made)
        except AirwaybillError as error:
            found[patch.path] = error
    return found


def _check(old: bytes, patch: bytes, made: str) -> None:
    given = sha1(apply_patch(old, patch))
    if given != made:
        rule = "it has to be the one that its name ends in"
        raise AirwaybillError("hash_mismatch", f"the patch gives a file with the SHA-1 {given}; {rule}")


def sha1(content: bytes) -> str:
    hasher = Hasher()
    hasher.update(content)
    return hasher.finish()
