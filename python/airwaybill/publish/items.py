"""What is published, and where its bytes come from."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from airwaybill import AirwaybillError, Catalog, Object, Version
from airwaybill._core import manifest_key
from airwaybill._options import CHECK_FAILED, CommandError
from airwaybill._terminal import shown

YEAR_SECONDS = 31_536_000
CACHE_CONTROL = {"immutable": f"public, max-age={YEAR_SECONDS}, immutable", "no-cache": "no-cache"}
# What is named is there before what names it; a document is never without its signatures (rule S3).
FILES, SIGNATURES, DOCUMENTS, MANIFESTS, HEAD = range(5)
STAGES = {"file": FILES, "document": DOCUMENTS, "manifest": MANIFESTS, "head": HEAD}


class Item(NamedTuple):
    """An object to publish, with size and SHA-1 of its bytes; those of a lower ``stage`` are put before it."""

    key: str
    stage: int
    content_type: str
    cache: str
    size: int
    sha1: str

    @property
    def immutable(self) -> bool:
        """Whether other bytes under its key are an error: caches do not ask for it again."""
        return self.cache == "immutable"

    @property
    def cache_control(self) -> str:
        return CACHE_CONTROL[self.cache]


def is_manifest(key: str) -> bool:
    """Whether an object is a manifest, by its key (rule S1)."""
    return key.startswith("m/")


class Devices(NamedTuple):
    """Those that manifests are for, as `Catalog.objects` takes them."""

    newest: int | None
    current: tuple[str, ...]
    firmware_version: tuple[str, ...]

    def with_those_above(self, catalog: Catalog, scheme: str, published: Iterable[str]) -> Devices:
        """Besides, devices on what was published, by these keys, and is gone, if it is above all that is here.

        They are told that there is nothing to do; without a manifest they would install what is below.
        """
        named = [key for key in map(manifest_key, filter(is_manifest, published)) if key is not None]
        releases, images = ([one.version for one in some[-1:]] for some in (catalog.releases, catalog.firmware))
        return Devices(
            self.newest,
            self.current + _above(releases, (current for _, current, _ in named), scheme),
            self.firmware_version + _above(images, (firmware for _, _, firmware in named), scheme),
        )


def _above(highest: list[str], versions: Iterable[str | None], scheme: str) -> tuple[str, ...]:
    def is_above(text: str) -> bool:
        try:
            return all(Version(text, scheme) > Version(other, scheme) for other in highest)
        except AirwaybillError:
            # Of another order, in which it was published.
            return False

    return tuple(sorted({text for text in versions if text is not None and is_above(text)}))


class Source:
    """The bytes of everything that a catalog publishes: files below ``root``, documents, and what the engine makes."""

    def __init__(
        self, catalog: Catalog, root: str, documents: Mapping[str, bytes], base_url: str, dst_paths: str
    ) -> None:
        self._catalog = catalog
        self._root = root
        self._documents = documents
        self._base_url = base_url
        self._dst_paths = dst_paths

    def items(self, devices: Devices) -> list[Item]:
        """What `Catalog.objects` names, in order of stages; raises what that does."""
        objects = self._catalog.objects(**devices._asdict(), documents=self._documents)
        return sorted(map(self._item, objects), key=lambda item: (item.stage, item.key))

    def _item(self, of: Object) -> Item:
        size, sha1 = of.size, of.sha1
        if size is None or sha1 is None:
            data = self._made(of.key)
            size, sha1 = len(data), _sha1(data)
        stage = SIGNATURES if of.kind == "document" and of.key.endswith(".sig") else STAGES[of.kind]
        return Item(of.key, stage, of.content_type, of.cache, size, sha1)

    def read(self, item: Item) -> bytes:
        """The bytes that the item says. Raises `CommandError` with code ``file_changed`` or ``file_unread``."""
        if item.stage in (MANIFESTS, HEAD):
            return self._made(item.key)
        if item.key in self._documents:
            return self._documents[item.key]
        try:
            with open(os.path.join(self._root, item.key), "rb") as file:
                data = file.read(item.size + 1)
        except OSError as error:
            raise CommandError(CHECK_FAILED, "file_unread", f"{shown(item.key)}: {error.strerror}") from None
        if _sha1(data) != item.sha1:
            rule = "it has changed since it was scanned; try again"
            raise CommandError(CHECK_FAILED, "file_changed", f"{shown(item.key)}: {rule}")
        return data

    def _made(self, key: str) -> bytes:
        data = self._catalog.object_json(key, self._base_url, dst_paths=self._dst_paths)
        assert data is not None
        return data


def _sha1(data: bytes) -> str:
    return hashlib.sha1(data, usedforsecurity=False).hexdigest()
