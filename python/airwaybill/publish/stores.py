"""Where objects are put."""

from __future__ import annotations

import re
from contextlib import AbstractContextManager
from typing import NamedTuple, Protocol

from airwaybill._options import CHECK_FAILED, WRONG_USAGE, CommandError
from airwaybill._terminal import shown

SCHEMES = ("s3", "gs", "az")
SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]+):/")
URL = re.compile(f"({'|'.join(SCHEMES)})://[^/]+(/.*)?")


class Stored(NamedTuple):
    """An object as the store lists it. ``etag`` is how it names these bytes, if it does."""

    size: int
    etag: str | None


class Read(NamedTuple):
    """An object that was read, and the version that a conditional put takes."""

    data: bytes
    version: object


class LostError(Exception):
    """What a conditional put was to replace is not there any more."""


class Store(Protocol):
    """Keys have `/` between segments. Everything that fails is a `CommandError`, with code ``store_failed``.

    ``is_shared`` says that the lock keeps no other run from writing.
    """

    is_shared: bool

    def locked(self) -> AbstractContextManager[None]:
        """No other run on this machine writes as long as it is held."""

    def objects(self) -> dict[str, Stored]:
        """All objects by key."""

    def read(self, key: str) -> Read | None: ...

    def version(self, key: str) -> object:
        """That of the object, as `read` gives it; None if there is none."""

    def put(self, key: str, data: bytes, content_type: str, cache_control: str) -> str | None:
        """All or nothing; gives the ETag under which the store lists it. Threads may call it."""

    def replace(self, key: str, data: bytes, version: object) -> object:
        """Puts it if the object still has this version, or, where it is None, if there is none; gives the new version.

        Raises `LostError` otherwise.
        """

    def delete(self, keys: list[str]) -> None:
        """Deletes objects, of which some may be gone already."""


def open_store(destination: str) -> Store:
    """The folder at a path, or the object storage at a URL."""
    if destination and not SCHEME.match(destination):
        from airwaybill.publish.folder import Folder

        return Folder(destination)
    if not URL.fullmatch(destination):
        expected = "expected a path, s3://BUCKET/PREFIX, gs://BUCKET/PREFIX or az://CONTAINER/PREFIX"
        raise CommandError(WRONG_USAGE, "destination_invalid", f"{shown(destination) or 'nothing'}: {expected}")
    from airwaybill.publish.bucket import Bucket

    return Bucket(destination)


def failed(what: str, error: Exception) -> CommandError:
    """The first line of what the store said."""
    said = getattr(error, "strerror", None) or str(error).partition("\n")[0]
    return CommandError(CHECK_FAILED, "store_failed", f"cannot {what}: {said}")
