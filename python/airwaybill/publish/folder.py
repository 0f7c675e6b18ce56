"""A folder that a web server sends (rule S1a)."""

from __future__ import annotations

import hashlib
import itertools
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from airwaybill._options import CHECK_FAILED, CommandError
from airwaybill._terminal import shown
from airwaybill.publish.stores import LostError, Read, Stored, failed

# In the folder, so that a rename is one step; what a killed run left in it goes with the next one.
UNFINISHED = ".publish.new"


class Folder:
    """Each file is written beside and renamed. Content types and cache classes are the web server's affair."""

    is_shared = False

    def __init__(self, path: str) -> None:
        self._top = path
        self._unfinished = os.path.join(path, UNFINISHED)
        self._numbers = itertools.count()

    @contextmanager
    def locked(self) -> Iterator[None]:
        from filelock import FileLock, Timeout

        # Outside of the folder, and the system's: a run that is killed leaves none.
        name = hashlib.sha1(os.fsencode(os.path.realpath(self._top))).hexdigest()
        user = getattr(os, "getuid", str)()
        try:
            with FileLock(os.path.join(tempfile.gettempdir(), f"airwaybill-{user}-{name}.lock"), timeout=0):
                self._clear()
                try:
                    yield
                finally:
                    self._clear()
        except Timeout:
            rule = "another run publishes there at this moment"
            raise CommandError(CHECK_FAILED, "published_meanwhile", f"{shown(self._top)}: {rule}") from None

    def _clear(self) -> None:
        shutil.rmtree(self._unfinished, ignore_errors=True)

    def objects(self) -> dict[str, Stored]:
        with _telling(f"list {self._top}"):
            return dict(self._below(self._top, ""))

    def _below(self, folder: str, prefix: str) -> Iterator[tuple[str, Stored]]:
        try:
            entries = list(os.scandir(folder))
        except FileNotFoundError:
            return
        for entry in entries:
            key = prefix + entry.name
            if entry.is_dir(follow_symlinks=False):
                if key != UNFINISHED:
                    yield from self._below(entry.path, f"{key}/")
            else:
                yield key, Stored(entry.stat(follow_symlinks=False).st_size, None)

    def read(self, key: str) -> Read | None:
        with _telling(f"read {key}"):
            try:
                with open(self._path(key), "rb") as file:
                    data = file.read()
            except FileNotFoundError:
                return None
        return Read(data, hashlib.sha1(data).hexdigest())

    def version(self, key: str) -> object:
        found = self.read(key)
        return None if found is None else found.version

    def put(self, key: str, data: bytes, content_type: str, cache_control: str) -> None:
        beside = os.path.join(self._unfinished, f"{os.getpid()}-{next(self._numbers)}")
        target = self._path(key)
        with _telling(f"write {key}"):
            for path in (beside, target):
                os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(beside, "wb") as file:
                file.write(data)
            os.replace(beside, target)

    def replace(self, key: str, data: bytes, version: object) -> object:
        if self.version(key) != version:
            raise LostError
        if version is not None and sys.platform != "win32":
            # What was put so far is on the disk before something says so.
            os.sync()
        self.put(key, data, "", "")
        return hashlib.sha1(data).hexdigest()

    def delete(self, keys: list[str]) -> None:
        for key in keys:
            path = self._path(key)
            with _telling(f"delete {key}"), suppress(FileNotFoundError):
                os.remove(path)
            with suppress(OSError):
                # Up to the first one that is not empty.
                while (path := os.path.dirname(path)) != self._top:
                    os.rmdir(path)

    def _path(self, key: str) -> str:
        return os.path.join(self._top, *key.split("/"))


@contextmanager
def _telling(what: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise failed(what, error) from None
