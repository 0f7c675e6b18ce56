"""Files over HTTP (rules H2 and H4)."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import time
from collections import OrderedDict
from collections.abc import Callable
from functools import partial
from typing import NamedTuple

from starlette.types import Receive, Scope, Send

from airwaybill import FileRecord, Hasher
from airwaybill._core import content_type, is_document, is_draft, is_patch
from airwaybill._terminal import shown
from airwaybill.server.answers import Answer, Header, RequestError
from airwaybill.server.cache import Entity, EntityCache, remember
from airwaybill.server.conditions import RequestHeaders, http_date, precondition, wanted_range
from airwaybill.server.config import Config
from airwaybill.server.offered import Offered
from airwaybill.server.paths import INDEX, Identity, OpenFile, not_found, open_below, request_path
from airwaybill.server.snapshot import Snapshot
from airwaybill.server.work import Workers

log = logging.getLogger("airwaybill.server")

# A file of a release up to this size is read and checked before its first byte is sent, and kept in memory.
WHOLE_LIMIT = 4 * 1024 * 1024
FILES_LIMIT = 32 * 1024 * 1024
CHECKED_LIMIT = 1024
# Piece of a file that is sent while it is read. A client that stops receiving holds about ten of these.
CHUNK = 64 * 1024
# A file that changed this recently may change again within the same tick of its clock: its ETag is weak.
FRESH_SECONDS = 2.0
# Whether caches may keep a file, or have to ask each time: then some answer a request for a part with the whole.
KEPT = b"public, max-age=%d%s"
ASKED = b"public, no-cache"


class FileChangedError(Exception):
    """A file does not, or no longer, match its record (rule H4)."""


class Selected(NamedTuple):
    """The part of the file at ``path`` that a request gets: bytes ``start`` to ``end`` (exclusive)."""

    path: str
    status: int
    headers: list[Header]
    start: int
    end: int


class Files:
    """An ASGI application that serves what is offered of ``releases``, signed documents, and the rest if asked to.

    A file of a release has its SHA-1 as the ETag, and only bytes with that SHA-1 are sent: a small file is checked
    before it is sent; the last bytes of a large one are held back until all have been checked.
    """

    def __init__(self, releases: Offered, workers: Workers, config: Config) -> None:
        self._releases = releases
        self._workers = workers
        self._serve_other = config.serve_other
        self._top = INDEX if config.serve_other else None
        self._kept = KEPT % (config.max_age, b", immutable" if config.immutable else b"") if config.max_age else ASKED
        self._entities = EntityCache(FILES_LIMIT)
        self._checked: OrderedDict[Identity, str] = OrderedDict()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        snapshot = self._releases.to_send()
        path = request_path(scope, self._top)
        if is_draft(path) and is_document(path):
            raise not_found(f"/{path}")
        record = snapshot.find(path)
        if record is not None and record.size <= WHOLE_LIMIT:
            await self._send_small(scope, receive, send, snapshot, record)
            return
        file = await self._open(snapshot, path, record)
        if record is None and not (self._serve_other or is_document(path) or is_patch(path)):
            os.close(file.descriptor)
            line = f"{shown(path)} is not sent: it belongs to nothing that is offered; --serve-other sends it"
            self._releases.warn_once(f"/{path}", line)
            raise not_found(f"/{path}")
        try:
            if record is not None:
                kept = self._kept if snapshot.offers(path) else ASKED
                await self._send_large(scope, receive, send, file, record, kept)
            else:
                await self._send_other(scope, receive, send, file, path)
        finally:
            os.close(file.descriptor)

    async def _send_small(
        self, scope: Scope, receive: Receive, send: Send, snapshot: Snapshot, record: FileRecord
    ) -> None:
        key = (record.path, record.sha1)
        # What was withdrawn may be gone or changed by now.
        offered = snapshot.offers(record.path)
        entity = self._entities.get(key) if offered else None
        if entity is None:
            try:
                entity = await self._workers.once(key, partial(_read_checked, snapshot.real_root, record))
            except (FileChangedError, OSError) as error:
                raise self._unreadable(record.path, error) from None
            self._entities.put(key, entity)
        _, status, headers, start, end = _select(
            scope, record.path, len(entity.data), entity.etag, entity.modified, self._kept if offered else ASKED
        )
        if status == 200 and offered:
            remember(scope, self._entities, key)
        await Answer(status, headers, entity.data[start:end])(scope, receive, send)

    async def _send_large(
        self, scope: Scope, receive: Receive, send: Send, file: OpenFile, record: FileRecord, kept: bytes
    ) -> None:
        selected = _select(scope, record.path, file.size, f'"{record.sha1}"', file.modified, kept)
        if selected.status == 304 or scope["method"] == "HEAD":
            await Answer(selected.status, selected.headers)(scope, receive, send)
        elif selected.status == 200:
            hasher = Hasher()
            await self._stream(receive, send, file, selected, lambda: hasher.finish() == record.sha1, hasher.update)
        else:
            await self._check(file, record)
            await self._stream(receive, send, file, selected, file.unchanged)

    async def _send_other(self, scope: Scope, receive: Receive, send: Send, file: OpenFile, path: str) -> None:
        # The change time, which cannot be set back as the modification time can.
        changed = file.identity.changed_ns
        fresh = "W/" if time.time() - changed / 1e9 < FRESH_SECONDS else ""
        etag = f'{fresh}"{changed:x}-{file.size:x}-{file.identity.inode:x}"'
        selected = _select(scope, path, file.size, etag, file.modified, ASKED)
        if selected.status == 304 or scope["method"] == "HEAD" or selected.start == selected.end:
            await Answer(selected.status, selected.headers)(scope, receive, send)
        else:
            # Not by path: the server would open the name again, which may be another file by then.
            await self._stream(receive, send, file, selected, file.unchanged)

    async def _open(self, snapshot: Snapshot, path: str, record: FileRecord | None) -> OpenFile:
        try:
            file = await self._workers.run(partial(open_below, snapshot.real_root, path, record is not None))
        except (OSError, ValueError) as error:
            if record is not None or _is_passing(error):
                raise self._unreadable(path, error) from None
            raise not_found(f"/{path}") from None
        if record is not None and file.size != record.size:
            os.close(file.descriptor)
            raise self._changed(path)
        return file

    async def _check(self, file: OpenFile, record: FileRecord) -> None:
        """Hashes a large file before a part of it is sent; once, unless it is written to."""
        sha1 = self._checked.get(file.identity)
        if sha1 is None:
            work = partial(_hash, self._releases.to_send().real_root, record.path, file.identity)
            try:
                sha1 = await self._workers.once(file.identity, work)
            except OSError as error:
                raise self._unreadable(record.path, error) from None
            self._checked[file.identity] = sha1
            if len(self._checked) > CHECKED_LIMIT:
                self._checked.popitem(last=False)
        if sha1 != record.sha1 or not file.unchanged():
            raise self._changed(record.path)

    async def _stream(
        self,
        receive: Receive,
        send: Send,
        file: OpenFile,
        selected: Selected,
        holds: Callable[[], bool],
        update: Callable[[bytes], None] | None = None,
    ) -> None:
        """Sends the ``selected`` bytes, each chunk after ``update``, the last one only if ``holds()`` is true then.

        Otherwise the response stays incomplete and the server closes the connection, or, if nothing was sent yet, it
        is an error. It also ends when the client disconnects.
        """
        path, status, headers, start, end = selected
        unsent = [{"type": "http.response.start", "status": status, "headers": [*headers]}]

        async def send_on(body: bytes, *, more: bool) -> None:
            while unsent:
                await send(unsent.pop())
            await send({"type": "http.response.body", "body": body, "more_body": more})

        leaving = asyncio.ensure_future(_client_leaves(receive))
        held = b""
        try:
            while start < end and not leaving.done():
                try:
                    chunk = await self._workers.run(partial(_read_chunk, file, min(CHUNK, end - start), start, update))
                except OSError as error:
                    if unsent and not held:
                        raise self._unreadable(path, error) from None
                    chunk = b""
                if held and chunk:
                    await send_on(held, more=True)
                if not chunk:
                    break
                held = chunk
                start += len(chunk)
            if start < end and leaving.done():
                await send_on(b"", more=True)
                return
        finally:
            leaving.cancel()
        if start == end and holds():
            await send_on(held, more=False)
        elif unsent:
            raise self._changed(path)
        else:
            log.warning("%s changed while it was being sent; connection closed", shown(path))
            self._releases.look_again()

    def _unreadable(self, path: str, error: Exception) -> RequestError:
        """503, with the reason from ``error``."""
        if isinstance(error, OSError) and _is_passing(error):
            why = os.strerror(error.errno or 0)
            return RequestError(503, "busy", f"{path} cannot be read at the moment: {why}", [(b"retry-after", b"1")])
        return self._changed(path)

    def _changed(self, path: str) -> RequestError:
        self._releases.look_again()
        message = f"{path} has changed since it was scanned; try again"
        return RequestError(503, "file_changed", message, [(b"retry-after", b"1")])


async def _client_leaves(receive: Receive) -> None:
    """Returns when the client has disconnected: nothing else follows the request's body."""
    while (await receive()).get("more_body"):
        pass
    await receive()


