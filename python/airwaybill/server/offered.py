"""What a process offers now, and what it will offer next."""

from __future__ import annotations

import logging
import threading
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import replace

from airwaybill import AirwaybillError
from airwaybill._check import Checked
from airwaybill.server.answers import RequestError
from airwaybill.server.cache import Answers
from airwaybill.server.snapshot import Snapshot

log = logging.getLogger("airwaybill.server")

# So many lines are said once; after that, none.
SAID_LIMIT = 1000


class Offered(ABC):
    """The releases below ``root`` as this process answers from them.

    ``current`` is the last snapshot (None before the first), ``error`` the error of the last scan, ``read_at`` when
    they could last be read, on the monotonic clock. ``progress``, if there is one, is called during each scan with
    bytes done and in all.
    """

    def __init__(self, root: str) -> None:
        self.root = root
        self.current: Snapshot | None = None
        self.error: AirwaybillError | OSError | None = None
        self.read_at = time.monotonic()
        self.progress: Callable[[int, int], None] | None = None
        self._prepared: Snapshot | None = None
        self._looked = threading.Event()
        self._said: set[str] = set()

    @abstractmethod
    def start(self) -> None:
        """Starts watching, unless it has started already."""

    @abstractmethod
    def close(self) -> None:
        """Stops watching. The last snapshot stays."""

    @abstractmethod
    def look_again(self) -> None:
        """Requests a scan, because something does not match the last one."""

    @property
    def stale_for(self) -> float:
        """Seconds since the releases could last be read; 0 if they can."""
        return 0.0 if self.error is None else time.monotonic() - self.read_at

    @property
    def looked(self) -> bool:
        """Whether the first scan is over, even if it failed."""
        return self._looked.is_set()

    def snapshot(self) -> Snapshot:
        """The last snapshot, or ``RequestError`` (503) if there has been none."""
        if not self.looked:
            message = "the releases are being read for the first time; try again"
            raise RequestError(503, "starting", message, [(b"retry-after", b"3")])
        if self.current is None:
            code = self.error.code if isinstance(self.error, AirwaybillError) else "file_unread"
            raise RequestError(503, code, f"the releases cannot be read: {self.error}", [(b"retry-after", b"3")])
        return self.current

    def to_send(self) -> Snapshot:
        """The snapshot whose files are sent: the next one as soon as another process may name it."""
        return self._prepared or self.snapshot()

    def prepare(self, snapshot: Snapshot) -> None:
        """From now on the files of ``snapshot`` are sent."""
        self._prepared = snapshot
        if self.current is not None:
            # The answers remembered so far have files as they were before.
            self.current = replace(self.current, answers=Answers())

    def offer(self) -> None:
        """From now on what was prepared is named too."""
        self.current = self._prepared
        self._prepared = None

    def finish(self, checked: Checked) -> None:
        """The check of the current snapshot is done."""
        assert self.current is not None
        self.current = replace(self.current, checked=checked)

    def note(self, error: AirwaybillError | OSError | None, read_at: float) -> None:
        """How the last scan ended."""
        self.error, self.read_at = error, read_at
        self._looked.set()

    def warn_once(self, about: str, line: str) -> None:
        """Warns of something, once for all processes."""
        if about not in self._said and len(self._said) < SAID_LIMIT:
            self._said.add(about)
            self._warn(about, line)

    def _warn(self, _: str, line: str) -> None:
        log.warning("%s", line)
