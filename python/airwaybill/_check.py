"""The check of a directory of releases, with the settings that stand beside them in ``check.toml``."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

from ._core import Catalog
from ._error import AirwaybillError
from ._host import shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ._core import Finding

SETTINGS = "check.toml"
# Of a wrong directory so many of those below it are looked at.
LOOKED_AT = 1000


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _are(is_one: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(map(is_one, value))


def _is_size(value: object) -> bool:
    return type(value) is int and 0 < value < 2**53


def _is_accepted(value: object) -> bool:
    return isinstance(value, dict) and value.keys() == {"code", "path", "reason"} and all(map(_is_text, value.values()))


KEYS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "mounts": (_are(_is_text), "a list of names"),
    "flash_size": (_is_size, "a number of bytes"),
    "firmware": (lambda value: value in ("esp", "any"), '"esp" or "any"'),
    "accept": (_are(_is_accepted), "[[accept]] with code, path and reason, all of them texts"),
}


def settings(root: str) -> dict[str, Any]:
    """What ``check.toml`` says: ``mounts``, ``flash_size``, ``firmware``, ``accept``; empty where there is none."""
    try:
        with open(os.path.join(root, SETTINGS), "rb") as file:
            found: dict[str, Any] = tomllib.load(file)
    except FileNotFoundError:
        return {}
    except OSError as error:
        raise _invalid(error.strerror) from None
    except ValueError as error:
        raise _invalid(error) from None
    for key, value in found.items():
        if key not in KEYS:
            raise _invalid(f"{shown(key)}: a setting is one of {', '.join(KEYS)}")
        is_right, expected = KEYS[key]
        if not is_right(value):
            raise _invalid(f"{key}: expected {expected}, found {shown(str(value))}")
    return found


def _invalid(problem: object) -> AirwaybillError:
    return AirwaybillError("settings_invalid", f"{SETTINGS}: {problem}")


def check(catalog: Catalog, root: str, current: Sequence[str] = (), **options: Any) -> list[Finding]:
    """The findings of `Catalog.check`. ``options`` go before what ``check.toml`` says; None is no option.

    Raises `AirwaybillError` with code ``settings_invalid`` besides those of `Catalog.check`.
    """
    asked = {**settings(root), **{key: value for key, value in options.items() if value is not None}}
    return catalog.check_directory(root, current, **asked)


class Settings(NamedTuple):
    """What ``check.toml`` says, or nothing and what is wrong with it."""

    values: dict[str, Any]
    problem: str | None = None

    @classmethod
    def read(cls, root: str) -> Settings:
        try:
            return cls(settings(root))
        except AirwaybillError as error:
            return cls({}, str(error))

    def after(self, before: Settings | None) -> Settings:
        """These; where they cannot be read, what they said before, and what is wrong with them now."""
        return self if self.problem is None or before is None else self._replace(values=before.values)


class Checked(NamedTuple):
    """A check as plain values: what it went by, and what it found, errors first."""

    settings: dict[str, Any]
    findings: tuple[dict[str, str], ...]

    @property
    def errors(self) -> tuple[dict[str, str], ...]:
        return tuple(finding for finding in self.findings if finding["level"] == "error")


def checked(catalog: Catalog, root: str, found: Settings) -> Checked:
    """The check of what devices would get; what is wrong with ``check.toml`` is a finding."""
    values, problem = found
    try:
        findings = catalog.check_directory(root, **values)
    except AirwaybillError as error:
        values, problem = {}, problem or str(error)
        findings = catalog.check_directory(root)
    if problem is None:
        return Checked(values, tuple(map(plain, findings)))
    advice = "correct it: until then what it said before holds"
    wrong = {"level": "error", "path": SETTINGS, "code": "settings_invalid", "message": problem, "advice": advice}
    return Checked(values, (wrong, *map(plain, findings)))


def without_errors(
    offer: Callable[[tuple[str, ...]], Catalog], root: str, found: Settings
) -> tuple[Catalog, tuple[str, ...], Checked]:
    """What is offered once nothing in it has an error, the names that are held back for that, and all that was found.

    ``offer`` gives the catalog without those names: what comes in their place is checked as well.
    """
    catalog = offer(())
    first = last = checked(catalog, root, found)
    errors: list[dict[str, str]] = []
    failed: tuple[str, ...] = ()
    while names := _with_errors(catalog, last):
        errors += (error for error in last.errors if error not in errors)
        failed += names
        catalog = offer(failed)
        last = checked(catalog, root, found)
    others = (finding for finding in first.findings if finding not in errors)
    return catalog, failed, Checked(first.settings, (*errors, *others))


def _with_errors(catalog: Catalog, found: Checked) -> tuple[str, ...]:
    names = {error["path"].partition("/")[0] for error in found.errors}
    offered = [*(release.version for release in catalog.releases), *(image.path for image in catalog.firmware)]
    return tuple(name for name in offered if name in names)


def plain(finding: Finding) -> dict[str, str]:
    """A finding as plain values, as the npm package has it."""
    return {key: getattr(finding, key) for key in ("level", "path", "code", "message", "advice")}


def line(finding: dict[str, str]) -> str:
    """A finding for the log."""
    return f"{finding['level']}: {finding['code']}: {finding['path']}: {finding['message']}"


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