def _select(scope: Scope, path: str, size: int, etag: str, modified: float | None, kept: bytes) -> Selected:
    """The response to a request with its conditions and range, or ``RequestError`` (412, 416).

    ``kept`` says for how long caches may keep it.
    """
    asked = RequestHeaders(scope)
    headers: list[Header] = [(b"etag", etag.encode()), (b"cache-control", kept)]
    if modified is not None:
        headers.append((b"last-modified", http_date(modified).encode()))
    refusal = precondition(asked, etag, modified)
    if refusal == 304:
        return Selected(path, 304, headers, 0, 0)
    if refusal is not None:
        raise RequestError(412, "precondition_failed", f"{path} does not match the request's conditions", headers[:1])
    # 14.2: Range is only defined for GET.
    part = wanted_range(asked, size, etag, modified) if scope["method"] == "GET" else None
    status, (start, end) = (200, (0, size)) if part is None else (206, part)
    if status == 206:
        if start == end:
            raise RequestError(
                416,
                "range_not_satisfiable",
                f"{path} has {size} bytes",
                [(b"content-range", b"bytes */%d" % size)],
            )
        headers.append((b"content-range", b"bytes %d-%d/%d" % (start, end - 1, size)))
    headers.append((b"content-type", content_type(path).encode()))
    headers.append((b"content-length", b"%d" % (end - start)))
    headers.append((b"accept-ranges", b"bytes"))
    return Selected(path, status, headers, start, end)


