from __future__ import annotations

import hashlib
import json
import os
import resource
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest

import airwaybill
from airwaybill import AirwaybillError, Catalog, Listing

OLD = 1_000_000_000


def write(root: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        os.utime(path, (OLD, OLD))


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(
        tmp_path,
        {
            "1.0.0/flash/main.py": b"old",
            "1.0.1/flash/main.py": b"new",
            "1.0.1/sd/größe.txt": b"",
            "firmware_1.0.1.bin": b"\xe9image",
            "docs/index.html": b"<p>",
            "server.py": b"pass",
        },
    )
    return tmp_path


def entries(root: Path, **options: Any) -> dict[str, dict[str, Any]]:
    return {entry.pop("path"): entry for entry in Listing.scan(root, **options).entries()}


def content(data: bytes) -> dict[str, Any]:
    return {"size": len(data), "sha1": hashlib.sha1(data).hexdigest()}


def test_what_a_scan_finds(root: Path) -> None:
    assert entries(root) == {
        "1.0.0/flash/main.py": content(b"old"),
        "1.0.1/flash/main.py": content(b"new"),
        "1.0.1/sd/größe.txt": content(b""),
        "firmware_1.0.1.bin": content(b"\xe9image"),
        "docs/": {"unread": "not a release"},
        "server.py": {"unread": "ignored by its name"},
    }


def test_catalog_of_a_scan(root: Path) -> None:
    catalog = airwaybill.scan(root)
    assert [(release.version, len(release), release.size) for release in catalog.releases] == [
        ("1.0.0", 1, 3),
        ("1.0.1", 2, 3),
    ]
    assert [image.path for image in catalog.firmware] == ["firmware_1.0.1.bin"]
    assert [(notice.path, notice.code) for notice in catalog.ignored] == [
        ("docs", "version_start"),
        ("server.py", "not_firmware"),
    ]
    plan = catalog.plan("1.0.0")
    assert plan is not None
    assert (plan.version, plan.download_size) == ("1.0.1", 9)


@pytest.mark.parametrize(
    ("link", "target", "code"),
    [
        ("1.0.1/alias.py", "flash/main.py", None),
        ("1.0.1/alias.py", "../1.0.0/flash/main.py", "link_outside"),
        ("1.0.1/alias.py", "/etc/hostname", "link_outside"),
        ("1.0.1/alias.py", "flash", "link_outside"),
        ("1.0.1/alias.py", "nowhere", "link_outside"),
        ("1.0.1/alias.py", "alias.py", "link_outside"),
    ],
)
def test_links(root: Path, link: str, target: str, code: str | None) -> None:
    (root / link).symlink_to(target)
    catalog = airwaybill.scan(root)
    refused = [notice.code for notice in catalog.ignored if notice.path == link]
    assert refused == ([] if code is None else [code])
    assert [release.version for release in catalog.releases] == (["1.0.0", "1.0.1"] if code is None else ["1.0.0"])


def test_a_chain_of_links_is_followed_to_its_end(root: Path) -> None:
    (root / "1.0.1/b.py").symlink_to("a.py")
    (root / "1.0.1/a.py").symlink_to("flash/main.py")
    files = {file.path: file.sha1 for file in airwaybill.scan(root).releases[1].files}
    assert files["b.py"] == files["a.py"] == files["flash/main.py"]


def test_a_listing_has_the_patches_and_no_other_name_of_their_folder(root: Path) -> None:
    patch = f"delta/{'a' * 40}-{'b' * 40}"
    others = {"delta/notes.txt": b"", f"{patch}.99.new": b"", f"delta/sub/{'a' * 40}": b""}
    write(root, {patch: b"a patch", **others})
    listing = Listing.scan(root)
    in_delta = [entry for entry in listing.entries() if entry["path"].startswith("delta")]
    assert in_delta == [{"path": patch, **content(b"a patch")}]
    assert [record.path for record in listing.patches] == [patch]
    # Each settles by itself.
    assert patch in listing.changed
    assert "delta" not in listing.changed
    ignored = Catalog.from_listing(listing, patches=listing.patches).ignored
    assert [notice.path for notice in ignored] == ["docs", "server.py"]


def test_a_folder_of_that_name_without_patches_is_ignored_as_others(root: Path) -> None:
    write(root, {"delta/notes.txt": b"", "delta/a/b": b""})
    assert ("delta", "version_start") in [(notice.path, notice.code) for notice in airwaybill.scan(root).ignored]


def test_a_scan_offers_the_patches_that_are_there(root: Path) -> None:
    old, new = (hashlib.sha1(text).hexdigest() for text in (b"old", b"new"))
    write(root, {f"delta/{old}-{new}": b"1", f"delta/{new}": b"22"})
    plan = airwaybill.scan(root).plan("1.0.0")
    assert plan is not None
    assert (plan.download_size, plan.patched_size) == (9, 7)


def test_an_empty_release_is_not_offered(root: Path) -> None:
    (root / "1.0.2" / "flash").mkdir(parents=True)
    catalog = airwaybill.scan(root)
    assert catalog.releases[-1].version == "1.0.1"
    assert ("1.0.2", "release_empty") in [(notice.path, notice.code) for notice in catalog.ignored]


def test_names_that_are_not_utf8_are_refused(root: Path) -> None:
    (root / os.fsdecode(b"1.0.1/\xff.py")).write_bytes(b"")
    catalog = airwaybill.scan(root)
    assert ("1.0.1/\ufffd.py", "file_unread") in [(notice.path, notice.code) for notice in catalog.ignored]


def test_what_is_no_file_is_refused(root: Path) -> None:
    os.mkfifo(root / "1.0.1/pipe")
    assert entries(root)["1.0.1/pipe"] == {"unread": "not a regular file"}


def test_ignored_files_are_not_read(root: Path) -> None:
    os.mkfifo(root / "1.0.1/pipe")
    assert entries(root, ignore=["pipe"])["1.0.1/pipe"] == {"unread": "ignored by its name"}
    assert [release.version for release in airwaybill.scan(root, ignore=["pipe"]).releases] == ["1.0.0", "1.0.1"]


def test_times_that_count(root: Path) -> None:
    """Rule C6b: those of a copy tool's names, and 0."""
    write(root, {"1.0.0/flash/.main.py.aB3dE5": b"new", "1.0.0/flash/zero.py": b"zero"})
    os.utime(root / "1.0.0/flash/.main.py.aB3dE5", (1000, 1000))
    os.utime(root / "1.0.0/flash/zero.py", (0, 0))
    times = {path: entry["mtime"] for path, entry in entries(root).items() if "mtime" in entry}
    assert times == {"1.0.0/flash/.main.py.aB3dE5": 1000, "1.0.0/flash/zero.py": 0}


def test_a_copy_under_way_holds_back_until_it_is_old(root: Path) -> None:
    (root / "1.0.0/flash/.main.py.aB3dE5").write_bytes(b"ne")
    assert "1.0.0" not in [release.version for release in airwaybill.scan(root).releases]
    os.utime(root / "1.0.0/flash/.main.py.aB3dE5", (OLD, OLD))
    assert "1.0.0" in [release.version for release in airwaybill.scan(root).releases]


def test_directories_left_out_are_not_entered(root: Path) -> None:
    write(root, {"1.0.0/flash/.git/objects/aa/bb": b"x", "1.0.0/flash/empty/.keep": b""})
    (root / "1.0.0/flash/empty/.keep").unlink()
    found = entries(root)
    assert found["1.0.0/flash/.git/"] == {"unread": "left out by its name"}
    assert found["1.0.0/flash/empty/"] == {}
    assert "1.0.0/flash/.git/objects/aa/bb" in entries(root, include=[".git"])


def hashed_bytes(root: Path, **options: Any) -> int:
    seen: list[tuple[int, int]] = []
    Listing.scan(root, progress=lambda done, total: seen.append((done, total)), **options)
    done, total = seen[-1]
    assert done == total
    return total


def let_age(root: Path) -> None:
    """Waits until every file is old enough for its digest to be kept: a change time cannot be set."""
    newest = max(path.lstat().st_ctime for path in root.rglob("*"))
    time.sleep(max(0.0, newest + 2.1 - time.time()))


def test_a_second_scan_hashes_only_what_changed(root: Path) -> None:
    let_age(root)
    assert hashed_bytes(root) == 12
    assert hashed_bytes(root) == 0
    assert hashed_bytes(root, ignore=["*.py"]) == 0
    assert hashed_bytes(root) == 0
    write(root, {"1.0.1/flash/main.py": b"NEW"})
    assert hashed_bytes(root) == 3
    assert entries(root)["1.0.1/flash/main.py"] == content(b"NEW")


def test_the_digest_of_a_file_just_written_is_not_kept_whatever_its_time_says(root: Path) -> None:
    write(root, {"1.0.0/flash/fresh.py": b"1234"})
    first = hashed_bytes(root)
    assert hashed_bytes(root) == first == 16


def test_a_scan_after_a_fork_ends(root: Path) -> None:
    Listing.scan(root)
    child = os.fork()
    if child == 0:
        os._exit(0 if len(Listing.scan(root)) == 6 else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_changed_is_the_newest_time_below_a_top_level_name(root: Path) -> None:
    changed = Listing.scan(root).changed
    assert set(changed) == {"1.0.0", "1.0.1", "firmware_1.0.1.bin"}
    newest = max(path.lstat().st_ctime for path in [root / "1.0.1", *(root / "1.0.1").rglob("*")])
    assert changed["1.0.1"] == pytest.approx(newest)


def add_big_file(root: Path) -> None:
    with (root / "1.0.1/big").open("wb") as file:
        file.truncate(512 << 20)


def test_sha256_is_computed_in_the_same_pass_and_kept(root: Path) -> None:
    let_age(root)
    assert hashed_bytes(root) == 12
    # Without it before, each file is read once more.
    assert [hashed_bytes(root, sha256=True) for _ in range(2)] == [12, 0]
    assert hashed_bytes(root) == 0
    assert hashed_bytes(root, sha256=True) == 0
    found = entries(root, sha256=True)
    assert found["1.0.1/flash/main.py"] == {**content(b"new"), "sha256": hashlib.sha256(b"new").hexdigest()}
    assert entries(root)["1.0.1/flash/main.py"] == content(b"new")


def test_an_exception_in_progress_ends_the_scan_at_once(root: Path) -> None:
    add_big_file(root)
    seen: list[tuple[int, int]] = []

    def stop(done: int, total: int) -> None:
        seen.append((done, total))
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Listing.scan(root, progress=stop)
    [(done, total)] = seen
    assert done < total


def test_the_interpreter_runs_on_while_a_scan_hashes(root: Path) -> None:
    add_big_file(root)
    ticks, stop = [0], threading.Event()

    def tick() -> None:
        while not stop.wait(0.001):
            ticks[0] += 1

    thread = threading.Thread(target=tick)
    thread.start()
    Listing.scan(root)
    stop.set()
    thread.join()
    assert ticks[0] > 10


@pytest.mark.parametrize("spare", range(10))
def test_a_process_out_of_descriptors_says_so_and_refuses_no_release(root: Path, spare: int) -> None:
    in_use = max(int(descriptor) for descriptor in os.listdir("/proc/self/fd"))
    limits = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (in_use + spare, limits[1]))
    try:
        outcome = ", ".join(release.version for release in airwaybill.scan(root).releases)
    except AirwaybillError as error:
        outcome = str(error)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limits)
    assert outcome == "1.0.0, 1.0.1" or "Too many open files" in outcome


