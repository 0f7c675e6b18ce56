"""Makes patches to the highest release and image, in the background (rule X4)."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping

from airwaybill import AirwaybillError, FileRecord
from airwaybill._core import PATCHES
from airwaybill._delta import Maker, Update, updates
from airwaybill._patch_files import remove_left_over
from airwaybill._terminal import shown, size_of
from airwaybill.server.snapshot import Snapshot

log = logging.getLogger("airwaybill.server")

# As `nice` has it.
LOWEST_PRIORITY = 19


class Making:
    """Makes what the last snapshot that it was given needs, one patch at a time, and rests as long after each.

    ``made`` has the paths of those that are whole, because they were made here.
    """

    def __init__(self, stopping: threading.Event, look_again: Callable[[], None]) -> None:
        self.made: set[str] = set()
        self._stopping = stopping
        self._look_again = look_again
        self._woken = threading.Event()
        # With the digests of what it offers.
        self._next: tuple[Snapshot, Mapping[str, str]] | None = None
        self._in_vain: set[str] = set()
        self._told = ""

    def take(self, snapshot: Snapshot, offered: Mapping[str, str]) -> None:
        """Goes on to what this snapshot needs: at once, if other releases or images are ``offered``."""
        self._next = snapshot, offered
        self._woken.set()

    def wake(self) -> None:
        self._woken.set()

    def run(self) -> None:
        """Works until the server stops."""
        if sys.platform == "linux":
            # There it is of the thread alone.
            os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
        while not self._stopping.is_set():
            self._woken.wait()
            self._woken.clear()
            try:
                if self._next is not None:
                    self._make(*self._next)
            except OSError as error:
                self._tell(f"patches are not made in {PATCHES}/: {error.strerror}; --no-delta if none are wanted")

    def _make(self, snapshot: Snapshot, offered: Mapping[str, str]) -> None:
        remove_left_over(snapshot.real_root)
        for update in updates(snapshot.catalog):
            maker = Maker(snapshot.real_root, in_vain=self._in_vain)
            try:
                for base, target in update.files:
                    if self._stopping.is_set() or self._next is None or self._next[1] != offered:
                        return
                    began = time.monotonic()
                    try:
                        maker.make(base, target)
                    except AirwaybillError:
                        # Another snapshot comes, unless it is the disk.
                        self._look_again()
                    self._stopping.wait(time.monotonic() - began)
            finally:
                self._report(update, list(maker.made.values()))

    def _report(self, update: Update, made: list[FileRecord]) -> None:
        if made:
            self.made.update(patch.path for patch in made)
            size = size_of(sum(patch.size for patch in made))
            log.info("patches: %s", shown(f"{update.version or 'nothing'} -> {update.target}: {len(made)}, {size}"))
            self._look_again()

    def _tell(self, line: str) -> None:
        if line != self._told:
            self._told = line
            log.warning("%s", shown(line))
