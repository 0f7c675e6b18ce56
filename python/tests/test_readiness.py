"""H3: when a release counts: renames, copies, marks."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from content import noise, write
from server_support import ask, eventually, serving

import airwaybill
from airwaybill.server import create_app
from airwaybill.server.config import Config
from airwaybill.server.releases import Releases

FOR_EVER = ("--settle", "1000000")


def pass_a_tick(top: Path) -> None:
    """Returns when a change gets a later time than those before: file systems count in ticks of some milliseconds."""
    newest = max(path.lstat().st_ctime_ns for path in top.rglob("*"))
    probe = top.parent / "probe"

    def now() -> int:
        probe.touch()
        return probe.stat().st_ctime_ns

    eventually(now, lambda now: now > newest)


@pytest.mark.parametrize(
    ("happens", "arrived"),
    [
        (lambda beside, root: beside.rename(root / "1.0.2"), True),
        (lambda beside, root: os.utime(beside.rename(root / "1.0.2"), (0, 0)), True),
        (lambda beside, root: write(root, {"1.0.2/flash/main.py": b"three\n"}), False),
        (lambda beside, root: write(beside.rename(root / "1.0.2"), {"flash/main.py": b"four\n"}), False),
        (lambda beside, root: write(beside.rename(root / "1.0.2"), {"flash/lib/a.py": b"new\n"}), False),
        (lambda beside, root: write(beside.rename(root / "1.0.2"), {"boot.py": b"new\n"}), False),
        (lambda beside, root: (beside.rename(root / "1.0.2") / "sd").mkdir(), False),
        (lambda beside, root: (beside / "flash/main.py").rename(root / "firmware_1.0.2.bin"), False),
    ],
    ids=[
        "renamed",
        "with the time of another",
        "copied",
        "written to",
        "added to",
        "added to the top",
        "empty",
        "a file",
    ],
)
def test_a_directory_that_arrived_whole(root: Path, happens: Callable[[Path, Path], object], arrived: bool) -> None:
    write(root.parent / "beside", {"flash/main.py": b"three\n"})
    pass_a_tick(root.parent)
    happens(root.parent / "beside", root)
    assert airwaybill.Listing.scan(root).arrived.get("1.0.2", False) is arrived


def test_a_rename_at_the_time_of_a_change_is_not_certain(root: Path) -> None:
    beside = root.parent / "beside"

    def arrived() -> bool | None:
        shutil.rmtree(root / "1.0.2", ignore_errors=True)
        (beside / "flash").mkdir(parents=True)
        write(root.parent / "clock", {"now": b""})
        pass_a_tick(root.parent / "clock")
        write(beside, {"flash/main.py": b"three\n"})
        beside.rename(root / "1.0.2")
        return airwaybill.Listing.scan(root).arrived.get("1.0.2")

    # Rarely a tick passes between both.
    eventually(arrived, lambda certain: certain is False)


def test_an_empty_directory_may_still_be_filled(root: Path) -> None:
    (root.parent / "beside" / "sd").mkdir(parents=True)
    write(root.parent / "beside", {"flash/main.py": b"three\n"})
    pass_a_tick(root.parent)
    (root.parent / "beside").rename(root / "1.0.2")
    assert airwaybill.Listing.scan(root).arrived == {}


def test_the_same_entries_under_a_name(root: Path) -> None:
    write(root, {"firmware_1.0.1.bin": b"image"})
    before = airwaybill.Listing.scan(root)
    (root / "1.0.0/flash/main.py").chmod(0o600)
    write(root, {"1.0.1/flash/main.py": b"another\n", "1.0.10/flash/main.py": b"new\n"})
    after = airwaybill.Listing.scan(root)
    names = ["1.0.0", "1.0.1", "1.0.10", "firmware_1.0.1.bin", "notes.txt"]
    digests = [listing.digests(names) for listing in (before, after)]
    assert [digests[0][name] == digests[1][name] for name in names] == [True, False, False, True, True]


def test_a_release_that_is_renamed_into_place_is_offered_at_once(root: Path, log: Path) -> None:
    for version in ("1.0.0", "1.0.1"):
        (root / version).rename(root.parent / version)
    with serving(root, log, *FOR_EVER) as server:
        for number, version in enumerate(("1.0.0", "1.0.1"), 1):
            pass_a_tick(root.parent)
            (root.parent / version).rename(root / version)
            eventually(lambda: len(server.health()["releases"]), number.__eq__)
        write(root, {"1.0.2/flash/main.py": b"three\n"})
        health = server.wait(lambda health: health["unsettled"] == ["1.0.2"])
        assert health["releases"] == ["1.0.0", "1.0.1"]
        assert server.get("/1.0.2/flash/main.py").status == 404


def test_what_only_looks_changed_stays_offered(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(root, {"firmware_1.0.1.bin": b"image", "check.toml": b'firmware = "any"'})
    # The first scan is long after the last change.
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10_000)
    releases = Releases(str(root), Config(settle=3600))
    offered = ("1.0.0", "1.0.1")

    def look() -> tuple[tuple[str, ...], tuple[str, ...]]:
        releases.look()
        return releases.snapshot().releases, releases.snapshot().unsettled

    assert look() == (offered, ())
    main = root / "1.0.1/flash/main.py"
    main.chmod(0o600)
    os.link(root / "1.0.0/flash/main.py", root.parent / "snapshot.py")
    os.utime(root / "1.0.0")
    main.write_bytes(main.read_bytes())
    (root / "firmware_1.0.1.bin").touch()
    assert look() == (offered, ())
    assert releases.snapshot().firmware == ("firmware_1.0.1.bin",)
    main.write_bytes(b"TWO\n")
    assert look() == (("1.0.0",), ("1.0.1",))
    # That it is still the same then says nothing.
    main.touch()
    assert look() == (("1.0.0",), ("1.0.1",))


def test_what_was_offered_counts_as_soon_as_it_is_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As on a card that was taken out, or deleted and copied again: whatever its times are."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10_000)
    releases = Releases(str(root), Config(settle=3600))

    def look() -> tuple[tuple[str, ...], tuple[str, ...]]:
        releases.look()
        return releases.snapshot().releases, releases.snapshot().unsettled

    assert look() == (("1.0.0", "1.0.1"), ())
    shutil.rmtree(root / "1.0.1")
    assert look() == (("1.0.0",), ())
    write(root, {"1.0.1/flash/main.py": b"two\n"})
    assert look() == (("1.0.0",), ("1.0.1",))
    write(root, {"1.0.1/flash/lib.py": b"lib\n"})
    assert look() == (("1.0.0", "1.0.1"), ())


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({}, "public, max-age=60"),
        ({"settle": 30}, "public, max-age=60"),
        ({"settle": 2}, "public, max-age=12"),
        ({"settle": 0}, "public, no-cache"),
        ({"immutable": True}, "public, max-age=31536000, immutable"),
    ],
)
def test_for_how_long_caches_keep_a_file(
    root: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any], kept: str
) -> None:
    write(root, {"1.0.1/sd/large.bin": noise(5 * 1024 * 1024), "notes.txt": b"notes\n"})
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10_000)
    app = create_app(root, serve_other=True, **settings)

    async def caching(*paths: str) -> list[str]:
        return [(await ask(app, f"/{path}")).headers["cache-control"] for path in paths]

    async def look() -> None:
        await app.startup()
        try:
            files = ("1.0.1/flash/main.py", "1.0.1/sd/large.bin")
            assert await caching(*files) == [kept, kept]
            assert await caching("notes.txt", "manifest.json") == ["public, no-cache", "public, no-cache"]
            # What is withdrawn goes on as it is, and caches have to ask.
            (root / "1.0.1/flash/stray.py").symlink_to("/etc/passwd")
            eventually(lambda: app.releases.snapshot().releases, lambda found: found == ("1.0.0",))
            assert await caching(*files) == ["public, no-cache", "public, no-cache"]
        finally:
            await app.shutdown()

    asyncio.run(look())


def test_a_release_that_comes_back_with_other_bytes_outlasts_the_caches(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 10_000)
    releases = Releases(str(root), Config(settle=10))

    def look() -> tuple[tuple[str, ...], tuple[str, ...]]:
        releases.look()
        return releases.snapshot().releases, releases.snapshot().unsettled

    assert look() == (("1.0.0", "1.0.1"), ())
    (root / "1.0.1").rename(root.parent / "away")
    write(root.parent / "other", {"flash/main.py": b"TWO\n"})
    assert look() == (("1.0.0",), ())
    # A new name counts at once, this one does not, with anything but what it had.
    pass_a_tick(root.parent)
    shutil.copytree(root.parent / "other", root.parent / "new")
    pass_a_tick(root.parent)
    (root.parent / "other").rename(root / "1.0.1")
    (root.parent / "new").rename(root / "1.0.2")
    assert look() == (("1.0.0", "1.0.2"), ("1.0.1",))
    shutil.rmtree(root / "1.0.1")
    assert look() == (("1.0.0", "1.0.2"), ())
    (root.parent / "away").rename(root / "1.0.1")
    assert look() == (("1.0.0", "1.0.1", "1.0.2"), ())


def test_a_marker_holds_a_release_back(root: Path, log: Path) -> None:
    write(root, {"1.0.2/.incomplete": b"", "1.0.2/flash/main.py": b"three\n"})
    with serving(root, log, "--settle", "0") as server:
        health = server.health()
        assert health["releases"] == ["1.0.0", "1.0.1"]
        assert [(each["path"], each["code"]) for each in health["held_back"]] == [
            ("1.0.2/.incomplete", "release_incomplete")
        ]
        (root / "1.0.2/.incomplete").unlink()
        server.wait(lambda health: health["releases"] == ["1.0.0", "1.0.1", "1.0.2"])