def as_nobody(root: Path) -> dict[str, str]:
    """The catalog's reasons, as a user without rights sees the directory."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.setuid(65534)
        notices = {notice.path: notice.code for notice in airwaybill.scan(root).ignored}
        os.write(writer, json.dumps(notices).encode())
        os._exit(0)
    os.waitpid(child, 0)
    os.close(writer)
    with os.fdopen(reader) as answer:
        found: dict[str, str] = json.load(answer)
    return found


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can become another user")
@pytest.mark.parametrize("path", ["1.0.1/", "1.0.1/sd/", "1.0.1/flash/main.py"])
def test_what_may_not_be_read_refuses_its_release(path: str) -> None:
    with tempfile.TemporaryDirectory() as top:
        os.chmod(top, 0o755)
        root = Path(top)
        write(root, {"1.0.0/a": b"", "1.0.1/flash/main.py": b"new", "1.0.1/sd/a.txt": b""})
        (root / path).chmod(0)
        assert as_nobody(root) == {path: "file_unread"}


@pytest.mark.parametrize("name", ["missing", "server.py"])
def test_a_root_that_is_no_directory(root: Path, name: str) -> None:
    with pytest.raises(AirwaybillError, match=name) as caught:
        airwaybill.scan(root / name)
    assert caught.value.code == "root_invalid"


RECORD: dict[str, Any] = {"path": "1.0.0/a", "size": 1, "sha1": "0" * 40}


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        (RECORD | {"sha1": "xyz"}, "digest_invalid"),
        (RECORD | {"size": -1}, "field_type"),
        (RECORD | {"size": 1 << 53}, "size_too_big"),
        (RECORD | {"mode": 1}, "field_type"),
        ({"path": "1.0.0/a"}, "field_missing"),
    ],
)
def test_a_listing_that_cannot_be_one(entry: dict[str, Any], code: str) -> None:
    with pytest.raises(AirwaybillError) as caught:
        Catalog.from_listing([entry])
    assert caught.value.code == code
