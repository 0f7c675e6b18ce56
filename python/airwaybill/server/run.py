"""Runs the application under granian, in this process."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import logging
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.types import Receive, Scope, Send

log = logging.getLogger("airwaybill.server")

BACKLOG = 1024
GRACE_SECONDS = 10
# A request's line and headers must be here within this time, and be no longer than this.
HEADER_MILLISECONDS = 15_000
HEADER_BYTES = 64 * 1024
# A peer that takes nothing for this long is gone: a board without power does not say good-bye.
STALLED_MILLISECONDS = 60_000
# glibc's number for the size from which a block is mapped by itself, and so given back when it is freed.
M_MMAP_THRESHOLD = -3
# More than a piece of a body: those come and go too often.
MAPPED_BYTES = 1024 * 1024


class Application(Protocol):
    """An ASGI application that is started and stopped by hand, as ``App`` is."""

    async def startup(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 lets the system choose. ``OSError`` if the address is not to be had."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # What is set here holds for the accepted connections too.
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        if sys.platform == "linux":
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_MILLISECONDS)
        listener.bind(address)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def url_of(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: Application, listener: socket.socket, announce: Callable[[], None]) -> bool:
    """Serves until SIGTERM or SIGINT, then lets running downloads finish, for ten seconds at most.

    ``announce`` is called when requests get answers. False if the server ended without being asked to.
    """
    _give_memory_back()
    return asyncio.run(_run(app, listener, announce))


async def _run(app: Application, listener: socket.socket, announce: Callable[[], None]) -> bool:
    server = _EmbeddedServer(app, listener)
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, server.stop)
    await app.startup()
    # What lives this long stays: the collector need not look at it again.
    gc.freeze()
    announce()
    try:
        await server.serve()
    except asyncio.TimeoutError:
        log.warning("downloads that ran for more than %d s after the signal were cut off", GRACE_SECONDS)
    await app.shutdown()
    return bool(server.interrupt_signal)


def _give_memory_back() -> None:
    """Manifests of many files come and go: keeps glibc from raising its threshold, and holding on to their memory."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES)


class _EmbeddedServer(Server):
    """granian on a socket that is bound already.

    The socket it would make shares its port with any other server of the same user, and does not say which port the
    system chose.
    """

    def __init__(self, app: Application, listener: socket.socket) -> None:
        super().__init__(
            app,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=HEADER_BYTES),
            websockets=False,
            backlog=BACKLOG,
            log_enabled=False,
        )
        self.workers_kill_timeout = GRACE_SECONDS
        self._listener = listener

    def _init_shared_socket(self) -> None:
        holder: Any = SocketHolder
        backlog = (self.backlog,) if sys.platform.startswith(("linux", "freebsd")) else ()
        self._shd = holder(self._listener.detach(), False, *backlog)
