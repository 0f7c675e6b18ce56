from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Any

from ._core import Catalog, Listing
from ._host import host_and_port

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def scan(
    path: str | os.PathLike[str],
    *,
    scheme: str = "loose",
    ignore: Sequence[str] = (),
    protect: Sequence[str] = (),
    include: Sequence[str] = (),
    keep: Sequence[str] = (),
    progress: Callable[[int, int], object] | None = None,
) -> Catalog:
    """Read a directory of releases.

    Hashes on all cores; a second scan of the same directory hashes only what changed. Patches, in ``delta/``, are read
    too. ``scheme``, ``ignore``, ``protect``, ``include`` and ``keep`` are those of `Catalog.from_listing`; what
    ``ignore`` matches is not read. ``progress(done, total)`` is called a few times a second with bytes. Raises
    `AirwaybillError` with code ``root_invalid`` if ``path`` is not a directory, ``glob_invalid`` for an invalid glob,
    ``field_type`` for an unknown scheme, and ``size_too_big`` for 2^53 bytes or more.
    """
    listing = Listing.scan(path, scheme=scheme, ignore=ignore, include=include, progress=progress)
    return Catalog.from_listing(
        listing,
        scheme=scheme,
        ignore=ignore,
        protect=protect,
        include=include,
        keep=keep,
        patches=listing.patches,
        now=int(time.time()),
    )


def generate_manifest(root: str | os.PathLike[str], current_ver: str | None, host: str) -> dict[str, Any] | None:
    """The manifest from ``current_ver`` to the highest release under ``root``; ``None`` if there is nothing to do.

    The dict is the document of `Manifest.to_dict`. ``host`` is the request's Host header, ``192.168.1.144:8000``;
    raises `AirwaybillError` with code ``host_invalid`` for anything but a host name or address with an optional port,
    ``root_invalid`` and ``version_…`` for the other two. A release that is still being copied in is offered as it is:
    copy it under another name and rename it, or use the server, which waits.
    """
    base_url = f"http://{host_and_port(host, 'host')}"
    plan = scan(root).plan(current_ver)
    return None if plan is None else plan.manifest(base_url).to_dict()
