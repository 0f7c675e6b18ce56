"""A device with keys, and what a server has for it: signed releases, to which tests do something."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from answers import answering
from board import ROOT, Board, tree
from signing import OFFICE, Waybill, keys, signed

import airwaybill

RELEASES = ROOT / "examples" / "releases"
NOW = [2026, 11, 27, 12, 0, 0]
Files = dict[str, bytes]


def served(releases: Path = RELEASES, target: str = "1.0.1", current: str | None = "1.0.0", **request: Any) -> Files:
    """What a server has for a device, without signatures."""
    paths = [path for path in releases.rglob("*") if path.is_file() and ".waybill" not in path.name]
    files = {f"/{path.relative_to(releases)}": path.read_bytes() for path in paths}
    catalog = airwaybill.scan(str(releases))
    asked = {"current": current, "target": target, "format": 2, **request}
    manifest = catalog.manifest_json("http://10.1.1.1:8000", **asked)
    return {**files, "/manifest.json": manifest}


def release_of(version: str, releases: Path = RELEASES, **fields: Any) -> Waybill:
    return Waybill(tree(releases / version), version, **fields)


def image_of(version: str, releases: Path = RELEASES, **fields: Any) -> Waybill:
    name = f"firmware_{version}.bin"
    return Waybill({name: (releases / name).read_bytes()}, version, image=True, **fields)


def sign(files: Files, *waybills: Waybill, by: tuple = (OFFICE,)) -> Files:
    for waybill in waybills:
        name = next(iter(waybill.files)) if waybill.image else waybill.version
        files.update(signed(name, waybill.render(), *by))
    return files


def good() -> Files:
    return sign(served(), release_of("1.0.1"), image_of("1.0.1", sequence=3))


def board_of(tmp_path: Path, document: bytes | None = None, **spec: Any) -> Board:
    """A device on 1.0.0, delivered with keys."""
    board = Board(tmp_path / "board", RELEASES, "1.0.0", **spec)
    (board.root / "flash/waybill/keys").write_bytes(document or keys())
    return board


def update(files: Files, board: Board, *steps: Any, **spec: Any) -> list[Any]:
    with answering(files) as server:
        return board.run(server.port, *(steps or ("update",)), **spec)


def head_of(board: Board) -> Any:
    return json.loads((board.root / "flash/waybill/files").read_bytes().split(b"\n")[1])


def in_manifest(change: Callable[[dict[str, Any]], object]) -> Callable[[Files], None]:
    def changed(files: Files) -> None:
        manifest = json.loads(files["/manifest.json"])
        change(manifest)
        files["/manifest.json"] = json.dumps(manifest, sort_keys=True).encode()

    return changed
