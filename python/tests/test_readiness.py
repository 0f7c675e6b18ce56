"""H3: when a release counts: renames, copies, marks."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from content import write
from server_support import eventually, serving

import airwaybill
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
    assert ("1.0.2" in airwaybill.Listing.scan(root).arrived) is arrived


def test_an_empty_directory_may_still_be_filled(root: Path) -> None:
    (root.parent / "beside" / "sd").mkdir(parents=True)
    write(root.parent / "beside", {"flash/main.py": b"three\n"})
    pass_a_tick(root.parent)
    (root.parent / "beside").rename(root / "1.0.2")
    assert airwaybill.Listing.scan(root).arrived == []


def test_the_same_entries_under_a_name(root: Path) -> None:
    write(root, {"firmware_1.0.1.bin": b"image"})
    before = airwaybill.Listing.scan(root)
    (root / "1.0.0/flash/main.py").chmod(0o600)
    write(root, {"1.0.1/flash/main.py": b"another\n", "1.0.10/flash/main.py": b"new\n"})
    after = airwaybill.Listing.scan(root)
    names = ["1.0.0", "1.0.1", "1.0.10", "firmware_1.0.1.bin", "notes.txt"]
    assert [after.has_same(before, name) for name in names] == [True, False, False, True, True]


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
