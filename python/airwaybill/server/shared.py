"""A large body of which all but the end is the same for every request: kept once, and compressed once."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable

from starlette.types import Receive, Scope, Send

from airwaybill.server.answers import PIECE, Answer, Header

# Deflate without a header, which allows blocks to be put together.
RAW = -15
GZIP_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"


class Shared:
    """The start of a body; ``digest`` is its hash."""

    def __init__(self, start: bytes) -> None:
        self._start = start
        self._crc = zlib.crc32(start)
        self._compressed: bytes | None = None
        self.digest = hashlib.blake2b(start, digest_size=16).hexdigest()

    def compress(self) -> None:
        """Does the work that ``gzipped`` needs, unless it is done already."""
        if self._compressed is None:
            packer = zlib.compressobj(wbits=RAW)
            self._compressed = packer.compress(self._start) + packer.flush(zlib.Z_FULL_FLUSH)

    def plain(self, end: bytes) -> tuple[bytes, ...]:
        return self._start, end

    def gzipped(self, end: bytes) -> tuple[bytes, ...]:
        assert self._compressed is not None
        packer = zlib.compressobj(wbits=RAW)
        length = (len(self._start) + len(end)) & 0xFFFFFFFF
        trailer = struct.pack("<II", zlib.crc32(end, self._crc), length)
        return GZIP_HEADER, self._compressed, packer.compress(end) + packer.flush() + trailer


class Pieces(Answer):
    """A response whose body is several pieces, none of which is copied as a whole."""

    def __init__(self, status: int, headers: Iterable[Header], pieces: tuple[bytes, ...]) -> None:
        super().__init__(status, [*headers, (b"content-length", b"%d" % sum(map(len, pieces)))])
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for piece in () if scope["method"] == "HEAD" else self._pieces:
            for begin in range(0, len(piece), PIECE):
                await send({"type": "http.response.body", "body": piece[begin : begin + PIECE], "more_body": True})
        await send({"type": "http.response.body", "body": b""})
