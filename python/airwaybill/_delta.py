"""Patches to the highest release and image: which devices can use, and how they come to `delta/` (rules X2 to X4)."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Iterator
from itertools import zip_longest
from typing import NamedTuple

from airwaybill import Catalog, FileRecord, Firmware, PlanFile, Release, make_patch
from airwaybill._core import PATCH_SIZE_LIMIT, is_worth_it, patch_path
from airwaybill._patch_files import Source, read, sha1, write


class Update(NamedTuple):
    """What devices with a release or an image of a version fetch, each with what a patch can start from.

    Without a version that is all. ``target`` is the name of the release or image.
    """

    version: str | None
    target: str
    files: list[tuple[Source | None, Source]]


def updates(catalog: Catalog) -> Iterator[Update]:
    """Those to the highest release and image: from the newest, before that from the one below; then full installs."""
    releases, images = catalog.releases[::-1], catalog.firmware[::-1]
    of_releases = (_between(catalog, base, releases[0]) for base in releases[1:])
    of_images = (Update(base.version, images[0].path, [(_image(base), _image(images[0]))]) for base in images[1:])
    for pair in zip_longest(of_releases, of_images):
        yield from (update for update in pair if update is not None)
    if releases:
        plan = catalog.plan()
        files = [] if plan is None else [*plan.new, *plan.keep]
        yield Update(None, releases[0].version, [(None, _source(releases[0], file)) for file in files])
    if images:
        yield Update(None, images[0].path, [(None, _image(images[0]))])


def _between(catalog: Catalog, base: Release, target: Release) -> Update:
    plan = catalog.plan(base.version)
    files: list[tuple[Source | None, Source]] = []
    if plan is not None:
        old = {file.path: file for file in base.files}
        files = [(_source(base, old[file.path]), _source(target, file)) for file in plan.update]
        files += [(None, _source(target, file)) for file in (*plan.new, *plan.keep)]
    return Update(base.version, target.version, files)


def _source(release: Release, file: PlanFile | FileRecord) -> Source:
    return Source(f"{release.version}/{file.path}", file.size, file.sha1)


def _image(image: Firmware) -> Source:
    return Source(image.path, image.size, image.sha1)


class Maker:
    """Makes patches below ``root`` that are not there yet, and that a manifest would offer (rule X3).

    ``made`` has those that it made, which are not written with ``dry``; ``in_vain`` the paths of those that are known
    to save too little; ``anew`` of those that are made even if they are there.
    """

    def __init__(
        self, root: str, *, dry: bool = False, in_vain: set[str] | None = None, anew: Collection[str] = ()
    ) -> None:
        self.made: dict[str, FileRecord] = {}
        self._root = root
        self._dry = dry
        self._anew = anew
        self._in_vain = set[str]() if in_vain is None else in_vain

    def make(self, base: Source | None, target: Source) -> None:
        """The compressed file, and the patch from ``base``.

        ``OSError`` if one cannot be read or written, ``AirwaybillError`` with code ``file_changed``.
        """
        fetched = self._make(None, target, target.size)
        if base is not None:
            self._make(base, target, fetched)

    def _make(self, base: Source | None, target: Source, otherwise: int) -> int:
        """How many bytes a device fetches then, which would fetch ``otherwise``."""
        path = patch_path(target.sha1, None if base is None else base.sha1)
        if path in self._in_vain or max(target.size, 0 if base is None else base.size) > PATCH_SIZE_LIMIT:
            return otherwise
        size = self._size(path)
        if size is None:
            patch = make_patch(b"" if base is None else read(self._root, base), read(self._root, target))
            size = len(patch)
            if is_worth_it(size, otherwise):
                if not self._dry:
                    write(self._root, path, patch)
                self.made[path] = FileRecord(path, size, sha1(patch))
        if is_worth_it(size, otherwise):
            return size
        self._in_vain.add(path)
        return otherwise

    def _size(self, path: str) -> int | None:
        """Of a patch that is there: it may be published, and is not made anew."""
        if path in self.made:
            return self.made[path].size
        if path in self._anew:
            return None
        try:
            status = os.lstat(os.path.join(self._root, path))
        except FileNotFoundError:
            return None
        # A scan takes nothing else for a patch.
        return status.st_size if stat.S_ISREG(status.st_mode) else None
