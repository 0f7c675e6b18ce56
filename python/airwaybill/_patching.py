"""``airwaybill delta``: patches for what devices have, beside the releases."""

# typer evaluates the annotations, which under Python 3.9 must not be strings: no `from __future__ import annotations`.

from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import typer

from airwaybill import AirwaybillError, Catalog, Version
from airwaybill._check import no_releases
from airwaybill._delta import Maker, updates
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
from airwaybill._terminal import new_table, print_json, print_tables, shown, size_of


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

    Kept are those that save more than a fifth. What is there already stays; all can be deleted and made again.
    """
    found = Scanned.scan(directory, scheme, ignore, protect, include, keep)
    catalog = found.catalog()
    if not (catalog.releases or catalog.firmware):
        error = no_releases(directory, scheme.value)
        raise CommandError(CHECK_FAILED, error.code, str(error))
    versions = _known(current, catalog, scheme)
    maker = Maker(directory, dry=dry_run)
    try:
        for update in updates(catalog):
            if not current or update.version in versions:
                for base, target in update.files:
                    maker.make(base, target)
    except OSError as error:
        raise CommandError(CHECK_FAILED, "patch_failed", f"cannot make patches: {error}") from None
    except AirwaybillError as error:
        raise CommandError(CHECK_FAILED, error.code, str(error)) from None
    made = list(maker.made.values())
    rows = list(_rows(found.catalog(made), current))
    if as_json:
        print_json({"made": [{"path": patch.path, "size": patch.size} for patch in made], "updates": rows})
        return
    table = new_table("from", "to", "files >", "patches >", "without patches >", "with patches >")
    for row in rows:
        sizes = size_of(row["download_size"]), size_of(row["patched_size"])
        table.add_row(shown(row["from"] or "nothing"), shown(row["to"]), str(row["files"]), str(row["patches"]), *sizes)
    print_tables(table)
    what = "would be made" if dry_run else "made"
    print(f"{len(made)} patches {what}, {size_of(sum(patch.size for patch in made))}")


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
