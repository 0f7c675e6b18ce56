"""What the log says of the releases, a line each."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import suppress

from airwaybill import _check
from airwaybill._terminal import shown, size_of
from airwaybill.server.snapshot import Snapshot

log = logging.getLogger("airwaybill.server")


class Report:
    """Tells what is offered, withdrawn, held back and why, and what the check found, when it is new.

    ``needs`` says of what is unsettled for how many seconds nothing may change in it.
    """

    def __init__(self, scheme: str, needs: Callable[[str], float]) -> None:
        self._scheme = scheme
        self._needs = needs
        self._told: set[str] = set()
        self._unread: list[str] = []
        self._offered: tuple[str, ...] = ()

    def tell(self, snapshot: Snapshot) -> None:
        lines = dict(self._lines(snapshot))
        self._offered = (*snapshot.releases, *snapshot.firmware)
        for line, level in lines.items():
            if line not in self._told:
                log.log(level, "%s", shown(line))
        self._told = set(lines)

    def tell_unread(self, unread: list[str]) -> None:
        """Tells of documents that cannot be read."""
        for message in unread:
            if message not in self._unread:
                log.warning("warning: %s", message)
        self._unread = unread

    def _lines(self, snapshot: Snapshot) -> Iterator[tuple[str, int]]:
        if snapshot.is_empty:
            # It may be gone by now.
            with suppress(OSError):
                nothing = _check.no_releases(snapshot.real_root, self._scheme)
                yield f"warning: {nothing.code}: {nothing}", logging.WARNING
        for reason in snapshot.held_back:
            line = f"held back: {reason['path']}: {reason['code']}: {reason['message']}"
            if reason["code"] == "release_unsettled":
                line += f"; it is once nothing in it has changed for {self._needs(reason['path']):.10g} s"
            yield line, logging.WARNING
        errors = snapshot.errors or ()
        for error in errors:
            yield _check.line(error), logging.ERROR
        told = {(error["path"], error["code"]) for error in errors}
        for warning in snapshot.catalog.warnings:
            if (warning.path, warning.code) not in told:
                yield f"warning: {warning.code}: {warning.message}", logging.WARNING
        for release in snapshot.catalog.releases:
            files = "1 file" if len(release) == 1 else f"{len(release)} files"
            yield f"offered: {release.version}: {files}, {size_of(release.size)}", logging.INFO
        for image in snapshot.catalog.firmware:
            yield f"offered: {image.path}: {size_of(image.size)}", logging.INFO
        there = {reason["path"].partition("/")[0] for reason in snapshot.held_back}
        there.update(snapshot.releases, snapshot.firmware)
        for name in self._offered:
            if name not in there:
                yield f"withdrawn: {name}: it is not there any more, or another is offered in its place", logging.INFO
        yield _summary(snapshot), logging.INFO


def _summary(snapshot: Snapshot) -> str:
    """What devices get, and of how many; a change of any of it makes a new line."""
    count, images = len(snapshot.releases), snapshot.firmware
    release = f"{snapshot.releases[-1]}, the highest of {count}" if count > 1 else "".join(snapshot.releases)
    offered = [what for what in (release, *images[-1:]) if what]
    return f"devices get: {'; '.join(offered) or 'nothing'}; errors: {len(snapshot.errors or ())}"
