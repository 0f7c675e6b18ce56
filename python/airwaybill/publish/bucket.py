"""An object storage: S3 and what is compatible with it, Google's, Azure's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from typing import Any

from airwaybill._options import WRONG_USAGE, CommandError
from airwaybill.publish.stores import LostError, Read, Stored, failed

LISTED_AT_ONCE = 1000
# For one request. obstore's 30 seconds are too few for an image on a slow link, and it begins anew each time.
TIMEOUT = "1h"


class Bucket:
    """What `obstore` opens: credentials, region and endpoint are its affair, taken from the environment."""

    is_shared = True

    def __init__(self, url: str) -> None:
        try:
            import obstore
            from obstore.exceptions import AlreadyExistsError, BaseError, PreconditionError
            from obstore.store import AzureStore, GCSStore, S3Store
        except ImportError:
            rule = "object storage needs obstore: pip install 'airwaybill[publish]'"
            raise CommandError(WRONG_USAGE, "obstore_missing", f"{url}: {rule}") from None
        self._api: Any = obstore
        self._lost = (AlreadyExistsError, PreconditionError)
        self._errors = (BaseError, OSError, ValueError)
        # Not by the URL: up to obstore 0.8 a prefix of Azure's is lost.
        scheme, _, path = url.partition("://")
        bucket, _, prefix = path.partition("/")
        opened: dict[str, Any] = {"s3": S3Store, "gs": GCSStore, "az": AzureStore}
        with self._telling(f"open {url}"):
            self._store = opened[scheme](bucket, prefix=prefix.strip("/") or None, timeout=TIMEOUT)

    def locked(self) -> nullcontext[None]:
        """There is no lock: a run claims the record instead (rule S6)."""
        return nullcontext()

    def objects(self) -> dict[str, Stored]:
        # All of it: from a start key on, SeaweedFS leaves out what sorts after it.
        with self._telling("list the objects"):
            pages = self._api.list(self._store, chunk_size=LISTED_AT_ONCE)
            return {one["path"]: Stored(one["size"], one["e_tag"]) for page in pages for one in page}

    def read(self, key: str) -> Read | None:
        with self._telling(f"read {key}"):
            try:
                found = self._api.get(self._store, key)
            except FileNotFoundError:
                return None
            return Read(bytes(found.bytes()), _version(found.meta))

    def version(self, key: str) -> object:
        with self._telling(f"read {key}"):
            try:
                return _version(self._api.head(self._store, key))
            except FileNotFoundError:
                return None

    def put(self, key: str, data: bytes, content_type: str, cache_control: str) -> str | None:
        attributes = {"Content-Type": content_type, "Cache-Control": cache_control}
        with self._telling(f"put {key}"):
            # In one piece: an ETag says in how many it was sent.
            put = self._api.put(self._store, key, data, attributes=attributes, use_multipart=False)
        etag: str | None = put["e_tag"]
        return etag

    def replace(self, key: str, data: bytes, version: object) -> object:
        attributes = {"Content-Type": "application/json", "Cache-Control": "no-cache"}
        mode = "create" if version is None else version
        with self._telling(f"put {key}"):
            try:
                return _version(self._api.put(self._store, key, data, attributes=attributes, mode=mode))
            except self._lost:
                found = self.read(key)
        # A request that was repeated may be refused because it was done the first time.
        if found is None or found.data != data:
            raise LostError
        return found.version

    def delete(self, keys: list[str]) -> None:
        if not keys:
            return
        with self._telling("delete objects"):
            self._api.delete(self._store, keys)

    @contextmanager
    def _telling(self, what: str) -> Iterator[None]:
        try:
            yield
        except self._errors as error:
            raise failed(what, error) from None


def _version(of: Any) -> dict[str, str]:
    return {name: of[name] for name in ("e_tag", "version") if of[name] is not None}
