"""The settings of a server."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from airwaybill import Catalog, FileRecord, Listing, Notice, _signing
from airwaybill.server.proxies import Proxies


class Moment(NamedTuple):
    """What a catalog takes that changes while a server runs, under the names of ``Catalog.from_listing``."""

    now: int | None = None
    unsettled: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    unsigned: tuple[Notice, ...] = ()


NO_MOMENT = Moment()

YEAR_SECONDS = 31_536_000
# With the settle time as it is by default; where that is shorter, releases change, and caches keep files for less.
MAX_AGE_SECONDS, SETTLE_TIMES = 60, 6


@dataclass(frozen=True)
class Config:
    """The settings of ``create_app``, under the same names; proxies as ``Proxies``."""

    scheme: str = "loose"
    ignore: tuple[str, ...] = ()
    protect: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    base_url: str | None = None
    dst_paths: str = "relative"
    checked: bool = False
    signed_only: bool = False
    serve_other: bool = False
    preview: bool = True
    embed_origins: tuple[str, ...] = ()
    settle: float = 10.0
    immutable: bool = False
    delta: bool = False
    proxies: Proxies = field(default_factory=Proxies)
    root_path: str = ""
    cache: str | None = None
    force_polling: bool = False

    @property
    def max_age(self) -> int:
        """For how many seconds caches may keep files of what is offered."""
        return YEAR_SECONDS if self.immutable else int(min(MAX_AGE_SECONDS, SETTLE_TIMES * self.settle))

    def judges(self, documents: dict[str, bytes]) -> bool:
        """Whether who signed what is found out, which takes SHA-256 of all files."""
        return self.signed_only or _signing.has_keys(documents)

    def patches(self, listing: Listing, moment: Moment) -> list[FileRecord]:
        """Those that have settled."""
        unsettled = set(moment.unsettled)
        return [patch for patch in listing.patches if patch.path not in unsettled]

    def catalog(
        self, listing: Listing | Iterable[FileRecord], moment: Moment = NO_MOMENT, earlier: Catalog | None = None
    ) -> Catalog:
        return Catalog.from_listing(
            listing,
            scheme=self.scheme,
            ignore=self.ignore,
            protect=self.protect,
            include=self.include,
            keep=self.keep,
            earlier=earlier,
            patches=self.patches(listing, moment) if isinstance(listing, Listing) else None,
            **moment._asdict(),
        )

    def check(self) -> None:
        """Raises the engine's errors now that it would raise at each request."""
        nothing = FileRecord("1/nothing", 0, "0" * 40)
        base_url = "http://localhost" if self.base_url is None else self.base_url
        self.catalog([nothing]).manifest_json(base_url, dst_paths=self.dst_paths)