def _is_passing(error: Exception) -> bool:
    """Whether the error is not about the file: the process is out of descriptors or memory, or the disk failed."""
    return isinstance(error, OSError) and error.errno in (errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EIO)


def _read_checked(real_root: str, record: FileRecord) -> Entity:
    file = open_below(real_root, record.path, hidden=True)
    try:
        with open(file.descriptor, "rb", closefd=False) as reader:
            data = reader.read(record.size + 1)
    finally:
        os.close(file.descriptor)
    hasher = Hasher()
    hasher.update(data)
    if len(data) != record.size or hasher.finish() != record.sha1:
        raise FileChangedError(record.path)
    return Entity(data, f'"{record.sha1}"', file.modified)


def _read_chunk(file: OpenFile, size: int, offset: int, update: Callable[[bytes], None] | None) -> bytes:
    chunk = os.pread(file.descriptor, size, offset)
    if update is not None:
        update(chunk)
    return chunk


def _hash(real_root: str, path: str, identity: Identity) -> str:
    """The SHA-1 of a file; that of no bytes, which no large file has, if it was replaced."""
    file = open_below(real_root, path, hidden=True)
    hasher = Hasher()
    try:
        if file.identity == identity:
            for offset in range(0, file.size, CHUNK):
                hasher.update(os.pread(file.descriptor, CHUNK, offset))
    finally:
        os.close(file.descriptor)
    return hasher.finish()
