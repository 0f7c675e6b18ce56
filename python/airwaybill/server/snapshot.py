"""The releases at one moment, with the responses that are valid only for them."""

from __future__ import annotations

from dataclasses import dataclass, field

from airwaybill import Catalog, Listing
from airwaybill._check import Checked
from airwaybill.server.cache import Answers, EntityCache

MANIFESTS_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True)
class Snapshot:
    """``generation`` increases with each snapshot; ``releases`` to ``warnings`` are for ``/healthz``.

    ``catalog`` is the catalog of ``listing`` at ``now``, with ``changing`` as the names that are not settled;
    ``checked`` is its check.
    """

    generation: int
    catalog: Catalog
    listing: Listing
    changing: tuple[str, ...]
    now: int
    real_root: str
    checked: Checked
    releases: tuple[str, ...]
    firmware: tuple[str, ...]
    unsettled: tuple[str, ...]
    ignored: int
    warnings: int
    manifests: EntityCache = field(default_factory=lambda: EntityCache(MANIFESTS_LIMIT))
    answers: Answers = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        catalog: Catalog,
        listing: Listing,
        changing: tuple[str, ...],
        now: int,
        generation: int,
        real_root: str,
        checked: Checked,
    ) -> Snapshot:
        ignored = catalog.ignored
        return cls(
            generation=generation,
            catalog=catalog,
            listing=listing,
            changing=changing,
            now=now,
            real_root=real_root,
            checked=checked,
            releases=tuple(str(release.version) for release in catalog.releases),
            firmware=tuple(image.path for image in catalog.firmware),
            unsettled=tuple(notice.path for notice in ignored if notice.code == "release_unsettled"),
            ignored=len(ignored),
            warnings=len(catalog.warnings),
        )
