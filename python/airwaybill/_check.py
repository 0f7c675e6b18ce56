"""The check of a directory of releases, with the settings that stand beside them in ``check.toml``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from ._core import Catalog, peek
from ._error import AirwaybillError
from ._host import shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ._core import Finding

SETTINGS = "check.toml"
KEYS = ("mounts", "flash_size", "firmware", "accept")
# Of a wrong directory so many of those below it are looked at.
LOOKED_AT = 1000


def settings(root: str) -> dict[str, Any]:
    """What ``check.toml`` says: ``mounts``, ``flash_size``, ``firmware``, ``accept``; empty where there is none."""
    path = os.path.join(root, SETTINGS)
    try:
        with open(path, "rb") as file:
            found: dict[str, Any] = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise AirwaybillError("settings_invalid", f"{path}: {error}") from None
    for key in found:
        if key not in KEYS:
            raise AirwaybillError("settings_invalid", f"{path}: {shown(key)}: a setting is one of {', '.join(KEYS)}")
    return found


def check(catalog: Catalog, root: str, current: Sequence[str] = (), **options: Any) -> list[Finding]:
    """The findings of `Catalog.check`. ``options`` go before what ``check.toml`` says; None is no option.

    Raises `AirwaybillError` with code ``settings_invalid`` besides those of `Catalog.check`.
    """
    asked = {**settings(root), **{key: value for key, value in options.items() if value is not None}}
    try:
        return catalog.check(peek(root, catalog.peeks(current, **asked)), current, **asked)
    except TypeError as error:
        raise AirwaybillError("settings_invalid", f"{os.path.join(root, SETTINGS)}: {error}") from None


def no_releases(root: str, scheme: str) -> AirwaybillError:
    """What to say of a directory without a release: which one below it has some."""
    with_some = next(_with_releases(root, scheme), None)
    advice = "each is a directory named with its version" if with_some is None else f"{shown(with_some)} has some"
    return AirwaybillError("no_releases", f"{shown(root)}: there is no release here; {advice}")


def _with_releases(root: str, scheme: str) -> Iterator[str]:
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name)[:LOOKED_AT]:
        try:
            below = [f"{name.name}/a" for name in os.scandir(entry.path) if name.is_dir()]
        except OSError:
            continue
        listing = [{"path": path, "size": 0, "sha1": "0" * 40} for path in below if path.isprintable()]
        if Catalog.from_listing(listing, scheme=scheme).releases:
            yield entry.path
