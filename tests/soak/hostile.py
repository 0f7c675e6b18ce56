"""Clients that mean no good: readers that hardly read, and floods of headers."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from collections.abc import Awaitable

from ledger import Ledger
from link import HOST

RECEIVE_BUFFER = 4096
# Longer than the server's limit for the time that a request's head may take, by much: machines are slow at times.
DRIP_LIMIT_SECONDS = 60.0
REQUEST = b"GET /%s HTTP/1.1\r\nHost: a\r\n"
# What may be said to a request that is none, and to one that is.
REFUSALS = frozenset((400, 404, 405, 408, 413, 414, 431))


class Hostile:
    """``targets`` are paths of what is worth reading slowly."""

    def __init__(self, seed: int, port: int, targets: list[str], ledger: Ledger) -> None:
        self._random = random.Random(f"{seed} hostile")
        self._port = port
        self._targets = targets
        self._ledger = ledger
        self._floods = [
            self._many_headers,
            self._long_header,
            self._long_line,
            self._no_request,
            self._drip,
            self._silence,
            self._many_at_once,
            self._leave,
        ]

    async def read_slowly(self) -> None:
        """Holds a connection on which hardly anything is taken."""
        while True:
            try:
                connection = await self._connect(RECEIVE_BUFFER)
            except OSError:
                await asyncio.sleep(0.5)
                continue
            with connection:
                target = self._random.choice(self._targets).encode()
                try:
                    await self._send(connection, REQUEST % target + b"\r\n")
                    self._ledger.count("slow readers")
                    while await self._receive(connection, 512):
                        await asyncio.sleep(self._random.uniform(0.5, 2.0))
                except OSError:
                    pass

    async def flood(self) -> None:
        """One kind after the other."""
        while True:
            flood = self._random.choice(self._floods)
            try:
                connection = await self._connect()
                with connection:
                    await flood(connection)
                self._ledger.count(f"flood: {flood.__name__.strip('_').replace('_', ' ')}")
            except OSError:
                # The server has closed it, as it should; or there is none now.
                self._ledger.count("floods cut short by the server")
            await asyncio.sleep(self._random.uniform(0, 1.0))

    async def _many_headers(self, connection: socket.socket) -> None:
        await self._send(connection, REQUEST % b"healthz" + b"X-Many: 1\r\n" * 500 + b"\r\n")
        await self._refusal(connection)

    async def _long_header(self, connection: socket.socket) -> None:
        await self._send(connection, REQUEST % b"healthz" + b"X-Long: " + b"a" * 300_000 + b"\r\n\r\n")
        await self._refusal(connection)

    async def _long_line(self, connection: socket.socket) -> None:
        await self._send(connection, REQUEST % (b"a" * 300_000) + b"\r\n")
        await self._refusal(connection)

    async def _no_request(self, connection: socket.socket) -> None:
        await self._send(connection, self._random.choice((b"\x16\x03\x01\x02\x00\x01", b"{}\r\n\r\n", b"GET\r\n\r\n")))
        connection.shutdown(socket.SHUT_WR)
        await self._refusal(connection)

    async def _drip(self, connection: socket.socket) -> None:
        """A head that never ends."""
        began = time.monotonic()
        await self._send(connection, REQUEST % b"healthz")
        closed = asyncio.ensure_future(self._receive(connection, 1000))
        try:
            while not closed.done():
                await self._send(connection, b"X-Drip: 1\r\n")
                await asyncio.sleep(0.5)
                if time.monotonic() - began > DRIP_LIMIT_SECONDS:
                    self._ledger.fail("a head that never ends is waited for without end")
                    return
        finally:
            closed.cancel()

    async def _silence(self, connection: socket.socket) -> None:
        await asyncio.sleep(self._random.uniform(0, 20))

    async def _many_at_once(self, connection: socket.socket) -> None:
        """Requests without waiting for answers, of which few are read."""
        await self._send(connection, (REQUEST % b"manifest.json" + b"\r\n") * 100)
        await self._receive(connection, 1000)

    async def _leave(self, connection: socket.socket) -> None:
        await self._send(connection, REQUEST % self._random.choice(self._targets).encode() + b"\r\n")
        await self._receive(connection, self._random.choice((1, 1000, 100_000)))

    async def _refusal(self, connection: socket.socket) -> None:
        answer = await self._receive(connection, 1000)
        # A server that closes with bytes still unread resets the connection, and the answer can be lost.
        if not answer:
            return
        status = int(answer.split(b" ")[1])
        self._ledger.statuses[status] += 1
        if status not in REFUSALS:
            self._ledger.fail("an over-long request was answered", repr(answer[:100]))

    async def _connect(self, receive_buffer: int | None = None) -> socket.socket:
        connection = socket.socket()
        connection.setblocking(False)
        if receive_buffer is not None:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        try:
            await asyncio.get_running_loop().sock_connect(connection, (HOST, self._port))
        except BaseException:
            connection.close()
            raise
        self._ledger.count("connections")
        return connection

    def _send(self, connection: socket.socket, data: bytes) -> Awaitable[None]:
        return asyncio.get_running_loop().sock_sendall(connection, data)

    def _receive(self, connection: socket.socket, size: int) -> Awaitable[bytes]:
        return asyncio.get_running_loop().sock_recv(connection, size)
