"""The access log: one JSON object per line, formatted and written outside the event loop."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from functools import lru_cache
from typing import BinaryIO

from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("airwaybill.server")

# Longer paths and queries are cut, to bound what waits to be written.
SHOWN = 1024
WAITING_LIMIT = 50_000
BATCH_SECONDS = 0.1
# The text of longer requests is not cached, to bound the memory that a client can fill.
KEPT_LENGTH = 256
# Balancers and supervisors ask each few seconds.
HEALTH = "/healthz"
# Of so many parts a line is put together.
PARTS = 4


def described(scope: Scope, status: int, size: int) -> str:
    """The middle of a line: the request and its response."""
    method, path, query = scope["method"][:SHOWN], scope["path"][:SHOWN], scope["query_string"][:SHOWN]
    make = _kept_middle if len(method) + len(path) + len(query) <= KEPT_LENGTH else _middle
    return make(method, path, query, scope["http_version"], status, size)


def _middle(method: str, path: str, query: bytes, http: str, status: int, size: int) -> str:
    return (
        f',"method":{json.dumps(method)},"path":{json.dumps(path)},"query":{json.dumps(query.decode("latin-1"))},'
        f'"http":{json.dumps(http)},"status":{status},"bytes":{size},"ms":'
    )


_kept_middle = lru_cache(maxsize=1024)(_middle)
_quoted = lru_cache(maxsize=1024)(json.dumps)


class AccessLog:
    """Takes entries from any thread and writes them in batches.

    If the reader of ``stream`` is slower than the server, or the disk is full, entries are dropped, and a line says how
    many. ``turn`` is held while lines are written, where other processes write to the same stream.
    """

    def __init__(self, stream: BinaryIO) -> None:
        # Not through its buffer, which would keep what a full disk did not take.
        self._owner = stream  # which would close the file if nobody held it
        self._stream: BinaryIO = getattr(stream, "raw", stream)
        self.turn: AbstractContextManager[object] = nullcontext()
        self._fails = False
        self._torn = b""
        self._waiting: deque[tuple[float, float, str | None, str]] = deque()
        self._dropped = 0
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None

    def add(self, started: float, peer: str | None, middle: str) -> None:
        """Logs a finished response: start of the request (``time.time()``), peer, and the text from ``described``."""
        if len(self._waiting) >= WAITING_LIMIT:
            self._dropped += 1
            return
        self._waiting.append((started, time.time() - started, peer, middle))
        if not self._wake.is_set():
            self._wake.set()
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="airwaybill-access-log", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Writes the remaining entries, for a second at most."""
        self._closing.set()
        self._wake.set()
        if self._thread is not None:
            self._thread.join(1.0)
            self._thread = None
        self._closing.clear()
        self._wake.clear()

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._closing.wait(BATCH_SECONDS)
            self._wake.clear()
            self._write()
        self._write()

    def _write(self) -> None:
        parts: list[str] = []
        begin, millisecond = "", -1
        for _ in range(len(self._waiting)):
            started, seconds, peer, middle = self._waiting.popleft()
            if int(started * 1000) != millisecond:
                millisecond = int(started * 1000)
                begin = f'{{"time":"{_stamp(millisecond)}","client":'
            parts += (begin, _quoted(peer), middle, f"{seconds * 1000:.1f}}}\n")
        entries, dropped = len(parts) // PARTS, self._dropped
        if dropped:
            parts.append(f'{{"time":"{_stamp(int(time.time() * 1000))}","left_out":{dropped}}}\n')
        with self.turn:
            written = self._put("".join(parts).encode())
        if written < entries:
            self._dropped += entries - written
        elif written > entries:
            self._dropped -= dropped

    def _put(self, lines: bytes) -> int:
        """Writes as much as there is room for; how many lines that were."""
        data = memoryview(self._torn + lines)
        try:
            while data:
                data = data[self._stream.write(data) or 0 :]
            self._stream.flush()
            self._fails = False
        except (BrokenPipeError, ValueError):
            # The reader is gone: drop everything from now on.
            self._waiting = deque(maxlen=0)
        except OSError as error:
            if not self._fails:
                log.warning("the access log cannot be written: %s; its lines are dropped until it can", error.strerror)
            self._fails = True
        if len(data) > len(lines):
            return 0
        written = lines[: len(lines) - len(data)]
        # A line that was begun ends before the next one.
        self._torn = b"\n" if written and not written.endswith(b"\n") else b""
        return written.count(b"\n")


class AccessLogging:
    """Middleware: logs each response when it ends, but not that all is well.

    ``client`` gives the client's address.
    """

    def __init__(self, app: ASGIApp, log: AccessLog, client: Callable[[Scope], str | None]) -> None:
        self._app = app
        self._log = log
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status, size = time.time(), 500, 0

        def counting_send(message: Message) -> Awaitable[None]:
            nonlocal status, size
            if message["type"] == "http.response.start":
                status = message["status"]
            else:
                size += len(message.get("body", b""))
            return send(message)

        try:
            await self._app(scope, receive, counting_send)
        finally:
            if status != 200 or scope["path"] != scope.get("root_path", "") + HEALTH:
                self._log.add(started, self._client(scope), described(scope, status, size))


def _stamp(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{rest:03d}Z"
