"""The releases at one moment, with the responses that are valid only for them."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace

from airwaybill import Catalog, FileRecord, Listing, _check, _signing
from airwaybill.server.cache import Answers, EntityCache
from airwaybill.server.config import Config, Moment

MANIFESTS_LIMIT = 16 * 1024 * 1024


@dataclass(frozen=True)
class Found:
    """What a scan found and what was decided then: all that makes a snapshot after another one.

    ``checked`` is the check of what is offered, None as long as that is not done; ``judged`` says who signed what,
    where there are keys, or only what is signed is offered. ``documents`` are the waybills, keys and signatures.
    """

    listing: Listing
    moment: Moment
    real_root: str
    settings: _check.Settings
    documents: dict[str, bytes]
    checked: _check.Checked | None
    judged: _signing.Judged | None


@dataclass(frozen=True)
class Snapshot(Found):
    """``generation`` increases with each snapshot; ``releases`` to ``ignored`` are for ``/healthz``.

    ``catalog`` is the catalog of ``listing`` at ``moment``. ``offered`` has the names of the releases and images that
    are there and are offered, or were since the start, each with the catalog in which it was last offered; ``patches``
    the patches that are there, by path.
    """

    generation: int
    catalog: Catalog
    offered: dict[str, Catalog]
    patches: dict[str, FileRecord]
    releases: tuple[str, ...]
    firmware: tuple[str, ...]
    unsettled: tuple[str, ...]
    held_back: tuple[dict[str, str], ...]
    ignored: int
    manifests: EntityCache = field(default_factory=lambda: EntityCache(MANIFESTS_LIMIT))
    answers: Answers = field(default_factory=Answers)

    @property
    def is_empty(self) -> bool:
        """Whether there is no release, not even one that is held back."""
        return not (self.releases or self.held_back)

    @property
    def errors(self) -> tuple[dict[str, str], ...] | None:
        """None until the check is done. That there is no release is none: a server waits for one."""
        if self.checked is None:
            return None
        return tuple(error for error in self.checked.errors if error["code"] != "no_releases")

    @property
    def warnings(self) -> int | None:
        if self.checked is None:
            return None
        return self.is_empty + sum(finding["level"] == "warning" for finding in self.checked.findings)

    @classmethod
    def after(
        cls,
        before: Snapshot | None,
        listing: Listing,
        moment: Moment,
        config: Config,
        real_root: str,
        settings: _check.Settings,
        documents: dict[str, bytes],
    ) -> Snapshot:
        """The next snapshot: what is there at ``moment``, with what is remembered of the one before.

        It is checked already if what has errors is not offered. ``documents`` are the waybills, keys and signatures.
        """
        earlier = None if before is None else before.catalog
        everything = config.catalog(listing, moment, earlier)
        judged = None
        if config.judges(documents):
            judged = _signing.judge_to_serve(everything, listing, documents, _signing.text_of(moment.now or 0))
            if config.signed_only:
                moment = moment._replace(unsigned=judged.unsigned)

        def offer(failed: tuple[str, ...]) -> Catalog:
            if not (failed or moment.unsigned):
                return everything
            return config.catalog(listing, moment._replace(failed=failed), earlier)

        failed: tuple[str, ...] = ()
        checked = None
        if config.checked:
            catalog, failed, checked = _check.without_errors(offer, real_root, settings, documents)
        else:
            catalog = offer(failed)
        found = Found(listing, moment._replace(failed=failed), real_root, settings, documents, checked, judged)
        return cls.of(before, catalog, found, config)

    @classmethod
    def of(cls, before: Snapshot | None, catalog: Catalog, found: Found, config: Config) -> Snapshot:
        """The next snapshot, of a catalog of what was found."""
        listing = found.listing
        releases = tuple(str(release.version) for release in catalog.releases)
        firmware = tuple(image.path for image in catalog.firmware)
        there = listing.changed
        offered = {} if before is None else {name: of for name, of in before.offered.items() if name in there}
        offered.update(dict.fromkeys((*releases, *firmware), catalog))
        return cls(
            generation=1 if before is None else before.generation + 1,
            catalog=catalog,
            **vars(found),
            offered=offered,
            patches={patch.path: patch for patch in config.patches(listing, found.moment)},
            releases=releases,
            firmware=firmware,
            unsettled=tuple(notice.path for notice in catalog.held_back if notice.code == "release_unsettled"),
            held_back=tuple(map(_check.reason, catalog.held_back)),
            ignored=len(catalog.ignored),
        )

    @property
    def found(self) -> Found:
        return Found(**{of.name: getattr(self, of.name) for of in fields(Found)})

    def find(self, path: str) -> FileRecord | None:
        """The file at ``path`` of what is offered, or was since the start."""
        if path in self.patches:
            return self.patches[path]
        catalog = self.offered.get(path.partition("/")[0])
        return None if catalog is None else catalog.find(path)

    def offers(self, path: str) -> bool:
        """Whether the file that ``find`` has at ``path`` is of what is offered now."""
        return path in self.patches or self.offered.get(path.partition("/")[0]) is self.catalog

    def finished(self) -> Snapshot:
        """The same, checked; what was answered from it is still right."""
        return replace(self, checked=_check.checked(self.catalog, self.real_root, self.settings, self.documents))
