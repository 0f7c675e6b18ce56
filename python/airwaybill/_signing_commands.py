"""The commands of signed releases."""

# typer evaluates the annotations, which under Python 3.9 must not be strings: no `from __future__ import annotations`.

import os
import re
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated, Any, Optional

import typer

from airwaybill import (
    AirwaybillError,
    Catalog,
    Keys,
    Notice,
    PublicKey,
    Waybill,
    _check,
    _directory,
    _signing,
    verify_signed,
)
from airwaybill._files import write
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
from airwaybill._signing import DRAFT, KEYS, Draft, Signing
from airwaybill._terminal import new_table, print_json, print_tables, shown

MAX_SEQUENCE = (1 << 31) - 1
# A floor that leaves fewer is hardly meant.
FEW_SEQUENCES = 1 << 30
MAX_KEYS = 16
# Of names that are not offered: those of releases, and of images, that may have been renamed.
WITHDRAWN = frozenset({"name_withdrawn", "not_firmware"})
IMAGE_TYPE = re.compile(r"\.(bin|hex)$")
# What people add to a name to withdraw it: `.bak`, `-old2`, ` (copy)`, `~`.
ENDING = re.compile(r"~|[-._ (]+[A-Za-z]+[-._ ()0-9]*")

keys = typer.Typer(help="Who may sign: keys/<n>.waybill beside the releases.", no_args_is_help=True)

RootOption = Annotated[
    list[str], typer.Option("--root", metavar="KEY.pub", help="A key that may sign the next keys; may be repeated.")
]
ReleaseOption = Annotated[
    list[str], typer.Option("--release", metavar="KEY.pub", help="A key that may sign releases; may be repeated.")
]
ThresholdRootOption = Annotated[
    Optional[int],
    typer.Option(
        "--threshold-root", metavar="K", min=1, max=MAX_KEYS, help="How many root keys have to sign; at first 1."
    ),
]
ThresholdReleaseOption = Annotated[
    Optional[int],
    typer.Option(
        "--threshold-release", metavar="K", min=1, max=MAX_KEYS, help="How many release keys have to sign; at first 1."
    ),
]


