"""One server of several processes at the same address.

The first reads the releases, checks them and makes patches. The others follow it: they get what it found and decided,
and only answer. A new snapshot reaches them in two steps: once all are able to send its files, all name it. What one
of them meets, a file that changed or a line for the log, it says to the first.
"""

from __future__ import annotations

import asyncio
import logging
import multiprocessing
import os
import pickle
import signal
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

from airwaybill.server.config import Config
from airwaybill.server.offered import Offered
from airwaybill.server.snapshot import Found, Snapshot

log = logging.getLogger("airwaybill.server")

# How a process ends that a signal told to: by itself, or before it handles them.
TOLD = (0, *(-getattr(signal, name, 0) for name in ("SIGTERM", "SIGINT", "SIGHUP")))
FAILED = 1
# After the ten seconds that downloads have.
JOIN_SECONDS = 15.0


class Follower:
    """One of the others, as the first process has it; ``ready`` is the last generation that it can send."""

    def __init__(self, process: BaseProcess, connection: Connection) -> None:
        self.process = process
        self.connection = connection
        self.ready = 0


class Followers:
    """The others, none until ``fork``. ``hears`` has what is called for each kind of message from them."""

    def __init__(self, hears: Mapping[str, Callable[..., None]] | None = None) -> None:
        self._hears = hears or {}
        self._all: tuple[Follower, ...] = ()
        self._changed = threading.Condition()

    def fork(self, count: int, follow: Callable[[Connection], bool]) -> None:
        """Starts ``count`` processes that call ``follow`` with their connection; True is success."""
        for _ in range(count):
            context = multiprocessing.get_context("fork")
            here, there = context.Pipe()
            process = context.Process(target=self._run, args=(follow, here, there), daemon=True)
            process.start()
            there.close()
            self._all += (Follower(process, here),)

    def _run(self, follow: Callable[[Connection], bool], here: Connection, there: Connection) -> None:
        # Ends of the first process: as long as one is open here, its end goes unnoticed there.
        for connection in (here, *(each.connection for each in self._all)):
            connection.close()
        # What a terminal sends to a group is for the first process. What that passes on could come before it here, and
        # an interrupt then would be the second.
        os.setpgid(0, 0)
        # Until the server has its own handlers: those of the first process are for that one.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_DFL)
        raise SystemExit(0 if follow(there) else FAILED)

    def prepare(self, snapshot: Snapshot) -> None:
        """Returns when all can send the files of ``snapshot``."""
        self.tell("follow", snapshot.found)
        with self._changed:
            self._changed.wait_for(lambda: all(each.ready == snapshot.generation for each in self._all))

    def tell(self, name: str, *values: object) -> None:
        """Calls a method of each ``Followed``."""
        if not self._all:
            return
        message = pickle.dumps((name, values))
        for each in self._all:
            with suppress(OSError):
                each.connection.send_bytes(message)

    def watch(self, ended: Callable[[BaseProcess], None]) -> None:
        """Hears them from now on, in the running loop, and calls ``ended`` when one has ended."""
        loop = asyncio.get_running_loop()
        for each in self._all:
            loop.add_reader(each.connection.fileno(), self._hear, loop, each, ended)

    def _hear(self, loop: asyncio.AbstractEventLoop, one: Follower, ended: Callable[[BaseProcess], None]) -> None:
        try:
            name, values = one.connection.recv()
        except (EOFError, OSError):
            loop.remove_reader(one.connection.fileno())
            with self._changed:
                self._all = tuple(each for each in self._all if each is not one)
                self._changed.notify_all()
            one.process.join()
            ended(one.process)
            return
        if name == "ready":
            with self._changed:
                (one.ready,) = values
                self._changed.notify_all()
        else:
            self._hears[name](*values)

    def stop(self) -> None:
        """Ends them as a signal ends the server; downloads have their time."""
        for each in self._all:
            each.process.terminate()

    def kill(self) -> None:
        """Ends them at once."""
        for each in self._all:
            each.process.kill()

    def join(self) -> None:
        """Returns when all have ended; one that takes too long is killed."""
        for each in self._all:
            each.process.join(JOIN_SECONDS)
            each.process.kill()


class Followed(Offered):
    """The releases as the process at the other end of ``first`` sends them."""

    def __init__(self, root: str, config: Config, first: Connection) -> None:
        super().__init__(root)
        self._config = config
        self._first = first
        self._sending = threading.Lock()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._keep_following, name="airwaybill-follow", daemon=True)
            self._thread.start()

    def close(self) -> None:
        """Does nothing: it follows as long as the process lives."""

    def look_again(self) -> None:
        self._say("look_again")

    def follow(self, found: Found) -> None:
        """Prepares what the first process found, and says so."""
        earlier = None if self.current is None else self.current.catalog
        catalog = self._config.catalog(found.listing, found.moment, earlier)
        snapshot = Snapshot.of(self.current, catalog, found, self._config)
        self.prepare(snapshot)
        self._say("ready", snapshot.generation)

    def _warn(self, about: str, line: str) -> None:
        self._say("warn_once", about, line)

    def _say(self, name: str, *values: object) -> None:
        with self._sending, suppress(OSError):
            self._first.send((name, values))

    def _keep_following(self) -> None:
        told: dict[str, Callable[..., None]] = {
            "follow": self.follow,
            "offer": self.offer,
            "finish": self.finish,
            "note": self.note,
        }
        try:
            while True:
                name, values = self._first.recv()
                told[name](*values)
        except (EOFError, OSError):
            # The first process is gone, perhaps without a word.
            os.kill(os.getpid(), signal.SIGTERM)
        except Exception:
            log.exception("internal error in a process that follows another")
            os._exit(FAILED)
