"""The release preview: the page's files, and the listing for it."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
from collections.abc import Iterable
from functools import partial
from typing import Any

from starlette.requests import Request
from starlette.routing import Route
from starlette.types import ASGIApp

from airwaybill._check import Checked, reason
from airwaybill._core import is_draft, is_patch
from airwaybill._signing import Judged
from airwaybill.server.answers import Answer, Header, RequestError
from airwaybill.server.cache import Entity
from airwaybill.server.conditions import RequestHeaders, accepts_gzip, precondition
from airwaybill.server.config import Config
from airwaybill.server.embedding import frame_ancestors
from airwaybill.server.offered import Offered
from airwaybill.server.paths import INDEX, is_hidden, not_found
from airwaybill.server.requests import manifest_request
from airwaybill.server.shared import Pieces, Shared
from airwaybill.server.snapshot import Snapshot
from airwaybill.server.work import Workers

# The built page, as in the wheel.
BUILT = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "preview")

CONTENT_TYPES = {
    ".css": b"text/css; charset=utf-8",
    ".html": b"text/html; charset=utf-8",
    ".js": b"text/javascript; charset=utf-8",
    ".svg": b"image/svg+xml",
    ".wasm": b"application/wasm",
}

POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "base-uri 'none'",
        "form-action 'none'",
    )
)
GUARDS: tuple[Header, ...] = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
)
# Names below this have a hash of the content: a page that was loaded once works when the server is out of reach.
HASHED = "assets/"
FOR_EVER = b"public, max-age=31536000, immutable"
# How often a request for the listing looks whether the check is done.
CHECK_SECONDS = 0.02


class Preview:
    """Endpoints for ``/_preview/`` and for a browser at ``/``."""

    def __init__(self, releases: Offered, workers: Workers, config: Config, files: ASGIApp) -> None:
        self._releases = releases
        self._workers = workers
        self._config = config
        self._others = files
        policy = f"{POLICY}; {frame_ancestors(config.embed_origins)}"
        self._guards = ((b"content-security-policy", policy.encode()), *GUARDS)
        self._files: dict[str, Entity] | None = None
        # The snapshot that it was made of, and the listing without what depends on the request.
        self._rendered: tuple[Snapshot, Shared] | None = None

    def routes(self) -> list[Route]:
        return [
            Route("/_preview", self.redirect),
            Route("/_preview/listing.json", self.listing),
            Route("/_preview/{path:path}", self.file),
            Route("/", self.top),
        ]

    async def top(self, request: Request) -> ASGIApp:
        return self.redirect(request) if self._redirects(request) else self._others

    def _redirects(self, request: Request) -> bool:
        """Whether a request for ``/`` is from a browser and there is no index page to send."""
        if "text/html" not in (RequestHeaders(request.scope).get("accept") or ""):
            return False
        return not self._config.serve_other or not os.path.isfile(
            os.path.join(self._releases.snapshot().real_root, INDEX)
        )

    def redirect(self, _: Request) -> Answer:
        """Redirects to the page; the address is relative, because a proxy may have a path prefix."""
        headers = [(b"location", b"_preview/"), (b"content-length", b"0"), (b"cache-control", b"no-store")]
        headers.append((b"vary", b"accept"))
        return Answer(307, headers)

    async def file(self, request: Request) -> Answer:
        """A file of the page."""
        if self._files is None:
            self._files = await self._workers.once("preview", partial(_read, BUILT))
        if not self._files:
            message = "the release preview was not built into this installation; `make preview` builds it"
            raise RequestError(404, "preview_missing", message)
        path = request.path_params["path"] or "index.html"
        entity = self._files.get(path)
        if entity is None:
            raise not_found(request.scope["path"])
        kind = CONTENT_TYPES.get(os.path.splitext(path)[1], b"application/octet-stream")
        keep = FOR_EVER if path.startswith(HASHED) else b"no-cache"
        return self._answer(request, entity.etag, [(b"content-type", kind), (b"cache-control", keep)], entity.data)

    async def listing(self, request: Request) -> Answer:
        """What the page's engine needs to give the same answers as this server, byte for byte, and what it found."""
        asked = manifest_request(request.scope, self._config)
        while (snapshot := self._releases.snapshot()).checked is None:
            await asyncio.sleep(CHECK_SECONDS)
        if self._rendered is None or self._rendered[0] is not snapshot:
            work = partial(_render, snapshot, snapshot.checked, self._config)
            self._rendered = await self._workers.once(("listing", snapshot.generation), work)
        shared = self._rendered[1]
        about = {
            "base_url": asked.base_url,
            "dst_paths": self._config.dst_paths,
            "generation": snapshot.generation,
        }
        end = json.dumps(about, ensure_ascii=False).encode("utf-8", "backslashreplace")[1:] + b"\n"
        etag = hashlib.blake2b(end + shared.digest.encode(), digest_size=16).hexdigest()
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-cache")]
        headers.append((b"vary", b"accept-encoding"))
        if not accepts_gzip(RequestHeaders(request.scope)):
            return self._answer(request, f'"{etag}"', headers, *shared.plain(end))
        await self._workers.once(("compressed", snapshot.generation), shared.compress)
        headers.append((b"content-encoding", b"gzip"))
        return self._answer(request, f'"{etag}-gzip"', headers, *shared.gzipped(end))

    def _answer(self, request: Request, etag: str, described: Iterable[Header], *pieces: bytes) -> Answer:
        scope = request.scope
        headers = [(b"etag", etag.encode()), *described, *self._guards]
        status = precondition(RequestHeaders(scope), etag, None)
        if status == 304:
            return Answer(304, headers)
        if status is not None:
            raise RequestError(412, "precondition_failed", f"{scope['path']} does not match the request's conditions")
        return Pieces(200, headers, pieces)


