"""``airwaybill delta``: patches for what devices have, beside the releases."""

# typer evaluates the annotations, which under Python 3.9 must not be strings: no `from __future__ import annotations`.

import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any

import typer

from airwaybill import AirwaybillError, Catalog, Listing, Version, _patch_files
from airwaybill._check import no_releases
from airwaybill._delta import Maker, Update, updates
from airwaybill._directory import Directory as Scanned
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
from airwaybill._terminal import complain, new_table, print_json, print_tables, shown, size_of


def delta(
    directory: Directory,
    current: Annotated[
        list[str],
        typer.Option(
            "--from",
            metavar="VERSION",
            help="A version that devices are on; may be repeated. Without it all, and devices without one.",
        ),
    ] = [],  # noqa: B006
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Write nothing, and say what would be.")] = False,
    as_json: JsonOption = False,
    scheme: SchemeOption = Scheme.loose,
    ignore: IgnoreOption = [],  # noqa: B006
    protect: ProtectOption = [],  # noqa: B006
    include: IncludeOption = [],  # noqa: B006
    keep: KeepOption = [],  # noqa: B006
) -> None:
    """Make patches to the highest release and image, in DIR/delta: devices that ask for them fetch less.

    Kept are those that save more than a fifth. What is there already stays, unless it gives another file than it is
    named for: such a patch is named, and made anew or removed. All can be deleted and made again.
    """
    found = Scanned.scan(directory, scheme, ignore, protect, include, keep)
    catalog = found.catalog()
    if not (catalog.releases or catalog.firmware):
        error = no_releases(directory, scheme.value)
        raise CommandError(CHECK_FAILED, error.code, str(error))
    versions = _known(current, catalog, scheme)
    wanted = (update for update in updates(catalog) if not current or update.version in versions)
    maker, damaged = _make(directory, found.listing, wanted, dry_run)
    made = list(maker.made.values())
    good = [patch for patch in found.listing.patches if patch.path not in damaged]
    rows = list(_rows(found.catalog([*good, *made]), current))
    if as_json:
        print_json(
            {
                "made": [{"path": patch.path, "size": patch.size} for patch in made],
                "damaged": [{"path": path, "code": why.code, "message": str(why)} for path, why in damaged.items()],
                "updates": rows,
            }
        )
    else:
        for path, why in damaged.items():
            done = "made anew" if path in maker.made else "removed"
            complain(shown(f"{why.code}: {path}: {why}; {'would be ' if dry_run else ''}{done}"))
        _show(rows)
        what = "would be made" if dry_run else "made"
        print(f"{len(made)} patches {what}, {size_of(sum(patch.size for patch in made))}")
    if damaged and dry_run:
        advice = "without --dry-run they are made anew, or removed"
        message = f"patches that do not give their file: {len(damaged)}; {advice}"
        raise CommandError(CHECK_FAILED, "patches_damaged", message)


def _make(
    directory: str, listing: Listing, wanted: Iterable[Update], dry: bool
) -> tuple[Maker, dict[str, AirwaybillError]]:
    """What was made, and the patches that were damaged: those that were not made anew are removed."""
    try:
        if not dry:
            _patch_files.remove_left_over(directory)
        there = listing.patches
        damaged = _patch_files.damaged(directory, listing.entries(), there) if there else {}
        maker = Maker(directory, dry=dry, anew=damaged)
        for update in wanted:
            for base, target in update.files:
                maker.make(base, target)
        for path in () if dry else damaged.keys() - maker.made.keys():
            os.remove(os.path.join(directory, path))
    except OSError as error:
        raise CommandError(CHECK_FAILED, "patch_failed", f"cannot make patches: {error}") from None
    except AirwaybillError as error:
        raise CommandError(CHECK_FAILED, error.code, str(error)) from None
    return maker, damaged


def _show(rows: list[dict[str, Any]]) -> None:
    table = new_table("from", "to", "files >", "patches >", "without patches >", "with patches >")
    for row in rows:
        sizes = size_of(row["download_size"]), size_of(row["patched_size"])
        table.add_row(shown(row["from"] or "nothing"), shown(row["to"]), str(row["files"]), str(row["patches"]), *sizes)
    print_tables(table)


def _known(versions: Sequence[str], catalog: Catalog, scheme: Scheme) -> set[str]:
    """The names of releases and images of these versions, which may be written otherwise; an error for one of none."""
    there = {release.version for release in catalog.releases} | {image.version for image in catalog.firmware}
    known: set[str] = set()
    for text in versions:
        version = Version(text, scheme.value)
        same = {name for name in there if Version(name, scheme.value) == version}
        if not same:
            raise CommandError(WRONG_USAGE, "release_unknown", f"{text!r}: no release and no image has this version")
        known |= same
    return known


def _rows(catalog: Catalog, versions: Sequence[str]) -> Iterator[dict[str, Any]]:
    """What devices on these versions fetch, or those on each release and those without."""
    all_of_them = [*(release.version for release in catalog.releases[-2::-1]), None]
    for version in versions or all_of_them:
        plan = catalog.plan(version)
        if plan is not None:
            yield {
                "from": version,
                "to": plan.version,
                "files": len(plan.new) + len(plan.update) + (plan.firmware is not None),
                "patches": len(plan.to_dict().get("patches", ())),
                "download_size": plan.download_size,
                "patched_size": plan.patched_size,
            }
