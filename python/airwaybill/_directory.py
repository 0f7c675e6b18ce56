"""A directory of releases, as the commands read it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from airwaybill import Catalog, FileRecord, Listing
from airwaybill._terminal import progress_bar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airwaybill._options import Scheme


class Directory(NamedTuple):
    """What a scan found, and the options that a catalog of it takes."""

    listing: Listing
    options: dict[str, Any]

    @classmethod
    def scan(cls, root: str, scheme: Scheme, *globs: Sequence[str], sha256: bool = False) -> Directory:
        """``globs`` are ``ignore``, ``protect``, ``include`` and ``keep``."""
        ignore, protect, include, keep = globs
        with progress_bar("hashing") as progress:
            listing = Listing.scan(
                root, scheme=scheme.value, ignore=ignore, include=include, sha256=sha256, progress=progress
            )
        options = {"ignore": ignore, "protect": protect, "include": include, "keep": keep}
        return cls(listing, {"scheme": scheme.value, **options})

    def catalog(self, made: Iterable[FileRecord] = (), **held_back: Any) -> Catalog:
        """With the patches that are there, and those ``made`` since.

        ``held_back`` are the names ``failed`` and ``unsigned`` of `Catalog.from_listing`.
        """
        patches = [*self.listing.patches, *made]
        return Catalog.from_listing(self.listing, **self.options, **held_back, patches=patches, now=int(time.time()))
