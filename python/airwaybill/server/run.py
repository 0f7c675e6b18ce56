"""Runs the application under granian, in this process."""

from __future__ import annotations

import asyncio
import ctypes
import gc
import ipaddress
import logging
import os
import signal
import socket
import stat
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.process import BaseProcess
from typing import Any, Protocol

import ifaddr
from granian._granian import SocketHolder
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.server.embed import Server
from starlette.types import Receive, Scope, Send

from airwaybill.server.connections import Crowd, accepted, is_full
from airwaybill.server.processes import TOLD, Followers

if sys.platform != "win32":
    import resource

log = logging.getLogger("airwaybill.server")

BACKLOG = 1024
LOOPBACK = "127.0.0.1"
GRACE_SECONDS = 10
INTERRUPTED = 128 + signal.SIGINT
# How often, after the signal, idle connections are looked for.
QUIET_SECONDS = 0.2
# How often it is looked whether too many connections are taken.
CROWD_SECONDS = 1.0
# Descriptors for everything except connections and the files sent on them.
OWN_DESCRIPTORS = 64
# A request's line and headers must arrive within this time, and be no longer than this.
HEADER_MILLISECONDS = 15_000
HEADER_BYTES = 64 * 1024
# A peer that receives nothing for this long is gone: a board that loses power does not close its connection.
STALLED_MILLISECONDS = 60_000
# glibc's number for the size from which a block is mapped separately, and so returned to the system when freed.
M_MMAP_THRESHOLD = -3
# Larger than a piece of a body: those are allocated too often.
MAPPED_BYTES = 1024 * 1024
ALONE = Followers()


class Application(Protocol):
    """An ASGI application that is started and stopped explicitly, like ``App``."""

    async def startup(self) -> None: ...

    async def shutdown(self) -> None: ...

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None: ...


def listen(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 lets the system choose. ``OSError`` if the address is not available."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        _listen(listener, address)
    except OSError:
        listener.close()
        raise
    return listener


def listen_beside(listener: socket.socket) -> socket.socket:
    """A socket for another process of the same server, in place of ``listener``, which the first one keeps.

    Linux spreads the connections over sockets that share an address. Of one socket a process would take all that come
    at once; elsewhere, and on a Unix socket, that has to do.
    """
    if sys.platform != "linux" or listener.family == socket.AF_UNIX:
        return listener
    # Not before: the first one is not to share the address of another server.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    beside = socket.socket(listener.family, listener.type, listener.proto)
    beside.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    _listen(beside, listener.getsockname())
    listener.close()
    return beside


def _listen(listener: socket.socket, address: Any) -> None:
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    # Accepted connections inherit these options.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    if sys.platform == "linux":
        listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, STALLED_MILLISECONDS)
    listener.bind(address)
    listener.listen(BACKLOG)


def listen_at(path: str) -> socket.socket:
    """A listening Unix socket; one that nobody listens on any more is replaced. ``OSError`` if it is not available."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        if _is_left_over(path):
            os.unlink(path)
        listener.bind(path)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def _is_left_over(path: str) -> bool:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as client:
        try:
            client.connect(path)
        except ConnectionRefusedError:
            return stat.S_ISSOCK(os.lstat(path).st_mode)
        except OSError:
            return False
    return False


def urls_of(listener: socket.socket) -> list[str]:
    """Where devices find the server: on each of the machine's addresses if it listens on all of them."""
    if listener.family == socket.AF_UNIX:
        return [f"unix:{listener.getsockname()}"]
    host, port = listener.getsockname()[:2]
    address = ipaddress.ip_address(host.partition("%")[0])
    hosts = _own_addresses(address.version) if address.is_unspecified else [host]
    return [f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}" for host in hosts]


