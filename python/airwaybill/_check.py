"""The check of a directory of releases, with the settings that stand beside them in ``check.toml``."""

from __future__ import annotations

import os
import sys
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from . import _signing
from ._core import Catalog, check_settings
from ._error import AirwaybillError
from ._host import shown

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from ._core import Finding, Notice

SETTINGS = "check.toml"
# Of a wrong directory so many of those below it are looked at.
LOOKED_AT = 1000


def settings(root: str) -> dict[str, Any]:
    """What ``check.toml`` says: ``mounts``, ``flash_size``, ``firmware``, ``accept``; empty where there is none."""
    values, problem = Settings.read(root)
    if values is None:
        raise AirwaybillError("settings_invalid", f"{SETTINGS}: {problem}")
    return values


def check(
    catalog: Catalog, root: str, current: Sequence[str] = (), *, content: str | None = None, **options: Any
) -> list[Finding]:
    """The findings of `Catalog.check`. ``options`` go before what ``check.toml`` says; None is no option.

    ``content`` is where the files are read, by default in ``root``. Raises `AirwaybillError` with code
    ``settings_invalid`` besides those of `Catalog.check`.
    """
    asked = {**settings(root), **{key: value for key, value in options.items() if value is not None}}
    asked.update(documents=_signing.documents(root), now=_signing.now())
    return catalog.check_directory(content or root, current, **asked)


class Settings(NamedTuple):
    """What ``check.toml`` says, or None and what is wrong with it."""

    values: dict[str, Any] | None
    problem: str | None = None

    @classmethod
    def read(cls, root: str) -> Settings:
        try:
            with open(os.path.join(root, SETTINGS), "rb") as file:
                found = tomllib.loads(file.read().decode("utf-8-sig"))
            check_settings(found)
        except FileNotFoundError:
            return cls({})
        except OSError as error:
            return cls(None, error.strerror)
        except UnicodeDecodeError:
            return cls(None, "it is not UTF-8, as TOML is: save it as that")
        except ValueError as error:
            return cls(None, str(error))
        return cls(found)

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


def checked(
    catalog: Catalog, root: str, found: Settings, documents: dict[str, bytes], otherwise: str = "it is ignored"
) -> Checked:
    """The check of what devices would get; what is wrong with ``check.toml`` is a finding.

    ``documents`` are the waybills, keys and signatures; ``otherwise`` is what holds as long as it has never been read.
    """
    values = found.values or {}
    found_here = catalog.check_directory(root, **values, documents=documents, now=_signing.now())
    findings = tuple(map(plain, found_here))
    if found.problem is None:
        return Checked(values, findings)
    until = otherwise if found.values is None else "what it said before holds"
    wrong = {
        "level": "error",
        "path": SETTINGS,
        "code": "settings_invalid",
        "message": found.problem,
        "advice": f"correct it: until then {until}",
    }
    return Checked(values, (wrong, *findings))


def without_errors(
    offer: Callable[[tuple[str, ...]], Catalog], root: str, found: Settings, documents: dict[str, bytes]
) -> tuple[Catalog, tuple[str, ...], Checked]:
    """What is offered once nothing in it has an error, the names that are held back for that, and all that was found.

    ``offer`` gives the catalog without those names: what comes in their place is checked as well. Nothing is offered as
    long as ``check.toml`` is there and has never been read: what is an error is not known.
    """
    check = partial(checked, root=root, found=found, documents=documents, otherwise="nothing is offered")
    catalog = offer(())
    first = last = check(catalog)
    errors: list[dict[str, str]] = []
    failed: tuple[str, ...] = ()
    while names := _offered(catalog) if found.values is None else _with_errors(catalog, last):
        errors += (error for error in last.errors if error not in errors)
        failed += names
        catalog = offer(failed)
        last = check(catalog)
    others = (finding for finding in first.findings if finding not in errors)
    return catalog, failed, Checked(first.settings, (*errors, *others))


def _offered(catalog: Catalog) -> tuple[str, ...]:
    return (*(release.version for release in catalog.releases), *(image.path for image in catalog.firmware))


def _with_errors(catalog: Catalog, found: Checked) -> tuple[str, ...]:
    names = {error["path"].partition("/")[0] for error in found.errors}
    return tuple(name for name in _offered(catalog) if name in names)


def plain(finding: Finding) -> dict[str, str]:
    """A finding as plain values, as the npm package has it."""
    return {key: getattr(finding, key) for key in ("level", "path", "code", "message", "advice")}


def reason(notice: Notice) -> dict[str, str]:
    """A notice as plain values, as the npm package has it."""
    return {key: getattr(notice, key) for key in ("path", "code", "message")}


def line(finding: dict[str, str]) -> str:
    """A finding for the log."""
    return f"{finding['level']}: {finding['code']}: {finding['path']}: {finding['message']}"


def no_releases(root: str, scheme: str) -> AirwaybillError:
    """What to say of a directory without a release: which one below it has some, or that it is one itself."""
    with_some = next(_with_releases(root, scheme), None)
    if with_some is not None:
        advice = f"{shown(with_some)} has some"
    elif _has_release([os.path.basename(os.path.abspath(root))], scheme):
        advice = "it is one itself, by its name: give the directory above"
    else:
        advice = "each is a directory named with its version"
    return AirwaybillError("no_releases", f"{shown(root)}: there is no release here; {advice}")


def _with_releases(root: str, scheme: str) -> Iterator[str]:
    for entry in sorted(os.scandir(root), key=lambda entry: entry.name)[:LOOKED_AT]:
        try:
            below = [name.name for name in os.scandir(entry.path) if name.is_dir()]
        except OSError:
            continue
        if _has_release(below, scheme):
            yield entry.path


def _has_release(directories: Sequence[str], scheme: str) -> bool:
    listing = [{"path": f"{name}/a", "size": 0, "sha1": "0" * 40} for name in directories if name.isprintable()]
    return bool(Catalog.from_listing(listing, scheme=scheme).releases)