def _read(built: str) -> dict[str, Entity]:
    """All files of the page, by their path below ``/_preview/``; empty if it was not built."""
    files = {}
    for directory, _, names in os.walk(built):
        for name in names:
            path = os.path.join(directory, name)
            with open(path, "rb") as file:
                data = file.read()
            digest = hashlib.blake2b(data, digest_size=16).hexdigest()
            files[os.path.relpath(path, built).replace(os.sep, "/")] = Entity(data, f'"{digest}"', None)
    return files if "index.html" in files else {}


def _render(snapshot: Snapshot, checked: Checked, config: Config) -> tuple[Snapshot, Shared]:
    moment = snapshot.moment
    entries = [entry for entry in snapshot.listing.entries() if _is_shown(entry["path"], snapshot)]
    document = {
        "options": {
            "scheme": config.scheme,
            "ignore": config.ignore,
            "protect": config.protect,
            "include": config.include,
            "keep": config.keep,
            "now": moment.now,
            "unsettled": moment.unsettled,
            "failed": moment.failed,
            "unsigned": [reason(notice) for notice in moment.unsigned],
        },
        "check": checked.settings,
        "findings": checked.findings,
        "remembered": [
            {"path": file.path, "size": file.size, "sha1": file.sha1} for file in snapshot.catalog.remembered
        ],
        "signed": None if snapshot.judged is None else _signed(snapshot.judged, config),
        "documents": [name for name in snapshot.documents if not is_draft(name)],
        "entries": list(map(_shown, entries)),
    }
    # Without the brace: it goes on with what depends on the request.
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))[:-1] + ","
    return snapshot, Shared(text.encode("utf-8", "backslashreplace"))


def _signed(judged: Judged, config: Config) -> dict[str, Any]:
    return {
        "only": config.signed_only,
        "list": [one.to_dict() for one in judged.signed],
        "problem": None if judged.problem is None else reason(judged.problem),
    }


def _is_shown(path: str, snapshot: Snapshot) -> bool:
    """Whether it is not hidden, and no patch that may still change."""
    return not path.startswith(".") and (path in snapshot.patches or not is_patch(path))


def _shown(entry: dict[str, Any]) -> dict[str, Any]:
    """``entry`` without names that the server does not show (rule H2).

    A link out of a release is refused with or without its target (rule C4).
    """
    link = entry.get("link")
    if link is not None and is_hidden(link) and link.partition("/")[0] != entry["path"].partition("/")[0]:
        return {**entry, "link": None}
    return entry
