"""A directory of releases, as the commands read it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, NamedTuple

from airwaybill import Catalog, FileRecord, Listing, _check
from airwaybill._options import CHECK_FAILED, CommandError
from airwaybill._terminal import complain, progress_bar, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from airwaybill import Finding
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

    def catalog(self, patches: Iterable[FileRecord] | None = None, **held_back: Any) -> Catalog:
        """With these ``patches``, by default those that were there.

        ``held_back`` are ``failed``, ``unsettled`` and ``unsigned`` of `Catalog.from_listing`.
        """
        patches = self.listing.patches if patches is None else patches
        return Catalog.from_listing(self.listing, **self.options, **held_back, patches=patches, now=int(time.time()))


def require_releases(catalog: Catalog, directory: str, scheme: Scheme) -> None:
    """Raises `CommandError` with code ``no_releases`` if there is none, and says what may have been meant as one."""
    if not catalog.releases:
        findings = _check.check(catalog, directory)
        complain_of(_check.plain(each) for each in findings if each.code != "no_releases")
        raise no_releases(catalog, findings, directory, scheme)


def no_releases(catalog: Catalog, findings: Iterable[Finding], directory: str, scheme: Scheme) -> CommandError:
    """The error for a catalog without a release, of which these are the findings."""
    if catalog.held_back:
        for finding in findings:
            if finding.code == "no_releases":
                return CommandError(CHECK_FAILED, finding.code, f"{directory!r}: {finding.message}; {finding.advice}")
    error = _check.no_releases(directory, scheme.value)
    return CommandError(CHECK_FAILED, error.code, str(error))


def complain_of(findings: Iterable[dict[str, str]]) -> None:
    for finding in findings:
        complain(shown(_check.line(finding)))
