"""The releases of one directory, kept up to date (rules H3 and H4)."""

from __future__ import annotations

import atexit
import logging
import os
import threading
import time
from functools import partial

import watchfiles

from airwaybill import AirwaybillError, Listing, _check, _signing
from airwaybill._core import PATCHES
from airwaybill._settling import Settling
from airwaybill.server.config import Config, Moment
from airwaybill.server.making import Making
from airwaybill.server.offered import Offered
from airwaybill.server.processes import Followers
from airwaybill.server.report import Report
from airwaybill.server.snapshot import Snapshot

log = logging.getLogger("airwaybill.server")

# Time between scans if the watcher reports nothing: network shares change without notifications.
LOOK_AGAIN_SECONDS = 30.0
# Rest after a scan, as a multiple of its duration: scans take at most a third of the time while a release is copied in,
# and a twentieth otherwise.
BUSY_REST, IDLE_REST = 2.0, 20.0
LONGEST_REST_SECONDS = 10.0
RETRY_SECONDS = 3.0
# How often a release that a copy tool's file holds back is judged anew (rule C6b).
COPY_LOOK_SECONDS = 600
STOP_SECONDS = 5.0
POLL_MILLISECONDS = 500
WATCH_TIMEOUT_MILLISECONDS = 1000


class Releases(Offered):
    """Watches ``root`` and publishes a ``Snapshot`` after each change, ``followers`` as well, in threads of its own."""

    def __init__(self, root: str, config: Config) -> None:
        super().__init__(os.path.abspath(root))
        self.followers = Followers({"look_again": self.look_again, "warn_once": self.warn_once})
        self._config = config
        self._settling = Settling(config.settle, config.max_age)
        # Digests of what was last offered under each name.
        self._offered: dict[str, str] = {}
        self._report = Report(config.scheme, self._settling.needs)
        self._state: tuple[object, ...] | None = None
        self._rest = LOOK_AGAIN_SECONDS
        self._dirty = threading.Event()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._threads: tuple[threading.Thread, ...] = ()
        self._making = Making(self._stopping, self.look_again)

    def start(self) -> None:
        if self._threads:
            return
        with self._lock:
            if self._threads:
                return
            self._stopping.clear()
            work = {"scan": self._keep_scanning, "watch": self._keep_watching}
            if self._config.delta:
                work["delta"] = self._making.run
            self._threads = tuple(
                threading.Thread(target=run, name=f"airwaybill-{name}", daemon=True) for name, run in work.items()
            )
            atexit.register(self.close)
            for thread in self._threads:
                thread.start()

    def close(self) -> None:
        with self._lock:
            atexit.unregister(self.close)
            self._stopping.set()
            self._dirty.set()
            self._making.wake()
            for thread in self._threads:
                thread.join(STOP_SECONDS)
            self._threads = tuple(thread for thread in self._threads if thread.is_alive())

    def look_again(self) -> None:
        self._dirty.set()

    def _keep_scanning(self) -> None:
        if self.current is None:
            self.look()
            self._tell(None)
        self._check()
        while not self._stopping.is_set():
            self._dirty.wait(self._rest)
            self._dirty.clear()
            if not self._stopping.is_set():
                began, before = time.monotonic(), self.error
                self.look()
                self._tell(before)
                self._check()
                self._stopping.wait(min(BUSY_REST * (time.monotonic() - began), LONGEST_REST_SECONDS))

    def _tell(self, before: Exception | None) -> None:
        if self.error is not None and str(self.error) != str(before):
            log.error("cannot read the releases: %s", self.error)
        elif self.error is None and before is not None:
            log.info("the releases can be read again")

    def _check(self) -> None:
        """Checks what is offered already: devices need not wait for that."""
        if self.current is not None and self.current.checked is None:
            self.current = self.current.finished()
            self.followers.tell("finish", self.current.checked)
            self._report.tell(self.current)

    def _progress(self, done: int, total: int) -> None:
        if self._stopping.is_set():
            raise InterruptedError("the server is stopping")
        if self.progress is not None:
            self.progress(done, total)

    def look(self) -> None:
        """Scans, in the calling thread, and publishes a snapshot if something has changed."""
        started = time.monotonic()
        try:
            real_root = os.path.realpath(self.root)
            unread: list[str] = []
            documents = _signing.documents(self.root, unread.append)
            self._report.tell_unread(unread)
            listing = Listing.scan(
                self.root,
                scheme=self._config.scheme,
                ignore=self._config.ignore,
                include=self._config.include,
                sha256=self._config.judges(documents),
                cache=self._config.cache,
                progress=self._progress,
            )
            ended = time.monotonic()
            last = self.current
            waits = self._settling.judge(
                listing.changed,
                started,
                ended,
                arrived={**listing.arrived, **dict.fromkeys(self._making.made, True)},
                is_as_offered=partial(self._is_as_offered, listing),
            )
            # A write that changes no entry, for example to an access log below the root, makes no new snapshot.
            now = int(time.time())
            before = None if last is None else last.settings
            settings = _check.Settings.read(self.root).after(before)
            state = (real_root, listing, waits.keys(), self._hour(now), settings, documents)
            if state != self._state or self._is_outdated(now):
                moment = Moment(now, tuple(waits))
                snapshot = Snapshot.after(last, listing, moment, self._config, real_root, settings, documents)
                self._publish(snapshot)
                offered = listing.digests([*snapshot.releases, *snapshot.firmware])
                self._offered.update(offered)
                self._making.take(snapshot, offered)
                if snapshot.checked is not None:
                    self._report.tell(snapshot)
            self._state, self.error, self.read_at = state, None, ended
            self._rest = self._until_next(waits, ended - started)
        except InterruptedError:
            self._rest = 0.0
        except (AirwaybillError, OSError) as error:
            self._state, self.error = None, error
            self._rest = RETRY_SECONDS
        finally:
            self.followers.tell("note", self.error, self.read_at)
            self.note(self.error, self.read_at)

    def _until_next(self, waits: dict[str, float], took: float) -> float:
        """Seconds until the next scan, unless something changes before."""
        if waits:
            rest = max(0.0, min([LOOK_AGAIN_SECONDS, *waits.values()]))
        else:
            rest = max(LOOK_AGAIN_SECONDS, IDLE_REST * took)
        judged = None if self.current is None else self.current.judged
        return rest if judged is None else min(rest, judged.seconds_left(time.time()))

    def _publish(self, snapshot: Snapshot) -> None:
        """No process names it before all can send its files."""
        self.prepare(snapshot)
        self.followers.prepare(snapshot)
        self.followers.tell("offer")
        self.offer()

    def _is_as_offered(self, listing: Listing, name: str) -> bool | None:
        offered = self._offered.get(name)
        return None if offered is None else listing.digests([name])[name] == offered

    def _hour(self, now: int) -> int:
        """A number that changes once what a copy tool left may be an hour old, where there is any."""
        held = self.current is not None and any(reason["code"] == "copy_under_way" for reason in self.current.held_back)
        return now // COPY_LOOK_SECONDS if held else 0

    def _is_outdated(self, now: int) -> bool:
        """Whether a waybill expired since the last snapshot."""
        judged = None if self.current is None else self.current.judged
        return judged is not None and not judged.holds(_signing.text_of(now))

    def _keep_watching(self) -> None:
        polling = self._config.force_polling
        while not self._stopping.is_set():
            try:
                self._watch(polling)
            except FileNotFoundError:
                self._stopping.wait(1.0)
            except (OSError, RuntimeError) as error:
                log.warning("no change notifications (%s); polling instead", error)
                self._stopping.wait(1.0 if polling else 0.0)
                polling = True

    def _watch(self, polling: bool) -> None:
        """Watches until closed, or until the root is replaced by another directory."""
        here = _identity(self.root)
        changes = watchfiles.watch(
            self.root,
            watch_filter=None,
            debounce=400,
            stop_event=self._stopping,
            rust_timeout=WATCH_TIMEOUT_MILLISECONDS,
            yield_on_timeout=True,
            raise_interrupt=False,
            force_polling=True if polling else None,
            poll_delay_ms=POLL_MILLISECONDS,
            ignore_permission_denied=True,
        )
        # The first return, with or without changes, means that the watch is in place: scan for earlier changes.
        unsure, patches = True, os.path.join(self.root, PATCHES, "")
        for changed in changes:
            replaced = _identity(self.root) != here
            # Patches may be many, one after the other: they wait for the next scan, or for this server to be done.
            found = any(not path.startswith(patches) for _, path in changed)
            if found or replaced or unsure:
                self.look_again()
            if replaced:
                return
            unsure = False


def _identity(path: str) -> tuple[int, int] | None:
    try:
        stat = os.stat(path)
    except OSError:
        return None
    return stat.st_dev, stat.st_ino
