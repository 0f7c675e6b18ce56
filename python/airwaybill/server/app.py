"""The ASGI application."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import multiprocessing
import os
from collections.abc import AsyncIterator, Callable, Hashable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from functools import partial
from multiprocessing.connection import Connection
from typing import BinaryIO

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from airwaybill import AirwaybillError
from airwaybill._terminal import shown
from airwaybill.server.accesslog import AccessLog, AccessLogging
from airwaybill.server.answers import Answer, Header, Methods, RequestError, error_answer, json_answer
from airwaybill.server.cache import Answers, Entity, Memory, remember
from airwaybill.server.conditions import RequestHeaders, precondition
from airwaybill.server.config import Config
from airwaybill.server.embedding import Embedding, check_origin
from airwaybill.server.files import Files
from airwaybill.server.framing import Framing
from airwaybill.server.offered import Offered
from airwaybill.server.paths import CAN_OPEN_BELOW, not_found
from airwaybill.server.preview import Preview
from airwaybill.server.processes import Followed, Followers
from airwaybill.server.proxies import VARY, Proxies
from airwaybill.server.releases import Releases
from airwaybill.server.requests import ManifestRequest, check_root_path, manifest_request, manifest_request_at
from airwaybill.server.snapshot import Snapshot
from airwaybill.server.work import Workers

log = logging.getLogger("airwaybill.server")

FIRST_LOOK_SECONDS = 0.02
# A request waits so long for the first scan, before it is answered without it.
PATIENCE_SECONDS = 1.0
# When the releases cannot be read for longer than this, the server is not well.
STALE_SECONDS = 60.0


def create_app(
    root: str | os.PathLike[str],
    *,
    base_url: str | None = None,
    dst_paths: str = "relative",
    scheme: str = "loose",
    ignore: Sequence[str] = (),
    protect: Sequence[str] = (),
    include: Sequence[str] = (),
    keep: Sequence[str] = (),
    checked: bool = False,
    signed_only: bool = False,
    serve_other: bool = False,
    preview: bool = True,
    embed_origins: Iterable[str] = (),
    settle: float = 10.0,
    immutable: bool = False,
    delta: bool = False,
    trusted_proxies: Iterable[str] = (),
    root_path: str = "",
    access_log: BinaryIO | None = None,
    cache: str | os.PathLike[str] | None = None,
    force_polling: bool = False,
) -> App:
    """An ASGI application that serves the releases below ``root``.

    ``base_url`` is the start of every URL in a manifest, by default from the request's ``Host``. ``dst_paths`` is
    ``relative`` or ``absolute``, with a leading slash; ``scheme``, the order of versions, ``loose``, ``semver`` or
    ``pep440``. ``ignore``, ``protect``, ``include`` and ``keep`` are globs. With ``checked`` no release or image is
    offered in which the check finds errors, with ``signed_only`` none whose waybill does not count for devices that
    have the keys below ``root``. Files of what is not offered, and all others below ``root``, are sent only with
    ``serve_other``, the release preview only with ``preview``. Pages of ``embed_origins`` (``https://tools.example``)
    may read what is sent, and show the preview. A release is offered once nothing in it has changed for
    ``settle`` seconds. Caches may keep its files for a minute, or for a year with ``immutable``, which is for releases
    that never change; one that changes after all is held back as long. With ``delta`` patches to the highest release
    and image are made in the background, below ``root`` in ``delta/``; those that are there are offered in any case.
    ``X-Forwarded-Proto``, ``-Host``, ``-Prefix`` and ``-For`` are trusted from the addresses and networks in
    ``trusted_proxies``, and from peers on a Unix socket if ``unix`` is in it. ``root_path`` is the path that a proxy
    takes off, if it does not say so.
    ``access_log`` gets one JSON line per request. ``cache`` is a directory in which digests are kept, so that the next
    start hashes only what changed since. ``force_polling`` is for file systems without change notifications.

    Run by itself it starts and stops with the server; mounted in another application it starts at the first request,
    and ``startup()`` and ``shutdown()`` can be awaited in that application's lifespan. Until all is hashed, which
    ``startup()`` waits for, requests are answered with 503.

    Raises ``AirwaybillError`` for an invalid base URL, root path, origin, glob, ``scheme`` or ``dst_paths``,
    ``ValueError`` for an invalid proxy address, ``NotImplementedError`` on Windows, where files cannot be opened as
    rule H2 requires.
    """
    if not CAN_OPEN_BELOW:
        raise NotImplementedError("serving files needs a POSIX system; on Windows, WSL is one")
    config = Config(
        scheme=scheme,
        ignore=tuple(ignore),
        protect=tuple(protect),
        include=tuple(include),
        keep=tuple(keep),
        checked=checked,
        signed_only=signed_only,
        serve_other=serve_other,
        preview=preview,
        embed_origins=tuple(map(check_origin, embed_origins)),
        base_url=base_url,
        dst_paths=dst_paths,
        settle=settle,
        immutable=immutable,
        delta=delta,
        proxies=Proxies(trusted_proxies),
        root_path=check_root_path(root_path, "root path"),
        cache=None if cache is None else os.fspath(cache),
        force_polling=force_polling,
    )
    config.check()
    releases = Releases(os.fspath(root), config)
    return App(config, releases, releases.followers, None if access_log is None else AccessLog(access_log))


class App:
    """See ``create_app``. ``releases`` are those that are served; ``followers`` are other processes that serve them."""

    def __init__(self, config: Config, releases: Offered, followers: Followers, access_log: AccessLog | None) -> None:
        self.releases = releases
        self.followers = followers
        self._config = config
        self._workers = Workers()
        files = Files(self.releases, self._workers, config)
        self._preview = Preview(self.releases, self._workers, config, files)
        self._router = Starlette(
            routes=[
                Route("/manifest.json", self._manifest),
                Route("/m/{format}/{current}/{firmware}.json", self._manifest_at),
                Route("/head.json", self._head),
                Route("/healthz", self._health),
                *(self._preview.routes() if config.preview else ()),
                Route("/{path:path}", files),
            ],
            exception_handlers={RequestError: _refuse, 404: _no_route, Exception: _fail},
            lifespan=self._lifespan,
        )
        self._router.router.redirect_slashes = False
        # Around the router, which turns exceptions into responses: those are framed and logged too. What is remembered
        # is framed already.
        answer: ASGIApp = Methods(self._answer)
        if config.embed_origins:
            answer = Embedding(answer, config.embed_origins)
        self._app: ASGIApp = Memory(Framing(answer), self._answers)
        self._log = access_log
        if self._log is not None:
            self._app = AccessLogging(self._app, self._log, config.proxies.client)

    def trusts(self, address: str) -> bool:
        """Whether an address is that of a trusted proxy."""
        return self._config.proxies.trusts(address)

    def fork(self, count: int, serve: Callable[[App], bool]) -> None:
        """Starts ``count`` more processes, each of which calls ``serve`` with an application that follows this one.

        To be called before there is any thread. ``OSError`` if the system has no room for them.
        """
        if self._log is not None and count:
            self._log.turn = multiprocessing.get_context("fork").Lock()

        def follow(first: Connection) -> bool:
            followed = Followed(self.releases.root, self._config, first)
            return serve(App(self._config, followed, Followers(), self._log))

        self.followers.fork(count, follow)

    async def startup(self) -> None:
        """Starts watching, and waits for the first scan of the releases."""
        self.releases.start()
        while not self.releases.looked:
            await asyncio.sleep(FIRST_LOOK_SECONDS)

    async def shutdown(self) -> None:
        await asyncio.get_running_loop().run_in_executor(None, self.close)

    def close(self) -> None:
        """Stops watching, and writes the rest of the access log."""
        self.releases.close()
        self._workers.close()
        if self._log is not None:
            self._log.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._router(scope, receive, send)
            return
        await self._app(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not self.releases.looked:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self.startup(), PATIENCE_SECONDS)
        await self._router(scope, receive, send)

    def _answers(self) -> Answers | None:
        snapshot = self.releases.current
        return None if snapshot is None else snapshot.answers

    async def _manifest(self, request: Request) -> Answer:
        return await self._manifest_of(request.scope, manifest_request)

    async def _manifest_at(self, request: Request) -> Answer:
        return await self._manifest_of(request.scope, manifest_request_at)

    async def _manifest_of(self, scope: Scope, read: Callable[[Scope, Config], ManifestRequest]) -> Answer:
        if warning := self._config.proxies.warning(scope):
            self.releases.warn_once("proxy", warning)
        snapshot = self.releases.snapshot()
        asked = read(scope, self._config)
        try:
            decided = snapshot.catalog.decide(asked.current, firmware_version=asked.firmware_version)
        except AirwaybillError as error:
            raise RequestError(400, error.code, str(error)) from None
        # All that the body depends on: it is one for all requests that come to the same.
        key = None if decided is None else (asked.base_url, asked.format, decided)
        work = partial(_render, snapshot, asked, self._config.dst_paths)
        return await self._made(scope, snapshot, key, work, by_proxy=bool(self._config.proxies))

    async def _head(self, request: Request) -> Answer:
        snapshot = self.releases.snapshot()
        return await self._made(request.scope, snapshot, "head", snapshot.catalog.head_json, by_proxy=False)

    async def _made(
        self, scope: Scope, snapshot: Snapshot, key: Hashable, make: Callable[[], bytes], *, by_proxy: bool
    ) -> Answer:
        """A document of the engine, made once; ``by_proxy`` says whether it depends on a trusted proxy's headers."""
        entity = snapshot.manifests.get(key)
        if entity is None:
            entity = await self._workers.once((snapshot.generation, key), partial(_entity, make))
            snapshot.manifests.put(key, entity)
        headers: list[Header] = [(b"etag", entity.etag.encode()), (b"cache-control", b"public, no-cache")]
        if by_proxy:
            headers.append((b"vary", VARY))
        status = precondition(RequestHeaders(scope), entity.etag, None)
        if status == 304:
            return Answer(304, headers)
        if status is not None:
            message = f"{scope['path']} does not match the request's conditions"
            raise RequestError(412, "precondition_failed", message, headers[:1])
        headers += [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(entity.data))]
        # With trusted proxies the response also depends on the peer, which is not part of the request.
        if not by_proxy:
            remember(scope, snapshot.manifests, key)
        return Answer(200, headers, entity.data)

    async def _health(self, _: Request) -> Answer:
        snapshot, error = self.releases.current, self.releases.error
        if not self.releases.looked:
            status = "starting"
        elif snapshot is None:
            status = "unavailable"
        else:
            status = "ok" if error is None else "stale"
        document: dict[str, object] = {"status": status, "error": None if error is None else str(error)}
        if snapshot is not None:
            document.update(
                generation=snapshot.generation,
                releases=snapshot.releases,
                firmware=snapshot.firmware,
                unsettled=snapshot.unsettled,
                held_back=snapshot.held_back,
                errors=None if snapshot.errors is None else [_reason(error) for error in snapshot.errors],
                ignored=snapshot.ignored,
                warnings=snapshot.warnings,
            )
        return json_answer(503 if snapshot is None or self.releases.stale_for > STALE_SECONDS else 200, document)

    @asynccontextmanager
    async def _lifespan(self, _: Starlette) -> AsyncIterator[None]:
        # The port is bound after this: whoever asks before the first scan is over should hear of that.
        self.releases.start()
        try:
            yield
        finally:
            await self.shutdown()


def _reason(error: dict[str, str]) -> dict[str, str]:
    return {key: error[key] for key in ("path", "code", "message")}


def _render(snapshot: Snapshot, asked: ManifestRequest, dst_paths: str) -> bytes:
    return snapshot.catalog.manifest_json(
        asked.base_url,
        asked.current,
        firmware_version=asked.firmware_version,
        dst_paths=dst_paths,
        format=asked.format,
    )


def _entity(make: Callable[[], bytes]) -> Entity:
    body = make()
    # Like the ETag of a release's file, so that a device can check what it received.
    return Entity(body, f'"{hashlib.sha1(body).hexdigest()}"', None)


async def _refuse(_: Request, error: Exception) -> Answer:
    assert isinstance(error, RequestError)
    return error_answer(error)


async def _no_route(request: Request, _: Exception) -> Answer:
    return error_answer(not_found(request.scope["path"]))


async def _fail(request: Request, error: Exception) -> Answer:
    log.error("internal error in the response to %s", shown(request.scope["path"]), exc_info=error)
    return error_answer(RequestError(500, "internal", "internal error; see the server's log"))