@keys.command("new")
def new_keys(
    directory: Directory,
    product: Annotated[str, typer.Option("--product", metavar="NAME", help="Which devices they are for.")],
    root: RootOption,
    release: ReleaseOption,
    threshold_root: ThresholdRootOption = None,
    threshold_release: ThresholdReleaseOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write keys/1.waybill, which a device gets as waybill/keys when it is delivered."""
    _need_directory(directory)
    there = sorted(name for name in _signing.documents(directory) if name.startswith(f"{KEYS}/"))
    if there:
        raise CommandError(
            WRONG_USAGE, "keys_exist", f"{there[-1]} is there; airwaybill keys rotate makes the next ones"
        )
    first = Keys.first(
        product,
        _public(root),
        _public(release),
        threshold_root=threshold_root,
        threshold_release=threshold_release,
    )
    os.makedirs(os.path.join(directory, KEYS), exist_ok=True)
    write(os.path.join(directory, KEYS, "1.waybill"), first.render())
    if as_json:
        print_json({"name": f"{KEYS}/1.waybill"})
    else:
        print(f"wrote {KEYS}/1.waybill: put it on each device as waybill/keys, before it leaves")
    _warn_of_loss(first)


@keys.command("rotate")
def rotate_keys(
    directory: Directory,
    root: RootOption = [],  # noqa: B006
    release: ReleaseOption = [],  # noqa: B006
    remove: Annotated[
        list[str], typer.Option("--remove", metavar="KEY.pub", help="A key that no longer may sign; may be repeated.")
    ] = [],  # noqa: B006
    threshold_root: ThresholdRootOption = None,
    threshold_release: ThresholdReleaseOption = None,
    floor: Annotated[
        Optional[int],
        typer.Option("--floor", metavar="SEQUENCE", min=0, max=MAX_SEQUENCE, help="Waybills below it no longer count."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write the next keys, to be signed with `airwaybill sign DIR keys --key KEY`."""
    _need_directory(directory)
    found = _signing.documents(directory)
    newest = Keys.newest(found)
    before = newest.to_dict()
    name = f"{KEYS}/{before['number'] + 1}.waybill{DRAFT}"
    if name in found:
        raise CommandError(WRONG_USAGE, "keys_exist", f"{name} is there; sign it, or remove it first")
    changed = newest.changed(
        root=_public(root),
        release=_public(release),
        remove=_public(remove),
        threshold_root=threshold_root,
        threshold_release=threshold_release,
        floor=floor,
    )
    if {**changed.to_dict(), "number": before["number"]} == before:
        raise CommandError(WRONG_USAGE, "usage", "nothing would change: say what, with --root, --release or --remove")
    write(os.path.join(directory, name), changed.render())
    lacking = Draft.of({**found, name: changed.render()}).lacks()
    if as_json:
        print_json({"name": name, "lacks": lacking})
    else:
        print(f"wrote {name}: devices get it once it is signed; it lacks {lacking}")
    _warn_of_loss(changed)
    if floor is not None:
        _warn_of_floor(floor, _highest(found, before["product"]), has_lost=bool(remove))


def _warn_of_floor(floor: int, highest: int, *, has_lost: bool) -> None:
    if has_lost and floor <= highest:
        why = "devices forget their sequences with a key that goes"
        _signing.warn(f"--floor {floor}: what is signed has sequences up to {highest}, and {why}: take one above it")
    left = MAX_SEQUENCE - floor + 1
    if left < FEW_SEQUENCES:
        _signing.warn(f"--floor {floor}: it leaves {left} sequences, and a floor never falls")


def _highest(found: dict[str, bytes], product: str) -> int:
    """The highest sequence among the waybills of a product."""
    sequences = [0]
    for name, document in found.items():
        if name.endswith(".waybill") and "/" not in name:
            with suppress(AirwaybillError):
                waybill = Waybill.parse(document).to_dict()
                sequences += [waybill["sequence"]] if waybill["product"] == product else []
    return max(sequences)


def _warn_of_loss(written: Keys) -> None:
    root = written.to_dict()["root"]
    needed = root["threshold"]
    if len(root["keys"]) == needed:
        keys = "the only root key is" if needed == 1 else f"one of the {needed} root keys is"
        _signing.warn(f"if {keys} lost, devices' keys can never be changed again: add a --root that is kept elsewhere")


def sign(
    directory: Directory,
    name: Annotated[
        list[str],
        typer.Argument(metavar="VERSION...", help="Releases, with their images; or keys: the next keys."),
    ],
    key: Annotated[
        Optional[str],
        typer.Option("--key", metavar="KEY", help="The private key, or the public one of a key that an agent holds."),
    ] = None,
    sequence: Annotated[
        Optional[int],
        typer.Option(
            "--sequence",
            min=1,
            max=MAX_SEQUENCE,
            help="That of the first; by default as before, if the files are the same, or one more than the highest.",
        ),
    ] = None,
    expires: Annotated[
        Optional[str],
        typer.Option("--expires", metavar="TIME", help="2027-11-27T00:00:00Z, or - for never; by default as before."),
    ] = None,
    needs_firmware: Annotated[
        Optional[str],
        typer.Option(
            "--needs-firmware", metavar="VERSION", help="Which firmware it wants, or -; by default as before."
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be signed.")] = False,
    as_json: JsonOption = False,
    scheme: SchemeOption = Scheme.loose,
    ignore: IgnoreOption = [],  # noqa: B006
    protect: ProtectOption = [],  # noqa: B006
    include: IncludeOption = [],  # noqa: B006
    keep: KeepOption = [],  # noqa: B006
) -> None:
    """Sign releases and their images, by ssh-keygen.

    Give the same --ignore, --protect, --include and --keep as to serve.
    """
    if key is None and not dry_run:
        raise CommandError(WRONG_USAGE, "usage", "--key: which key signs?")
    _need_directory(directory)
    if name == [KEYS]:
        _sign_keys(directory, key, as_json)
        return
    scanned = _directory.Directory.scan(directory, scheme, ignore, protect, include, keep, sha256=True)
    catalog, listing = scanned.catalog(), scanned.listing
    found = _signing.documents(directory)
    trusted = Keys.newest(found)
    if key is not None and not dry_run:
        _check_signer(trusted, key)
    targets = _targets(catalog, name)
    replaced = {f"{target}.waybill" for target in targets}
    # Numbers of those that are signed again are taken, and under names that are not offered they are in nobody's way.
    others = {f" {document}" if document in replaced else document: found[document] for document in found}
    waybills: list[Waybill] = []
    for number, target in enumerate(targets):
        own = f"{target}.waybill"
        waybill = catalog.waybill(
            target,
            trusted.to_dict()["product"],
            listing,
            {**others, own: found[own]} if own in found else others,
            sequence=None if sequence is None else sequence + number,
            expires=expires,
            needs_firmware=None if target.startswith("firmware_") else needs_firmware,
        )
        others[own] = waybill.render()
        waybills.append(waybill)
    for waybill in waybills:
        _warn_of_firmware(catalog, waybill)
    if key is None or dry_run:
        sys.stdout.buffer.writelines(waybill.render() for waybill in waybills)
        return
    for waybill in waybills:
        _refuse_what_is_never_valid(trusted, waybill)
    signers = _signing.fingerprints(trusted, "release")
    signings = [Signing.of(found, each.file_name, each.render(), signers).signed_by(key) for each in waybills]
    signed: list[dict[str, Any]] = []
    for waybill, signing in zip(waybills, signings):
        signing.write(directory, found)
        missing = max(0, trusted.to_dict()["release"]["threshold"] - len(signing.signatures))
        signed.append({"name": signing.name, "sequence": waybill.to_dict()["sequence"], "missing": missing})
        rest = f"; {missing} more of the release keys must sign" if missing else ""
        if not as_json:
            print(f"signed {signing.name}: sequence {signed[-1]['sequence']}{rest}")
    if as_json:
        print_json(signed)


def _sign_keys(directory: str, key: Optional[str], as_json: bool) -> None:
    found = _signing.documents(directory)
    draft = Draft.of(found)
    if key is None:
        sys.stdout.buffer.write(draft.signing.document)
        return
    signer = _signing.public_key(key)
    if signer.fingerprint not in _signing.fingerprints(draft.keys, "root") | _signing.fingerprints(draft.after, "root"):
        rule = "none of the root keys of these keys, or of those before"
        raise CommandError(WRONG_USAGE, "signature_unknown", f"{_signing.named(signer)}: {rule}")
    draft = draft._replace(signing=draft.signing.signed_by(key))
    lacking, signed = draft.lacks(), draft.signing.name
    if lacking:
        draft.signing.write(directory, found)
        said = f"signed {signed}; it lacks {lacking}"
    else:
        signed = draft.finish(directory, found)
        said = f"signed {signed}: it is complete, and devices take it from now on"
    if as_json:
        print_json({"name": signed, "lacks": lacking or None})
    else:
        print(said)


def verify(
    directory: str,
    keys_file: Optional[str],
    scheme: Scheme,
    ignore: Sequence[str],
    protect: Sequence[str],
    include: Sequence[str],
    keep: Sequence[str],
    *,
    as_json: bool,
) -> None:
    """Who signed each release and image, and whether devices take it; fails if they do not take one of them."""
    scanned = _directory.Directory.scan(directory, scheme, ignore, protect, include, keep, sha256=True)
    catalog, listing = scanned.catalog(), scanned.listing
    found = _signing.documents(directory)
    trusted = Keys.newest(found, None if keys_file is None else _keys(keys_file))
    judged = _signing.judge(catalog, listing, found, trusted, _signing.now())
    table, reasons = new_table("signed", "sequence >", "expires", "by", "valid"), new_table("path", "code", "because")
    for one in judged.signed:
        by = ", ".join(_signing.named(PublicKey(line)) for line in one.verdict.signers)
        number = "" if one.sequence is None else str(one.sequence)
        table.add_row(shown(one.path), number, one.expires or "", shown(by), "yes" if one else "no")
        for notice in (*one.verdict.reasons, *one.verdict.skipped):
            reasons.add_row(shown(notice.path), notice.code, shown(notice.message))
    missing = _not_offered(catalog, found, {one.path for one in judged.signed})
    for name, notice in missing.items():
        table.add_row(shown(name), "", "", "", "no")
        reasons.add_row(shown(notice.path), notice.code, shown(notice.message))
    valid, number = len(judged.signed) - len(judged.unsigned), trusted.to_dict()["number"]
    if as_json:
        not_offered = [_check.reason(notice) for notice in missing.values()]
        print_json({"keys": number, "signed": [one.to_dict() for one in judged.signed], "not_offered": not_offered})
    else:
        print_tables(table, reasons)
    summary = f"{valid} of {len(judged.signed) + len(missing)} valid for devices with keys {number}"
    if judged.unsigned or missing or not judged.signed:
        raise CommandError(CHECK_FAILED, "verify_failed", summary)
    if not as_json:
        print(summary)


def _not_offered(catalog: Catalog, found: dict[str, bytes], offered: set[str]) -> dict[str, Notice]:
    """The releases and images that are held back, or have a waybill and are not there, and why.

    Not those that were renamed to be withdrawn: `1.0.1.bak`.
    """
    reasons: dict[str, Notice] = {}
    for notice in catalog.held_back:
        reasons.setdefault(notice.path.partition("/")[0], notice)
    withdrawn = [notice.path.partition("/")[0] for notice in catalog.ignored if notice.code in WITHDRAWN]
    for document in found:
        name = document.removesuffix(".waybill")
        if name == document or name.startswith(f"{KEYS}/") or name in offered:
            continue
        if not any(_is_renamed(name, other) for other in withdrawn):
            rule = "it has a waybill, and there is no such release or image"
            reasons.setdefault(name, Notice(name, "release_unknown", f"{shown(name)}: {rule}"))
    return reasons


def _is_renamed(name: str, other: str) -> bool:
    """Whether a name is another with what people add to withdraw it, before `.bin` or after it."""
    pairs = ((name, other), (IMAGE_TYPE.sub("", name), IMAGE_TYPE.sub("", other)))
    return any(long.startswith(short) and ENDING.fullmatch(long[len(short) :]) for short, long in pairs)


def _targets(catalog: Catalog, names: Sequence[str]) -> list[str]:
    """The releases with these versions and their images, lower versions first."""
    releases = [release.version for release in catalog.releases]
    images = [image.path for image in catalog.firmware if image.version in names or image.path in names]
    for name in names:
        if name not in releases and name not in images and not any(name == image.version for image in catalog.firmware):
            # Says why: it is unknown, or held back.
            catalog.plan(target=name)
            raise AirwaybillError("release_unknown", f"{shown(name)}: no release has this name")
    return [*(version for version in releases if version in names), *images]


def _check_signer(trusted: Keys, key: str) -> None:
    signer = _signing.public_key(key)
    if signer.fingerprint not in _signing.fingerprints(trusted, "release"):
        rule = f"none of the release keys of keys {trusted.to_dict()['number']}; airwaybill keys rotate adds it"
        raise CommandError(WRONG_USAGE, "signature_unknown", f"{_signing.named(signer)}: {rule}")


def _warn_of_firmware(catalog: Catalog, waybill: Waybill) -> None:
    values = waybill.to_dict()
    if values["kind"] == "release":
        documents = {waybill.file_name: waybill.render()}
        for finding in catalog.check([], target=values["version"], documents=documents):
            if finding.code == "firmware_needed":
                _signing.warn(f"{shown(finding.path)}: {shown(finding.message)}")


def _refuse_what_is_never_valid(trusted: Keys, waybill: Waybill) -> None:
    for reason in verify_signed(waybill.render(), {}, trusted, waybill.file_name, _signing.now()).reasons:
        if reason.code != "unsigned":
            raise CommandError(CHECK_FAILED, reason.code, f"{reason.path}: {reason.message}")


def _public(paths: Sequence[str]) -> list[PublicKey]:
    return [_signing.public_key(path) for path in paths]


def _keys(path: str) -> Keys:
    try:
        with open(path, "rb") as file:
            document = file.read()
    except OSError as error:
        raise CommandError(WRONG_USAGE, "keys_unread", f"cannot read {path}: {error.strerror}") from None
    return Keys.parse(document)


def _need_directory(directory: str) -> None:
    if not os.path.isdir(directory):
        raise CommandError(WRONG_USAGE, "root_invalid", f"{directory}: not a directory")
