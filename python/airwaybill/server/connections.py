"""The connections of a listening socket: which are there, and which to close when there are too many."""

from __future__ import annotations

import os
import select
import socket
import stat
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

# When more than this share of all are taken, idle ones are closed.
CROWDED = 0.75


class Connection(NamedTuple):
    """An accepted connection, with the peer's address and port; of a Unix socket its descriptor is the port."""

    descriptor: int
    address: str
    port: int


def accepted(family: int, name: Any) -> Iterator[tuple[Connection, socket.socket]]:
    """The connections accepted by the socket with this name; none if the system does not list them."""
    # OSError: it is closed by now, or has no peer.
    with suppress(FileNotFoundError):
        for descriptor in filter(_is_socket, map(int, os.listdir("/dev/fd"))):
            with suppress(OSError), socket.fromfd(descriptor, family, socket.SOCK_STREAM) as connection:
                own, peer = connection.getsockname(), connection.getpeername()
                if family == socket.AF_UNIX and own == name:
                    yield Connection(descriptor, "", descriptor), connection
                # Not by index: some are of another family.
                elif family != socket.AF_UNIX and own[1:2] == name[1:2]:
                    yield Connection(descriptor, *peer[:2]), connection


def _is_socket(descriptor: int) -> bool:
    # Of anything else `socket.fromfd` leaves a copy open.
    with suppress(OSError):
        return stat.S_ISSOCK(os.fstat(descriptor).st_mode)
    return False


def is_full(connection: socket.socket) -> bool:
    """Whether the peer has not received everything yet: the server may have more to send."""
    poll = select.poll()
    poll.register(connection, select.POLLOUT)
    return not poll.poll(0)


class Crowd:
    """Makes room: closes the longest idle connections of the address that has most, while too many are taken.

    One is idle if no request on it is being answered, whatever part of the next one it has sent. ``is_exempt`` says of
    an address whether it may have as many as it likes.
    """

    def __init__(self, family: int, name: Any, limit: int, is_exempt: Callable[[str], bool]) -> None:
        self._family, self._name = family, name
        self._limit = limit
        self._is_exempt = is_exempt
        self._before: frozenset[Connection] = frozenset()
        # When the last answer on a connection ended, by the peer's port, longest ago first.
        self._used: dict[int, float] = {}

    def answered(self, port: int, now: float) -> None:
        self._used.pop(port, None)
        self._used[port] = now
        if len(self._used) > 4 * self._limit:
            del self._used[next(iter(self._used))]

    def make_room(self, busy: Collection[int]) -> None:
        """``busy`` are the peers' ports of all requests that are being answered."""
        try:
            crowded = len(os.listdir("/dev/fd")) > CROWDED * self._limit
        except FileNotFoundError:
            return
        there = [connection for connection, _ in accepted(self._family, self._name)] if crowded else []
        # One that has just come may be about to send its request.
        idle = [each for each in there if each in self._before and each.port not in busy]
        self._before = frozenset(there)
        chosen = self.chosen(there, idle, self._used)
        if chosen:
            for connection, accepted_socket in accepted(self._family, self._name):
                if connection in chosen:
                    with suppress(OSError):
                        accepted_socket.shutdown(socket.SHUT_RDWR)

    def chosen(
        self, there: Collection[Connection], idle: Collection[Connection], used: Mapping[int, float]
    ) -> set[Connection]:
        """Which of the ``idle`` connections to close, of all that are ``there``."""
        counts = Counter(connection.address for connection in there)
        # Longest idle last; what was never used is before all.
        waiting: dict[str, list[Connection]] = {}
        for each in sorted(idle, key=lambda each: used.get(each.port, 0.0), reverse=True):
            if not self._is_exempt(each.address):
                waiting.setdefault(each.address, []).append(each)
        chosen: set[Connection] = set()
        while waiting and len(there) - len(chosen) > CROWDED * self._limit:
            most = max(waiting, key=lambda address: counts[address])
            chosen.add(waiting[most].pop())
            counts[most] -= 1
            if not waiting[most]:
                del waiting[most]
        return chosen
