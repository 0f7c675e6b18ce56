"""The releases at one moment, with the answers that hold only for that moment."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass, field

from starlette.types import Scope

from airwaybill import Catalog, Listing
from airwaybill.server.accesslog import described
from airwaybill.server.answers import EntityCache, Header

MANIFESTS_LIMIT = 16 * 1024 * 1024
REMEMBERED_LIMIT = 1024
# A request with longer headers than a device or a benchmark sends is answered the long way.
REQUEST_LIMIT = 2048


@dataclass(frozen=True)
class Remembered:
    """The answer (200) to a request seen before; its body is in ``bodies`` under ``key``, if it is still there."""

    headers: tuple[Header, ...]
    bodies: EntityCache
    key: Hashable
    described: str


@dataclass(frozen=True)
class Snapshot:
    """``generation`` counts up; ``releases`` to ``warnings`` are for ``/healthz``.

    ``catalog`` is what the engine made of ``listing``, with ``changing`` as the names that are not settled.
    """

    generation: int
    catalog: Catalog
    listing: Listing
    changing: tuple[str, ...]
    real_root: str
    releases: tuple[str, ...]
    firmware: tuple[str, ...]
    unsettled: tuple[str, ...]
    ignored: int
    warnings: int
    manifests: EntityCache = field(default_factory=lambda: EntityCache(MANIFESTS_LIMIT))
    remembered: dict[Hashable, Remembered] = field(default_factory=dict)

    @classmethod
    def of(
        cls, catalog: Catalog, listing: Listing, changing: tuple[str, ...], generation: int, real_root: str
    ) -> Snapshot:
        ignored = catalog.ignored
        return cls(
            generation=generation,
            catalog=catalog,
            listing=listing,
            changing=changing,
            real_root=real_root,
            releases=tuple(str(release.version) for release in catalog.releases),
            firmware=tuple(image.path for image in catalog.firmware),
            unsettled=tuple(notice.path for notice in ignored if notice.code == "release_unsettled"),
            ignored=len(ignored),
            warnings=len(catalog.warnings),
        )

    def remember(
        self, scope: Scope, headers: tuple[Header, ...], bodies: EntityCache, key: Hashable, size: int
    ) -> None:
        """Keeps the whole answer (200, ``size`` bytes) to a GET request."""
        length = len(scope["path"]) + len(scope["query_string"])
        length += sum(len(name) + len(value) for name, value in scope["headers"])
        if scope["method"] != "GET" or length > REQUEST_LIMIT:
            return
        if len(self.remembered) >= REMEMBERED_LIMIT:
            self.remembered.clear()
        self.remembered[exact_request(scope)] = Remembered(headers, bodies, key, described(scope, 200, size))


def exact_request(scope: Scope) -> Hashable:
    """All of a request that an answer can depend on."""
    return (
        scope["method"],
        scope["path"],
        scope.get("raw_path"),
        scope["query_string"],
        scope["http_version"],
        scope.get("root_path"),
        tuple(map(tuple, scope["headers"])),
    )
