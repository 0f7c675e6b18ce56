"""A device's connection: requests and answers by h11 over asyncio streams."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import NamedTuple

import h11
from ledger import Ledger

HOST = "127.0.0.1"
PIECE = 128 * 1024
OLD_HEAD_STEP = 100


class Answer(NamedTuple):
    """Header names are in lower case. ``whole`` says whether all of the body arrived."""

    status: int
    headers: dict[str, str]
    body: bytes
    whole: bool

    @property
    def etag(self) -> str:
        return self.headers.get("etag", "")


class BrokenError(Exception):
    """The connection ended before an answer began, or the server had not started."""


class Link:
    """One connection, opened when it is needed, kept as long as the server keeps it."""

    def __init__(self, port: int, ledger: Ledger) -> None:
        self._port = port
        self._ledger = ledger
        self._state: h11.Connection | None = None
        self._reader: asyncio.StreamReader | None = None
        self._writer: asyncio.StreamWriter | None = None

    async def ask(self, path: str, headers: Mapping[str, str] | None = None, cut_after: int | None = None) -> Answer:
        """The answer to a GET. With ``cut_after`` the connection is cut when so many bytes of the body have arrived.

        ``ConnectionRefusedError`` when nobody listens, ``BrokenError`` when the answer does not begin.
        """
        kept = self._state is not None
        try:
            return await self._ask(path, headers or {}, cut_after)
        except BrokenError:
            # The server may have closed a connection that was kept open, before the request reached it.
            if not kept:
                raise
            return await self._ask(path, headers or {}, cut_after)

    async def _ask(self, path: str, headers: Mapping[str, str], cut_after: int | None) -> Answer:
        if self._state is None:
            await self._open()
        assert self._state is not None
        assert self._writer is not None
        self._ledger.count("requests")
        lines = [("host", f"{HOST}:{self._port}"), *headers.items()]
        try:
            self._writer.write(self._state.send(h11.Request(method="GET", target=path, headers=lines)) or b"")
            self._writer.write(self._state.send(h11.EndOfMessage()) or b"")
            head = await self._event()
        except (OSError, h11.RemoteProtocolError) as error:
            self.cut()
            raise BrokenError(f"{path}: {error!r}") from None
        if not isinstance(head, h11.Response):
            self.cut()
            raise BrokenError(f"{path}: {head!r}")
        body, whole = await self._body(cut_after)
        self._ledger.statuses[head.status_code] += 1
        self._ledger.count("bytes", len(body))
        answer = Answer(head.status_code, {k.decode(): v.decode("latin-1") for k, v in head.headers}, body, whole)
        return _started(answer)

    async def _body(self, cut_after: int | None) -> tuple[bytes, bool]:
        assert self._state is not None
        body = bytearray()
        try:
            while cut_after is None or len(body) < cut_after:
                event = await self._event()
                if isinstance(event, h11.Data):
                    body += event.data
                elif isinstance(event, h11.EndOfMessage):
                    if self._state.our_state is h11.MUST_CLOSE or self._state.their_state is h11.MUST_CLOSE:
                        self.cut()
                    else:
                        self._state.start_next_cycle()
                    return bytes(body), True
                else:
                    break
        except (OSError, h11.RemoteProtocolError):
            pass
        self.cut()
        return bytes(body), False

    async def _event(self) -> object:
        assert self._state is not None
        assert self._reader is not None
        while (event := self._state.next_event()) is h11.NEED_DATA:
            self._state.receive_data(await self._reader.read(PIECE))
        return event

    async def _open(self) -> None:
        self._reader, self._writer = await asyncio.open_connection(HOST, self._port, limit=PIECE)
        self._state = h11.Connection(h11.CLIENT)
        self._ledger.count("connections")

    def cut(self) -> None:
        """Drops the connection without a good-bye."""
        if self._writer is not None:
            self._writer.transport.abort()
        self._state = self._reader = self._writer = None


async def ask_as_of_old(port: int, path: str, ledger: Ledger) -> Answer:
    """A GET as the vendor's client sends it: HTTP/1.0, and the answer is all that comes (rule H5)."""
    reader, writer = await asyncio.open_connection(HOST, port, limit=PIECE)
    ledger.count("connections")
    ledger.count("requests")
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nHost: {HOST}:{port}\r\n\r\n".encode())
        received = await reader.read(-1)
    except OSError as error:
        raise BrokenError(f"{path}: {error!r}") from None
    finally:
        writer.transport.abort()
    head, end, body = received.partition(b"\r\n\r\n")
    if not end:
        raise BrokenError(f"{path}: {received[:100]!r}")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
    if len(head + end) % OLD_HEAD_STEP:
        ledger.fail("an HTTP/1.0 head whose length is not a multiple of 100", f"{path}: {len(head + end)}")
    code = int(status.split(" ")[1])
    ledger.statuses[code] += 1
    ledger.count("bytes", len(body))
    return _started(Answer(code, headers, body, len(body) == int(headers["content-length"])))


def _started(answer: Answer) -> Answer:
    """``answer``, unless it says that the server still starts: as good as none."""
    if answer.status == 503 and b'"code": "starting"' in answer.body:
        raise BrokenError("the server starts")
    return answer
