"""``airwaybill add``: a release arrives whole, and checked, or not at all."""

# typer evaluates the annotations, which under Python 3.9 must not be strings: no `from __future__ import annotations`.

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any

import typer

from airwaybill import AirwaybillError, Catalog, Listing, Version, _check
from airwaybill._options import (
    CHECK_FAILED,
    WRONG_USAGE,
    CommandError,
    Directory,
    IgnoreOption,
    IncludeOption,
    JsonOption,
    KeepOption,
    ProtectOption,
    Scheme,
    SchemeOption,
)
from airwaybill._terminal import complain, print_json, shown, size_of

IMAGES = (".bin", ".hex")


def add(
    directory: Directory,
    version: Annotated[str, typer.Argument(metavar="VERSION", help="Its version.", show_default=False)],
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", help="A device's files, or an image, .bin or .hex.", show_default=False)
    ],
    as_json: JsonOption = False,
    scheme: SchemeOption = Scheme.loose,
    ignore: IgnoreOption = [],  # noqa: B006
    protect: ProtectOption = [],  # noqa: B006
    include: IncludeOption = [],  # noqa: B006
    keep: KeepOption = [],  # noqa: B006
) -> None:
    """Add a release, or a firmware image, to a directory: copy it, check the copy, and rename it into place.

    A server offers it at once, or never sees it: what has errors, other than accepted ones, is not added.
    """
    is_image = os.path.isfile(source) and source.endswith(IMAGES)
    name = f"firmware_{version}{source[-4:]}" if is_image else version
    place = os.path.join(directory, name)
    Version(version, scheme.value)
    _refuse(directory, source, place, is_image)
    options: dict[str, Any] = {"ignore": ignore, "protect": protect, "include": include, "keep": keep}
    with _copied(directory, name, source) as beside:
        scanned = [
            Listing.scan(root, scheme=scheme.value, ignore=ignore, include=include) for root in (directory, beside)
        ]
        entries = [entry for listing in scanned for entry in listing.entries()]
        catalog = Catalog.from_listing(entries, scheme=scheme.value, **options)
        size, about = _described(catalog, name)
        with _together(directory, os.path.join(beside, name), name) as view:
            found = _check.check(catalog, directory, content=view, target=None if is_image else version)
        findings = [_check.plain(each) for each in found if each.path.partition("/")[0] == name]
        errors = sum(each["level"] == "error" for each in findings)
        if not errors:
            # What is renamed is on the disk: a machine that loses power must not have half of it.
            os.sync()
            os.rename(os.path.join(beside, name), place)
    if as_json:
        print_json({"name": name, "added": not errors, "size": size, "findings": findings})
    else:
        for each in findings:
            if each["level"] != "hint":
                complain(shown(_check.line(each)))
    if errors:
        count = "1 error" if errors == 1 else f"{errors} errors"
        raise CommandError(CHECK_FAILED, "check_failed", f"{name} was not added: its check found {count}")
    if not as_json:
        print(f"added {name}: {about}")


def _refuse(directory: str, source: str, place: str, is_image: bool) -> None:
    if not os.path.isdir(directory):
        raise AirwaybillError("root_invalid", f"{directory}: not a directory")
    if os.path.lexists(place):
        raise CommandError(
            WRONG_USAGE, "release_exists", f"{place} is there: remove it first, or take a higher version"
        )
    if not (is_image or os.path.isdir(source)):
        expected = "expected a directory with a device's files, or an image, .bin or .hex"
        raise CommandError(WRONG_USAGE, "source_invalid", f"{source}: {expected}")
    if Path(directory).resolve().is_relative_to(Path(source).resolve()):
        raise CommandError(WRONG_USAGE, "source_invalid", f"{source}: the directory of releases is in it")


@contextmanager
def _copied(directory: str, name: str, source: str) -> Iterator[str]:
    """A directory that has a copy of ``source`` under that name; beside the releases, and none by its own name."""
    beside = tempfile.mkdtemp(prefix="0.", suffix=".new", dir=directory)
    copy = os.path.join(beside, name)
    try:
        if os.path.isdir(source):
            shutil.copytree(source, copy, symlinks=True)
        else:
            shutil.copy2(source, copy)
        yield beside
    except shutil.Error as error:
        # Of each file from where, to where, and why not.
        raise CommandError(CHECK_FAILED, "copy_failed", f"cannot copy {source}: {error.args[0][0][2]}") from None
    except OSError as error:
        raise CommandError(CHECK_FAILED, "copy_failed", f"cannot copy {source}: {error}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _described(catalog: Catalog, name: str) -> tuple[int, str]:
    """Size and description of what will be offered under a name; otherwise the reason why not, as an error."""
    for release in catalog.releases:
        if release.version == name:
            return release.size, f"{len(release)} files, {size_of(release.size)}"
    for image in catalog.firmware:
        if image.path == name:
            return image.size, size_of(image.size)
    for notice in (*catalog.ignored, *catalog.warnings):
        if notice.path.partition("/")[0] == name:
            raise CommandError(WRONG_USAGE, notice.code, f"{name} was not added: {notice.message}")
    raise CommandError(WRONG_USAGE, "version_equal", f"{name} was not added: another is the same version")


@contextmanager
def _together(directory: str, copy: str, name: str) -> Iterator[str]:
    """A directory in which the copy stands beside the releases, as it will."""
    with tempfile.TemporaryDirectory() as view:
        for other in os.listdir(directory):
            os.symlink(os.path.abspath(os.path.join(directory, other)), os.path.join(view, other))
        os.symlink(os.path.abspath(copy), os.path.join(view, name))
        yield view
