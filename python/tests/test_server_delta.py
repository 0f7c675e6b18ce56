"""Patches that the server makes, and offers (rules X2 to X4)."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from content import sha1, write
from server_support import Server, eventually, serving
from test_delta_command import (
    FILES,
    FROM_NOTHING,
    FROM_OLD,
    FROM_OLDEST,
    IMAGE,
    NEW,
    OLD,
    block,
    contents,
    lead_out,
    there,
)

from airwaybill import _delta, apply_patch, make_patch, scan
from airwaybill._patch_files import Source
from airwaybill.server.config import Config
from airwaybill.server.making import Making
from airwaybill.server.releases import Releases

ALL = {FROM_OLDEST, FROM_OLD, FROM_NOTHING, IMAGE}


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write(tmp_path / "tree", FILES)
    return tmp_path / "tree"


def patches_of(server: Server, version: str = "1.0.0") -> set[str]:
    """The patches that are offered to a device."""
    document = server.get(f"/manifest.json?current_ver={version}&format=3", {"Host": "h"}).json()
    if document is None:
        return set()
    entries = (*document["new"], *document["update"], *filter(None, [document.get("firmware")]))
    return {entry["patch"]["URL"].removeprefix("http://h/") for entry in entries if "patch" in entry}


def test_patches_to_the_highest_release_are_made_and_offered(tree: Path, log: Path) -> None:
    with serving(tree, log, "--settle", "0", "--delta") as server:
        eventually(lambda: patches_of(server), {FROM_OLD, FROM_NOTHING}.__eq__)
        eventually(lambda: patches_of(server, "0.9.0"), {FROM_OLDEST, FROM_NOTHING, IMAGE}.__eq__)
        eventually(lambda: there(tree), ALL.__eq__)
        asked = "/manifest.json?current_ver=1.0.0&format=3"
        assert server.get(asked, {"Host": "h"}).body == scan(tree).manifest_json("http://h", "1.0.0", format=3)
        reply = server.get(f"/{FROM_OLD}")
        assert apply_patch(OLD, reply.body) == NEW
        assert reply.headers["etag"] == f'"{sha1(reply.body)}"'
        # H3: a release that is made under another name, and renamed.
        newer = NEW + b"newer\n"
        write(tree, {"x.new/flash/main.py": newer})
        (tree / "x.new").rename(tree / "1.0.2")
        eventually(lambda: patches_of(server, "1.0.1"), {f"delta/{sha1(NEW)}-{sha1(newer)}"}.__eq__)
        server.stop()
    said = "".join(server.said)
    assert "patches: 1.0.0 -> 1.0.1: 2, " in said
    assert "patches: 0.9.0 -> firmware_1.0.1.bin: 1, " in said
    assert "patches: 1.0.1 -> 1.0.2: 1, " in said


def test_what_is_removed_is_made_again(tree: Path, log: Path) -> None:
    with serving(tree, log, "--settle", "0", "--delta") as server:
        eventually(lambda: there(tree), ALL.__eq__)
        before = contents(tree)
        (tree / "delta").rename(tree.parent / "removed")
        eventually(lambda: there(tree), ALL.__eq__)
        assert contents(tree) == before
        eventually(lambda: patches_of(server), {FROM_OLD, FROM_NOTHING}.__eq__)


def test_formats_1_and_2_are_the_same_with_patches(tree: Path, log: Path) -> None:
    asked = [f"/manifest.json?format={number}&current_ver={base}" for number in (1, 2) for base in ("1.0.0", "0.9.0")]
    catalog = scan(tree)
    with serving(tree, log, "--settle", "0", "--delta") as server:
        eventually(lambda: patches_of(server), {FROM_OLD, FROM_NOTHING}.__eq__)
        for path in asked:
            query = dict(part.split("=") for part in path.partition("?")[2].split("&"))
            expected = catalog.manifest_json("http://h", query["current_ver"], format=int(query["format"]))
            assert server.get(path, {"Host": "h"}).body == expected


def test_what_a_killed_maker_left_is_removed(tree: Path, log: Path) -> None:
    left = f"{FROM_OLD}.1.new"
    write(tree, {left: b""})
    with serving(tree, log, "--settle", "0", "--delta"):
        eventually(lambda: there(tree), ALL.__eq__)


def test_patches_that_are_there_are_offered_without_any_being_made(tree: Path, log: Path) -> None:
    write(tree, {FROM_OLD: make_patch(OLD, NEW)})
    with serving(tree, log, "--settle", "0") as server:
        assert patches_of(server) == {FROM_OLD}
        server.wait(lambda health: health["errors"] is not None)
        server.stop()
    assert there(tree) == {FROM_OLD}
    assert not any("patches: " in line for line in server.said)


@pytest.mark.parametrize("prepare", [block, lead_out])
def test_a_directory_that_cannot_be_written_to_is_served(
    tree: Path, log: Path, prepare: Callable[[Path], None]
) -> None:
    prepare(tree)
    with serving(tree, log, "--settle", "0", "--delta") as server:
        eventually(lambda: server.said, lambda said: any("patches are not made in delta/: " in line for line in said))
        assert patches_of(server) == set()
        write(tree, {"1.0.3/flash/main.py": b"three\n"})
        server.wait(lambda health: "1.0.3" in health["releases"])
        server.stop()
    assert sum("patches are not made in delta/: " in line for line in server.said) == 1


def look(tree: Path, settle: float) -> Releases:
    releases = Releases(str(tree), Config(settle=settle))
    releases.look()
    return releases


@pytest.mark.parametrize(("settle", "offered"), [(0, {FROM_OLD}), (3600, set())])
def test_a_patch_that_is_copied_in_has_to_settle(tree: Path, settle: float, offered: set[str]) -> None:
    write(tree, {FROM_OLD: make_patch(OLD, NEW)})
    snapshot = look(tree, settle).snapshot()
    assert set(snapshot.patches) == offered
    assert (snapshot.find(FROM_OLD) is None) == (not offered)


def test_a_patch_that_was_made_here_need_not_settle(tree: Path) -> None:
    releases = look(tree, 3600)
    path, other = FROM_OLD, FROM_OLDEST
    write(tree, {path: make_patch(OLD, NEW), other: b"another"})
    releases._making.made.add(path)
    releases.look()
    assert set(releases.snapshot().patches) == {path}


def test_other_releases_interrupt_and_the_end_too(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    snapshot = look(tree, 0).snapshot()
    stopping, made = threading.Event(), list[tuple[str, str]]()
    making = Making(stopping, lambda: None)

    def make(_: _delta.Maker, base: Source | None, target: Source) -> None:
        made.append(("nothing" if base is None else base.path, target.path))
        if len(made) == 2:
            making.take(snapshot, offered)
        if len(made) == 4:
            making.take(snapshot, {"1.0.1": "other"})
        if len(made) == 6:
            stopping.set()
            making.wake()

    monkeypatch.setattr(_delta.Maker, "make", make)
    monkeypatch.setattr(os, "setpriority", lambda *_: None)
    offered = {"1.0.1": "digest"}
    making.take(snapshot, offered)
    making.run()
    # The same releases, perhaps with more patches, interrupt nothing.
    assert len(set(made[:4])) == 4
    assert made[4:] == made[:2]


def test_it_rests_after_each_as_long_as_that_took(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After one in vain, too: here all are."""
    snapshot = look(tree, 0).snapshot()
    tried, rests = list[object](), list[float | None]()

    class Resting(threading.Event):
        def wait(self, timeout: float | None = None) -> bool:
            rests.append(timeout)
            return self.is_set()

    stopping = Resting()
    making = Making(stopping, lambda: None)

    def make(*_: object) -> None:
        tried.append(_)
        if len(tried) == 3:
            stopping.set()
            making.wake()

    seconds = iter(range(0, 1000, 7))
    monkeypatch.setattr(time, "monotonic", lambda: next(seconds))
    monkeypatch.setattr(_delta.Maker, "make", make)
    monkeypatch.setattr(os, "setpriority", lambda *_: None)
    making.take(snapshot, {"1.0.1": "digest"})
    making.run()
    assert rests == [7, 7, 7]


def rewrite(path: Path) -> None:
    """As a disk that fails would: a scan sees no change."""
    before = path.stat()
    path.write_bytes(path.read_bytes()[::-1])
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def replace(path: Path) -> None:
    path.parent.rename(path.parents[3] / "away")
    path.parent.write_bytes(b"no directory")


@pytest.mark.parametrize("spoil", [rewrite, Path.unlink, replace])
def test_a_file_that_is_another_now_is_looked_at_again_and_the_rest_goes_on(
    tree: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], None]
) -> None:
    snapshot = look(tree, 0).snapshot()
    stopping, looks = threading.Event(), list[None]()
    making = Making(stopping, lambda: looks.append(None))
    spoil(tree / "1.0.1/flash/lib.py")
    monkeypatch.setattr(os, "setpriority", lambda *_: None)
    making.take(snapshot, {"1.0.1": "digest"})
    thread = threading.Thread(target=making.run, daemon=True)
    thread.start()
    eventually(lambda: IMAGE in there(tree), bool)
    stopping.set()
    making.wake()
    thread.join(30)
    assert not thread.is_alive()
    assert looks
    assert FROM_NOTHING not in there(tree)
    assert "patches are not made" not in caplog.text
