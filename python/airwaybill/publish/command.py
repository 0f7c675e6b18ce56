"""``airwaybill publish``."""

# typer evaluates the annotations, which under Python 3.9 must not be strings: no `from __future__ import annotations`.

import os
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Annotated, Any, Optional

import typer

from airwaybill import Catalog, Keys, Listing, _check, _directory, _signing
from airwaybill._options import (
    CHECK_FAILED,
    WRONG_USAGE,
    CommandError,
    Directory,
    DstPaths,
    DstPathsOption,
    IgnoreOption,
    IncludeOption,
    JsonOption,
    KeepOption,
    ProtectOption,
    Scheme,
    SchemeOption,
    SettleOption,
    variable,
)
from airwaybill._settling import Settling
from airwaybill._terminal import complain, new_table, print_json, print_tables, progress_bar, shown, size_of
from airwaybill.publish import costs
from airwaybill.publish.items import Devices, Source
from airwaybill.publish.plan import Plan
from airwaybill.publish.record import KEY, Record
from airwaybill.publish.run import run
from airwaybill.publish.stores import open_store

HOUR_SECONDS = 3600
# How often what still changes is looked at, at least.
LOOK_AGAIN_SECONDS = 60.0


def _newest(text: str) -> Optional[int]:
    if text == "all":
        return None
    if not text.isdecimal():
        raise typer.BadParameter(f"{text!r}: expected a whole number, or all", param_hint="--newest")
    return int(text)


def publish(
    directory: Directory,
    destination: Annotated[
        str, typer.Argument(metavar="DEST", help="A folder, or s3://, gs://, az://.", show_default=False)
    ],
    base_url: Annotated[
        str,
        typer.Option(
            "--base-url",
            envvar=variable("BASE_URL"),
            metavar="URL",
            help="Where devices reach DEST.",
            show_default=False,
        ),
    ],
    newest: Annotated[
        str,
        typer.Option(metavar="K", help="Manifests for devices on the K newest versions that are here, or all."),
    ] = "20",
    current: Annotated[
        list[str],
        typer.Option("--from", metavar="VERSION", help="Manifests for devices on this release too; may be repeated."),
    ] = [],  # noqa: B006
    firmware_version: Annotated[
        list[str],
        typer.Option(
            "--firmware-version",
            metavar="VERSION",
            help="And with this firmware, of which no image is here; may be repeated.",
        ),
    ] = [],  # noqa: B006
    grace: Annotated[
        float, typer.Option(min=0, metavar="HOURS", help="Delete what is not published any more so long after.")
    ] = 24.0,
    settle: SettleOption = 10.0,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Put nothing, and say what it would cost.")] = False,
    as_json: JsonOption = False,
    dst_paths: DstPathsOption = DstPaths.relative,
    scheme: SchemeOption = Scheme.loose,
    ignore: IgnoreOption = [],  # noqa: B006
    protect: ProtectOption = [],  # noqa: B006
    include: IncludeOption = [],  # noqa: B006
    keep: KeepOption = [],  # noqa: B006
) -> None:
    """Put onto a web server's folder, or an object storage, what serve would answer; what is there already stays.

    At any moment devices find the old release or the new one. Errors of the check stop it, before anything is put.
    """
    wanted = Devices(_newest(newest), tuple(current), tuple(firmware_version))
    _refuse_inside(directory, destination)
    store = open_store(destination)
    found = _settled(partial(_scan, directory, scheme, (ignore, protect, include, keep)), settle)
    documents = _signing.documents(directory)
    catalog = _checked(found, directory, documents, current, scheme)
    source = Source(catalog, directory, documents, base_url, dst_paths.value)
    with store.locked():
        read = store.read(KEY)
        record = Record({}) if read is None else Record.parse(read.data)
        devices = wanted.with_those_above(catalog, scheme.value, record.entries)
        counts = catalog.object_counts(**devices._asdict(), documents=documents)
        complain(f"{sum(counts.values())} objects, {counts['manifest']} of them manifests")
        stored = store.objects()
        plan = Plan.of(source.items(devices), record, stored, time.time(), grace * HOUR_SECONDS)
        requests = costs.Requests.of(plan, len(stored))
        if record.run is not None:
            complain("the last run did not end, or is still under way: then it stops within a second")
        if not (dry_run or plan.is_done):
            with progress_bar("publishing") as progress:
                run(store, plan, source.read, None if read is None else read.version, progress)
    fetches = list(costs.of_devices(catalog, base_url, documents))
    if as_json:
        print_json(_document(plan, requests, fetches))
    else:
        _print(plan, requests, fetches, dry_run)


def _document(plan: Plan, requests: costs.Requests, fetches: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "put": len(plan.put),
        "put_size": costs.total(plan.put),
        "kept": len(plan.kept),
        "deleted": len(plan.withdrawn) + len(plan.due),
        "waiting": plan.waiting,
        "requests": requests._asdict(),
        "objects": list(costs.of_kinds(plan)),
        "devices": fetches,
    }


