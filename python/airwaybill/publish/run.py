"""A run: puts and deletes in an order of which no device notices anything (rules S3 and S6)."""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import groupby
from threading import Condition, Lock

from airwaybill._options import CHECK_FAILED, CommandError
from airwaybill._signing import now
from airwaybill.publish.items import HEAD, MANIFESTS, Item
from airwaybill.publish.plan import Plan, is_there
from airwaybill.publish.record import KEY, Entry, Record
from airwaybill.publish.stores import LostError, Store

THREADS = 32
# Of what is being put; more than that is alone.
MEMORY_BYTES = 64 * 1024 * 1024
# How often a run looks whether the record is still its own; and after what time one that has lost it puts no more, but
# for what is under way.
LOOK_SECONDS = 1.0
STOPPED_SECONDS = 2.0

Read = Callable[[Item], bytes]
Progress = Callable[[int, int], object]


class Claim:
    """The record in the store, as long as no other run writes it. Threads may call `hold`."""

    def __init__(self, store: Store, entries: dict[str, Entry], version: object) -> None:
        self.entries = entries
        self._store = store
        self._version = version
        self._run = uuid.uuid4().hex
        self._looking, self._looked = Lock(), 0.0
        self.renew()
        self.since = self._looked

    def renew(self) -> None:
        """Writes what was put so far. Raises `CommandError` with code ``published_meanwhile``."""
        self._write(Record(self.entries, self._run))

    def hold(self) -> None:
        """Looks, once a second, whether it is still there. Raises what `renew` does."""
        with self._looking:
            if time.monotonic() - self._looked >= LOOK_SECONDS:
                if self._store.version(KEY) != self._version:
                    raise _lost()
                self._looked = time.monotonic()

    def end(self) -> None:
        self._write(Record(self.entries))

    def _write(self, record: Record) -> None:
        try:
            self._version = self._store.replace(KEY, record.render(now()), self._version)
        except LostError:
            raise _lost() from None
        self._looked = time.monotonic()


def _lost() -> CommandError:
    rule = "another run publishes here since this one began, which stops; if that was not meant, run it again"
    return CommandError(CHECK_FAILED, "published_meanwhile", rule)


def run(store: Store, plan: Plan, read: Read, version: object, progress: Progress | None = None) -> None:
    """Does what the plan says. ``read`` gives the bytes of an item, ``version`` is that of the record of the plan.

    ``progress(done, total)`` is called with bytes. Raises `CommandError` with code ``published_meanwhile`` when it
    finds that another run has claimed the record since, and what ``read`` and the store raise.
    """
    claim = Claim(store, plan.claimed, version)
    putting = Putting(store, claim.hold, read, plan.put, progress)
    stages = {stage: list(items) for stage, items in groupby(plan.put, key=lambda item: item.stage)}
    manifests, head = stages.pop(MANIFESTS, []), stages.pop(HEAD, [])
    for items in stages.values():
        claim.entries.update(putting.all(items))
    if manifests or plan.withdrawn:
        claim.renew()
        claim.entries.update(putting.all(manifests))
        claim.hold()
        store.delete(plan.withdrawn)
        for key in plan.withdrawn:
            del claim.entries[key]
    if head:
        claim.renew()
        claim.entries.update(putting.all(head))
    if plan.is_takeover and store.is_shared:
        _put_right(store, plan, claim, read)
    claim.entries.update(plan.ended)
    if plan.due:
        claim.renew()
        store.delete(plan.due)
    claim.end()


def _put_right(store: Store, plan: Plan, claim: Claim, read: Read) -> None:
    """What the run before put or deleted until it noticed that it has lost its claim."""
    time.sleep(max(0.0, claim.since + STOPPED_SECONDS - time.monotonic()))
    stored = store.objects()
    items = (*plan.put, *plan.kept)
    lost = [item for item in items if not is_there(item, claim.entries[item.key], stored.get(item.key))]
    claim.entries.update(Putting(store, claim.hold, read, lost, None).all(lost))
    store.delete([key for key in plan.withdrawn if key in stored])


class Putting:
    """Puts many objects at a time."""

    def __init__(
        self, store: Store, hold: Callable[[], None], read: Read, items: Sequence[Item], progress: Progress | None
    ) -> None:
        self._store = store
        self._hold = hold
        self._read = read
        self._progress = progress
        self._done, self._total = 0, sum(item.size for item in items)
        self._in_memory, self._less = 0, Condition()

    def all(self, items: Sequence[Item]) -> Iterator[tuple[str, Entry]]:
        """Puts all, or as many as it can until one fails; an entry for each that is there."""
        with ThreadPoolExecutor(THREADS) as pool:
            try:
                futures = {pool.submit(self._put, item): item for item in items}
                for future in as_completed(futures):
                    item = futures[future]
                    yield item.key, Entry(item.sha1, item.size, future.result(), now())
                    self._done += item.size
                    if self._progress is not None:
                        self._progress(self._done, self._total)
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _put(self, item: Item) -> str | None:
        with self._room(item.size):
            data = self._read(item)
            self._hold()
            return self._store.put(item.key, data, item.content_type, item.cache_control)

    @contextmanager
    def _room(self, size: int) -> Iterator[None]:
        size = min(size, MEMORY_BYTES)
        with self._less:
            self._less.wait_for(lambda: self._in_memory + size <= MEMORY_BYTES)
            self._in_memory += size
        try:
            yield
        finally:
            with self._less:
                self._in_memory -= size
                self._less.notify_all()