def _own_addresses(version: int) -> list[str]:
    """The machine's addresses that others can use; a socket for IPv6 takes those of IPv4 too."""
    try:
        adapters = list(ifaddr.get_adapters())
    except OSError:  # a sandbox without AF_NETLINK
        adapters = []
    found = (str(ip.ip) if ip.is_IPv4 else ip.ip[0] for adapter in adapters for ip in adapter.ips)
    addresses = [ipaddress.ip_address(address) for address in found]
    usable = [
        str(address)
        for address in addresses
        if address.version <= version and not (address.is_loopback or address.is_link_local)
    ]
    return usable or [LOOPBACK]


def run(
    app: Application,
    listener: socket.socket,
    announce: Callable[[], None],
    is_exempt: Callable[[str], bool] = lambda _: False,
    followers: Followers = ALONE,
) -> bool:
    """Serves until SIGTERM, SIGINT or SIGHUP, then lets running downloads finish, for ten seconds at most.

    ``announce`` is called when the application has started; requests are handed to it before that. A SIGINT while the
    server ends makes it exit at once, and SIGHUP is ignored if it was (`nohup`). Returns False if the server ended
    without a signal. When three quarters of all connections are taken, idle ones are closed, but not those of an
    address that ``is_exempt``. ``followers`` end with this process, and the other way round.
    """
    _give_memory_back()
    return asyncio.run(_run(app, listener, announce, is_exempt, followers))


async def _run(
    app: Application,
    listener: socket.socket,
    announce: Callable[[], None],
    is_exempt: Callable[[str], bool],
    followers: Followers,
) -> bool:
    server = _EmbeddedServer(app, listener, is_exempt, followers)
    followers.watch(server.follower_ended)
    loop = asyncio.get_running_loop()
    if sys.version_info >= (3, 12):
        # A request is answered in the turn in which it comes, which saves 12 of the 37 µs that the loop takes for it.
        loop.set_task_factory(asyncio.eager_task_factory)
    loop.add_signal_handler(signal.SIGTERM, server.stop)
    loop.add_signal_handler(signal.SIGINT, server.interrupt)
    if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
        loop.add_signal_handler(signal.SIGHUP, server.stop)
    starting = asyncio.create_task(_start(app, announce))
    keeping_room = asyncio.create_task(server.keep_room())
    # If that fails there is nothing to serve.
    starting.add_done_callback(server.stop_after_failure)
    try:
        await server.serve()
    except asyncio.TimeoutError:
        log.warning("downloads that ran for more than %d s after the signal were cut off", GRACE_SECONDS)
    followers.stop()
    keeping_room.cancel()
    if not starting.done():
        starting.cancel()
    await app.shutdown()
    await loop.run_in_executor(None, followers.join)
    with suppress(asyncio.CancelledError):
        await starting
    return bool(server.interrupt_signal) and not server.lost_one


async def _start(app: Application, announce: Callable[[], None]) -> None:
    await app.startup()
    # Objects that exist now stay: the garbage collector can skip them.
    gc.freeze()
    announce()


