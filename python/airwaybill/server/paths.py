"""Opens the file for a request's path, below the root and never outside it (rule H2)."""

from __future__ import annotations

import os
import stat
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from airwaybill._check import SETTINGS
from airwaybill.server.answers import RequestError

# Windows cannot: there a link that is put in while a file is looked up would lead out of the root.
CAN_OPEN_BELOW = os.open in os.supports_dir_fd
# The page of a directory.
INDEX = "index.html"


class Identity(NamedTuple):
    """Changes when a file is written to or replaced."""

    device: int
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


class OpenFile(NamedTuple):
    """An open regular file. The owner closes ``descriptor``."""

    descriptor: int
    identity: Identity

    @property
    def size(self) -> int:
        return self.identity.size

    @property
    def modified(self) -> float:
        return self.identity.modified_ns / 1e9

    def unchanged(self) -> bool:
        return _identity(os.fstat(self.descriptor)) == self.identity


def not_found(shown: str) -> RequestError:
    return RequestError(404, "not_found", f"no such file: {shown}")


def request_path(scope: Scope, top: str | None = None) -> str:
    """The path below the root that a request names: decoded once, ``/``-separated, no empty, `.` or `..` segment.

    ``top`` is what ``/`` stands for. ``RequestError`` (404) for any other. ASGI's decoded path is not used because it
    hides bytes that are not UTF-8.
    """
    raw = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape")
    try:
        path = unquote_to_bytes(raw.partition(b"?")[0]).decode("utf-8")
    except UnicodeDecodeError:
        raise not_found(scope["path"]) from None
    root_path = scope.get("root_path", "").rstrip("/")
    if path.startswith(f"{root_path}/"):
        path = path[len(root_path) :]
    path = path[1:]
    if not path and top is not None:
        return top
    if "\0" in path or "\\" in path or any(segment in ("", ".", "..") for segment in path.split("/")):
        raise not_found(scope["path"])
    return path


def is_hidden(path: str) -> bool:
    return path == SETTINGS or any(segment.startswith(".") for segment in path.split("/"))


def open_below(real_root: str, path: str, hidden: bool) -> OpenFile:
    """Opens the regular file ``path`` below ``real_root``; links are followed if they stay below it.

    ``hidden`` says whether a path with a segment that starts with a dot may be opened, or the settings of the check.
    ``FileNotFoundError`` if it does not exist, is not a regular file, is hidden or outside.
    """
    real = os.path.realpath(os.path.join(real_root, *path.split("/")))
    if os.path.commonpath([real_root, real]) != real_root or real == real_root:
        raise FileNotFoundError(path)
    segments = os.path.relpath(real, real_root).split(os.sep)
    if not hidden and (is_hidden(path) or is_hidden("/".join(segments))):
        raise FileNotFoundError(path)
    descriptor = _open_segments(real_root, segments)
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise FileNotFoundError(path)
    except BaseException:
        os.close(descriptor)
        raise
    return OpenFile(descriptor, _identity(status))


def _open_segments(root: str, segments: list[str]) -> int:
    """Opens segment by segment without following links, which may have been put there after the path was resolved."""
    read = os.O_RDONLY | os.O_CLOEXEC | os.O_NOCTTY
    directory = os.open(root, read | os.O_DIRECTORY)
    try:
        for segment in segments[:-1]:
            inner = os.open(segment, read | os.O_DIRECTORY | os.O_NOFOLLOW, dir_fd=directory)
            os.close(directory)
            directory = inner
        # So that opening a FIFO does not wait for its writer.
        return os.open(segments[-1], read | os.O_NONBLOCK | os.O_NOFOLLOW, dir_fd=directory)
    finally:
        os.close(directory)


def _identity(status: os.stat_result) -> Identity:
    return Identity(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
