"""The device client's record of its release, `waybill/files`: paths, sizes and SHA-256."""

from __future__ import annotations

import difflib
import hashlib
import json
import os
from typing import TYPE_CHECKING

from ._error import AirwaybillError
from ._host import shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ._core import Catalog, PlanFile

FIRST_LINE = "airwaybill files 1"
PIECE_BYTES = 1 << 20
# Files that the device client does not take from an ordinary release.
CLIENT = {"flash/boot.py"} | {
    f"flash/{folder}{name}{ending}"
    for folder in ("", "lib/")
    for name in ("OTA", "airwaybill_boot")
    for ending in (".py", ".mpy")
}


def record(catalog: Catalog, root: str, version: str) -> bytes:
    """The record that belongs on a device delivered with a release, beside ``waybill/version``: UTF-8, lines end in LF.

    First ``airwaybill files 1``, then a JSON object of ``version``, ``before`` and ``firmware``; the last two are null,
    because such a device had no release before, and knows which firmware runs. Then a line for each file, sorted by the
    bytes of its path: SHA-256 in hex, size in bytes, path. Before the first file of a directory below the mount point
    there is a line ``/ flash/lib/``. The last line is ``= `` and the SHA-256 of everything before it. Files that the
    catalog ignores or protects, and those that the client takes from no release, are not in it.

    ``catalog`` is a scan of the directory ``root``. Raises `AirwaybillError` with code ``release_unknown`` or
    ``release_unsettled``; with the code for which the release is held back; with ``file_unread``; or with
    ``file_changed`` for a file that changed since the scan.
    """
    head = json.dumps({"before": None, "firmware": None, "version": version}, sort_keys=True, separators=(",", ":"))
    text = "\n".join([FIRST_LINE, head, *_lines(_files(catalog, version), os.path.join(root, version)), ""]).encode()
    return text + f"= {hashlib.sha256(text).hexdigest()}\n".encode()


def _files(catalog: Catalog, version: str) -> list[PlanFile]:
    """The files of a full install of the release."""
    try:
        plan = catalog.plan(target=version)
    except AirwaybillError as error:
        if error.code in ("release_unknown", "release_held_back"):
            raise _unknown(catalog, version) from None
        raise
    return [] if plan is None else [file for file in plan.new if file.path not in CLIENT]


def _unknown(catalog: Catalog, version: str) -> AirwaybillError:
    for notice in (*catalog.ignored, *catalog.warnings):
        if notice.path.partition("/")[0] == version and notice.code != "ignored_name":
            return AirwaybillError(notice.code, f"{shown(version)} is not offered: {notice.message}")
    names = [release.version for release in catalog.releases]
    if near := difflib.get_close_matches(version, names):
        there = f"did you mean {' or '.join(near)}?"
    else:
        there = f"the highest is {names[-1]}" if names else "there are no releases"
    return AirwaybillError("release_unknown", f"{shown(version)}: no release has this name; {there}")


def _lines(files: list[PlanFile], release: str) -> Iterator[str]:
    directory = ""
    for file in files:
        # Sorted by path, the files of a directory are adjacent.
        parents = file.path.split("/")[:-1]
        for depth in range(2, len(parents) + 1):
            parent = "/".join(parents[:depth]) + "/"
            if not directory.startswith(parent):
                yield f"/ {parent}"
        directory = "/".join(parents) + "/"
        yield f"{_sha256(os.path.join(release, file.path), file)} {file.size} {file.path}"


def _sha256(path: str, file: PlanFile) -> str:
    sha256, sha1 = hashlib.sha256(), hashlib.sha1()
    try:
        with open(path, "rb") as source:
            while piece := source.read(PIECE_BYTES):
                sha256.update(piece)
                sha1.update(piece)
    except OSError as error:
        raise AirwaybillError("file_unread", f"cannot read {path}: {error.strerror}") from None
    if sha1.hexdigest() != file.sha1:
        raise AirwaybillError("file_changed", f"{path} changed while it was read: run the command again")
    return sha256.hexdigest()