def _connection_limit() -> int:
    """How many connections, each with an open file, there are descriptors for. Further ones wait to be accepted."""
    if sys.platform == "win32":
        return BACKLOG
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 2 * BACKLOG + OWN_DESCRIPTORS
    if soft != resource.RLIM_INFINITY and soft < wanted:
        soft = wanted if hard == resource.RLIM_INFINITY else min(hard, wanted)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return BACKLOG if soft == resource.RLIM_INFINITY else max(1, min(BACKLOG, (soft - OWN_DESCRIPTORS) // 2))


def _give_memory_back() -> None:
    """Keeps glibc from raising its threshold and holding on to the memory of large manifests."""
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, MAPPED_BYTES)


class _EmbeddedServer(Server):
    """granian on a socket that is bound already.

    granian's own socket shares its port with any other server of the same user, and does not tell which port the
    system chose. Passing one in needs an override of `_init_shared_socket`, tested with the versions that
    `pyproject.toml` allows, until there is a public way:
    https://github.com/emmett-framework/granian/issues/786
    """

    def __init__(
        self, app: Application, listener: socket.socket, is_exempt: Callable[[str], bool], followers: Followers
    ) -> None:
        self._app = app
        self._followers = followers
        self.lost_one = False
        limit = _connection_limit()
        # The peers of all requests that are being answered; a Unix socket's have no names.
        self._answered: dict[int, tuple[str, str] | None] = {}
        super().__init__(
            self._answer,
            interface=Interfaces.ASGINL,
            http=HTTPModes.http1,
            http1_settings=HTTP1Settings(header_read_timeout=HEADER_MILLISECONDS, max_buffer_size=HEADER_BYTES),
            websockets=False,
            backlog=BACKLOG,
            backpressure=limit,
            log_enabled=False,
        )
        # Not a parameter of the embedded server, but read by its `shutdown`.
        self.workers_kill_timeout = GRACE_SECONDS
        self._listener = listener
        self._family, self._name = listener.family, listener.getsockname()
        self._crowd = Crowd(self._family, self._name, limit, is_exempt)

    def stop(self) -> None:
        self._followers.stop()
        super().stop()  # type: ignore[no-untyped-call]

    def interrupt(self) -> None:
        """Ends the server, or at once if it is ending already."""
        if self.interrupt_signal:
            self._followers.kill()
            os._exit(INTERRUPTED)
        self.stop()

    def stop_after_failure(self, starting: asyncio.Task[None]) -> None:
        if not starting.cancelled() and starting.exception() is not None:
            self.stop()

    def follower_ended(self, process: BaseProcess) -> None:
        """A signal to one of the processes ends all; whatever else ends one is a failure."""
        if self.interrupt_signal:
            return
        if process.exitcode not in TOLD:
            self.lost_one = True
            code = process.exitcode or 0
            how = f"exit code {code}" if code > 0 else signal.Signals(-code).name
            log.error("a worker, process %d, ended with %s: the server ends", process.pid, how)
        self.stop()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._answered[id(scope)] = scope.get("client")
        try:
            await self._app(scope, receive, send)
        finally:
            peer = self._answered.pop(id(scope))
            if peer:
                self._crowd.answered(int(peer[1]), time.monotonic())

    @property
    def _busy(self) -> set[int]:
        # granian has the port as a string.
        return {int(peer[1]) for peer in self._answered.values() if peer}

    async def keep_room(self) -> None:
        """Watches that no address takes all connections; a Unix socket's are the proxy's affair."""
        while self._family != socket.AF_UNIX:
            await asyncio.sleep(CROWD_SECONDS)
            self._crowd.make_room(self._busy)

    async def shutdown(self, exit_code: int = 0) -> None:
        hanging_up = asyncio.create_task(self._hang_up())
        try:
            await super().shutdown(exit_code)  # type: ignore[no-untyped-call]
        finally:
            hanging_up.cancel()

    async def _hang_up(self) -> None:
        """Closes connections with an incomplete request: granian would wait for the rest.

        A timeout for them was proposed upstream and declined: https://github.com/emmett-framework/granian/pull/813
        """
        before: set[int] = set()
        while True:
            await asyncio.sleep(QUIET_SECONDS)
            if self._answered and self._family == socket.AF_UNIX:
                # Which of the connections they are on is not known.
                before.clear()
                continue
            answered, quiet = self._busy, set()
            for found, connection in accepted(self._family, self._name):
                if found.port not in answered and not is_full(connection):
                    quiet.add(found.port)
                    # Twice in a row: what the peer has just received may have been the last piece but one.
                    if found.port in before:
                        with suppress(OSError):
                            connection.shutdown(socket.SHUT_RD)
            before = quiet

    def _init_shared_socket(self) -> None:
        holder: Any = SocketHolder
        backlog = (self.backlog,) if sys.platform.startswith(("linux", "freebsd")) else ()
        self._shd = holder(self._listener.detach(), self._family == socket.AF_UNIX, *backlog)
