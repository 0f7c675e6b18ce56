"""A run: puts and deletes in an order of which no device notices anything (rules S3 and S6)."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from itertools import groupby
from threading import Condition

from airwaybill._options import CHECK_FAILED, CommandError
from airwaybill._signing import now
from airwaybill.publish.items import HEAD, MANIFESTS, Item
from airwaybill.publish.plan import Plan
from airwaybill.publish.record import KEY, Entry, Record
from airwaybill.publish.stores import LostError, Store

THREADS = 32
# Of what is being put; more than that is alone.
MEMORY_BYTES = 64 * 1024 * 1024

Read = Callable[[Item], bytes]
Progress = Callable[[int, int], object]


class Claim:
    """The record in the store, as long as no other run writes it."""

    def __init__(self, store: Store, entries: dict[str, Entry], version: object) -> None:
        self.entries = entries
        self._store = store
        self._version = version
        self._run = uuid.uuid4().hex
        self.renew()

    def renew(self) -> None:
        """Writes what was put so far. Raises `CommandError` with code ``published_meanwhile``."""
        self._write(Record(self.entries, self._run))

    def end(self) -> None:
        self._write(Record(self.entries))

    def _write(self, record: Record) -> None:
        try:
            self._version = self._store.replace(KEY, record.render(now()), self._version)
        except LostError:
            rule = "another run publishes here since this one began, which stops; if that was not meant, run it again"
            raise CommandError(CHECK_FAILED, "published_meanwhile", rule) from None


def run(store: Store, plan: Plan, read: Read, version: object, progress: Progress | None = None) -> None:
    """Does what the plan says. ``read`` gives the bytes of an item, ``version`` is that of the record of the plan.

    ``progress(done, total)`` is called with bytes. Raises `CommandError` with code ``published_meanwhile`` when it
    finds that another run has claimed the record since, and what ``read`` and the store raise.
    """
    claim = Claim(store, plan.claimed, version)
    putting = Putting(store, read, plan.put, progress)
    stages = {stage: list(items) for stage, items in groupby(plan.put, key=lambda item: item.stage)}
    manifests, head = stages.pop(MANIFESTS, []), stages.pop(HEAD, [])
    for items in stages.values():
        claim.entries.update(putting.all(items))
    if manifests or plan.withdrawn:
        claim.renew()
        claim.entries.update(putting.all(manifests))
        store.delete(plan.withdrawn)
        for key in plan.withdrawn:
            del claim.entries[key]
    if head:
        claim.renew()
        claim.entries.update(putting.all(head))
    claim.entries.update(plan.ended)
    claim.end()
    store.delete(plan.due)


class Putting:
    """Puts many objects at a time."""

    def __init__(self, store: Store, read: Read, items: Sequence[Item], progress: Progress | None) -> None:
        self._store = store
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
            return self._store.put(item.key, self._read(item), item.content_type, item.cache_control)

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
