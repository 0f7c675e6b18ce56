"""Work that must not block the event loop: reading, hashing, rendering."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

T = TypeVar("T")

THREADS = 4


class Workers:
    """A few threads; work that is requested several times at once is done once."""

    def __init__(self) -> None:
        self._threads: ThreadPoolExecutor | None = None
        self._running: dict[Hashable, asyncio.Future[Any]] = {}

    def run(self, work: Callable[[], T]) -> asyncio.Future[T]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="airwaybill-work")
        return asyncio.get_running_loop().run_in_executor(self._threads, work)

    async def once(self, key: Hashable, work: Callable[[], T]) -> T:
        """The result of ``work``, shared by all who wait for the same ``key``."""
        running: asyncio.Future[T] | None = self._running.get(key)
        if running is None:
            running = self.run(work)
            self._running[key] = running
            running.add_done_callback(lambda _: self._running.pop(key, None))
        # A client that disconnects must not cancel the work of the others.
        return await asyncio.shield(running)

    def close(self) -> None:
        """Ends the threads; later work starts new ones."""
        if self._threads is not None:
            self._threads.shutdown(wait=False)
        self._threads = None
        self._running.clear()