def _print(plan: Plan, requests: costs.Requests, fetches: list[dict[str, Any]], dry_run: bool) -> None:
    if dry_run:
        objects = new_table("what", "objects >", "size >", "to put >", "size >")
        for of in costs.of_kinds(plan):
            sizes = size_of(of["size"]), str(of["put"]), size_of(of["put_size"])
            objects.add_row(of["kind"], str(of["objects"]), *sizes)
        fetched = new_table("device on", "gets", "requests >", "size >")
        for of in fetches:
            versions = shown(of["from"] or "no release"), shown(of["to"] or "nothing")
            fetched.add_row(*versions, str(of["requests"]), size_of(of["size"]))
        print_tables(objects, fetched)
    put, kept, deleted = ("to put", "to keep", "to delete") if dry_run else ("put", "kept", "deleted")
    print(
        f"{len(plan.put)} objects {put}, {size_of(costs.total(plan.put))}; {len(plan.kept)} {kept}, "
        f"{len(plan.withdrawn) + len(plan.due)} {deleted}, {plan.waiting} to delete later"
    )
    print("requests: " + ", ".join(f"{count} {name}" for name, count in requests._asdict().items()))


def _refuse_inside(directory: str, destination: str) -> None:
    """A folder among the releases would be published the next time."""
    top, below = (os.path.realpath(path) for path in (directory, destination))
    if "://" not in destination and os.path.commonpath((top, below)) == top:
        rule = "it is in the directory of releases; give one outside of it"
        raise CommandError(WRONG_USAGE, "destination_invalid", f"{shown(destination)}: {rule}")


def _scan(directory: str, scheme: Scheme, globs: Sequence[Sequence[str]]) -> _directory.Directory:
    is_signed = os.path.isdir(os.path.join(directory, _signing.KEYS))
    return _directory.Directory.scan(directory, scheme, *globs, sha256=is_signed)


def _settled(scan: Callable[[], _directory.Directory], settle: float) -> _directory.Directory:
    """What is there once no release, image or patch has changed for so many seconds (rule H3)."""
    settling = Settling(settle)
    told: list[str] = []
    while True:
        started = time.monotonic()
        found = scan()
        changed, arrived = found.listing.changed, found.listing.arrived
        waits = settling.judge(changed, started, time.monotonic(), arrived, lambda _: None)
        unsettled = _unsettled(found, waits)
        if not unsettled:
            return found
        if unsettled != told:
            others = f" and {len(unsettled) - 1} more" if len(unsettled) > 1 else ""
            rule = f"waiting until nothing in it has changed for {settle:.10g} s; --settle 0 does not wait"
            complain(f"{shown(unsettled[0])}{others}: perhaps a copy under way: {rule}")
            told = unsettled
        time.sleep(min(LOOK_AGAIN_SECONDS, max(waits[name] for name in unsettled)))


def _unsettled(found: _directory.Directory, waits: Mapping[str, float]) -> list[str]:
    """The releases, images and patches among these names."""
    if not waits:
        return []
    held_back = found.catalog(unsettled=tuple(waits)).held_back
    unsettled = [notice.path for notice in held_back if notice.code == "release_unsettled"]
    return unsettled + [patch.path for patch in found.listing.patches if patch.path in waits]


def _checked(
    found: _directory.Directory, directory: str, documents: dict[str, bytes], current: Sequence[str], scheme: Scheme
) -> Catalog:
    """What is offered, if nothing is wrong with it: errors that are not accepted stop the command (rule K1)."""
    catalog = found.catalog()
    _directory.require_releases(catalog, directory, scheme)
    findings = [_check.plain(each) for each in _check.check(catalog, directory, current) if each.level != "hint"]
    _directory.complain_of(findings)
    errors = sum(each["level"] == "error" for each in findings)
    if errors:
        count = "1 error" if errors == 1 else f"{errors} errors"
        raise CommandError(CHECK_FAILED, "check_failed", f"nothing was published: the check found {count}")
    if _signing.has_keys(documents):
        _refuse_wrong(catalog, found.listing, documents)
    return catalog


def _refuse_wrong(catalog: Catalog, listing: Listing, documents: dict[str, bytes]) -> None:
    """The check does not read what was signed: files that are not those of the waybill are found here."""
    judged = _signing.judge(catalog, listing, documents, Keys.newest(documents), _signing.now())
    installed = {catalog.releases[-1].version, *(image.path for image in catalog.firmware[-1:])}
    for notice in judged.unsigned:
        if notice.path in installed and f"{notice.path}.waybill" in documents:
            raise CommandError(CHECK_FAILED, notice.code, f"nothing was published: {notice.path}: {notice.message}")
