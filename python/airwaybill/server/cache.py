"""Caches of bodies and of responses."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Hashable
from random import Random
from typing import NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airwaybill.server.answers import Header, send_body

# Memory of a cached body besides its bytes.
ENTRY_BYTES = 1024
REMEMBERED_LIMIT = 16_384
# Responses to requests with longer headers are not remembered.
REQUEST_LIMIT = 2048
# Where ``remember`` stores the key of a response's body, for ``Memory``.
KEPT = "airwaybill.kept"


class Entity(NamedTuple):
    """A body kept in memory, and its validators.

    ``modified`` is in seconds since the epoch, or None.
    """

    data: bytes
    etag: str
    modified: float | None


class EntityCache:
    """The most recently used entities, at most ``limit`` bytes in all."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._size = 0
        self._entities: OrderedDict[Hashable, Entity] = OrderedDict()

    def get(self, key: Hashable) -> Entity | None:
        entity = self._entities.get(key)
        if entity is not None:
            self._entities.move_to_end(key)
        return entity

    def put(self, key: Hashable, entity: Entity) -> None:
        """Adds ``entity`` and drops the least recently used ones; one larger than the limit is not added."""
        old = self._entities.pop(key, None)
        if old is not None:
            self._size -= _weight(old)
        if _weight(entity) > self._limit:
            return
        self._entities[key] = entity
        self._size += _weight(entity)
        while self._size > self._limit:
            _, dropped = self._entities.popitem(last=False)
            self._size -= _weight(dropped)


class Remembered(NamedTuple):
    """The response (200) to an earlier request; its body is in ``bodies`` under ``key``, unless it was dropped."""

    headers: tuple[Header, ...]
    bodies: EntityCache
    key: Hashable


class Answers:
    """The responses to at most ``limit`` requests."""

    def __init__(self, limit: int = REMEMBERED_LIMIT) -> None:
        self._limit = limit
        self._remembered: dict[Hashable, Remembered] = {}
        self._requests: list[Hashable] = []
        self._random = Random(limit)
        self._headers: dict[tuple[Header, ...], tuple[Header, ...]] = {}

    def __len__(self) -> int:
        return len(self._remembered)

    def get(self, request: Hashable) -> Remembered | None:
        return self._remembered.get(request)

    def put(self, request: Hashable, headers: tuple[Header, ...], bodies: EntityCache, key: Hashable) -> None:
        """Adds a response, beyond the limit in the place of any other: of requests that are asked in rotation the least
        recently used would be the next one.
        """
        if request not in self._remembered:
            if len(self._requests) < self._limit:
                self._requests.append(request)
            else:
                place = self._random.randrange(self._limit)
                del self._remembered[self._requests[place]]
                self._requests[place] = request
        # Most requests get one of a few responses: their headers are kept once.
        if len(self._headers) >= self._limit:
            self._headers.clear()
        self._remembered[request] = Remembered(self._headers.setdefault(headers, headers), bodies, key)


class Memory:
    """Middleware: remembers responses, which are the same for the same request as long as the releases are.

    ``answers`` returns the responses for the current releases, None before there are any.
    """

    def __init__(self, app: ASGIApp, answers: Callable[[], Answers | None]) -> None:
        self._app = app
        self._answers = answers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Fetched before the request is handled: what is added later is of these releases or newer ones.
        answers = self._answers()
        if answers is None or scope["method"] != "GET":
            await self._app(scope, receive, send)
            return
        request = exact_request(scope)
        remembered = answers.get(request)
        entity = None if remembered is None else remembered.bodies.get(remembered.key)
        if remembered is not None and entity is not None:
            await send({"type": "http.response.start", "status": 200, "headers": [*remembered.headers]})
            await send_body(send, entity.data)
            return

        def remembering_send(message: Message) -> Awaitable[None]:
            if message["type"] == "http.response.start" and KEPT in scope and _is_short(scope):
                answers.put(request, tuple(message["headers"]), *scope[KEPT])
            return send(message)

        await self._app(scope, receive, remembering_send)


def remember(scope: Scope, bodies: EntityCache, key: Hashable) -> None:
    """Lets ``Memory`` repeat this response (200), as long as ``bodies`` has its entire body under ``key``."""
    scope[KEPT] = (bodies, key)


def exact_request(scope: Scope) -> Hashable:
    """Everything in a GET request that a response can depend on."""
    return (
        scope["path"],
        scope.get("raw_path"),
        scope["query_string"],
        scope["http_version"],
        scope.get("root_path"),
        # Neither names nor values have line ends. A tuple of them takes three times the memory.
        b"\n".join([text for header in scope["headers"] for text in header]),
    )


def _is_short(scope: Scope) -> bool:
    length = len(scope["path"]) + len(scope["query_string"])
    return length + sum(len(name) + len(value) for name, value in scope["headers"]) <= REQUEST_LIMIT


def _weight(entity: Entity) -> int:
    """Memory of an entity in the cache: most are short, but their keys are not."""
    return len(entity.data) + ENTRY_BYTES
