"""Patches that are there, and `airwaybill delta`, which makes them (rules X2 to X4)."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from conftest import Call
from content import noise, sha1, write

import airwaybill
from airwaybill import _delta, apply_patch, make_patch
from airwaybill._core import PATCH_SIZE_LIMIT

OLDEST, OLD, NEW = noise(3000, 1), noise(3000, 1) + b"old\n", noise(2990, 1) + b"new\n"
TEXT = b"led.on()\n" * 300
FILES = {
    "0.9.0/flash/main.py": OLDEST,
    "1.0.0/flash/main.py": OLD,
    "1.0.0/flash/old.py": b"old\n",
    "1.0.1/flash/main.py": NEW,
    "1.0.1/flash/lib.py": TEXT,
    "1.0.1/flash/noise.bin": noise(2000, 2),
    "1.0.1/flash/empty.py": b"",
    "firmware_0.9.0.bin": b"\xe9" + noise(5000, 3),
    "firmware_1.0.1.bin": b"\xe9" + noise(5000, 3) + b"!",
}


def patch(new: bytes, old: bytes | None = None) -> str:
    """X2"""
    return f"delta/{sha1(new)}" if old is None else f"delta/{sha1(old)}-{sha1(new)}"


IMAGE = patch(FILES["firmware_1.0.1.bin"], FILES["firmware_0.9.0.bin"])
FROM_OLDEST, FROM_OLD, FROM_NOTHING = patch(NEW, OLDEST), patch(NEW, OLD), patch(TEXT)


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    write(tmp_path / "tree", FILES)
    return tmp_path / "tree"


def there(tree: Path) -> set[str]:
    return {str(path.relative_to(tree)) for path in (tree / "delta").glob("*")}


def contents(tree: Path) -> dict[str, bytes]:
    return {path: (tree / path).read_bytes() for path in there(tree)}


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        ([], {FROM_OLDEST, FROM_OLD, FROM_NOTHING, IMAGE}),
        (["--from", "1.0.0"], {FROM_OLD, FROM_NOTHING}),
        (["--from", "v0.9.0"], {FROM_OLDEST, FROM_NOTHING, IMAGE}),
        (["--from", "1.0.0", "--from", "0.9.0"], {FROM_OLDEST, FROM_OLD, FROM_NOTHING, IMAGE}),
        (["--from", "1.0.1"], set()),
        (["--ignore", "main.py", "--ignore", "*.bin"], {FROM_NOTHING, IMAGE}),
        (["--protect", "flash/lib.py"], {FROM_OLDEST, FROM_OLD, IMAGE}),
        (["--keep", "flash/main.py"], {FROM_NOTHING, IMAGE}),
        (["--dry-run"], set()),
    ],
)
def test_what_is_made(tree: Path, call: Call, arguments: list[str], made: set[str]) -> None:
    assert call("delta", tree, *arguments).code == 0
    assert there(tree) == made
    by_sha1 = {sha1(content): content for content in FILES.values()}
    for path, content in contents(tree).items():
        base, _, target = path.removeprefix("delta/").rpartition("-")
        assert apply_patch(by_sha1[base] if base else b"", content) == by_sha1[target]


def test_every_patch_that_is_made_is_offered(tree: Path, call: Call) -> None:
    call("delta", tree)
    catalog, offered = airwaybill.scan(tree), set[str]()
    for version in ("1.0.0", "0.9.0", None):
        document = json.loads(catalog.manifest_json("http://h", version, format=3))
        for entry in (*document["new"], *document["update"], document["firmware"]):
            if "patch" in entry:
                offered.add(entry["patch"]["URL"].removeprefix("http://h/"))
    assert offered == there(tree) == {FROM_OLDEST, FROM_OLD, FROM_NOTHING, IMAGE}


def test_the_newest_pairs_come_first(tree: Path, monkeypatch: pytest.MonkeyPatch, call: Call) -> None:
    order: list[str] = []

    monkeypatch.setattr(_delta, "write", lambda root, path, patch: order.append(path))
    call("delta", tree)
    assert order == [FROM_OLD, FROM_NOTHING, IMAGE, FROM_OLDEST]


def test_a_patch_that_is_there_stays(tree: Path, call: Call) -> None:
    stream = zlib.compressobj(0, zlib.DEFLATED, 10)
    published = stream.compress(zlib.decompress(make_patch(OLD, NEW))) + stream.flush()
    write(tree, {FROM_OLD: published})
    assert json.loads(call("delta", tree, "--from", "1.0.0", "--json").out)["made"] == [
        {"path": FROM_NOTHING, "size": len(make_patch(b"", TEXT))}
    ]
    before = contents(tree)
    assert before[FROM_OLD] == published
    assert json.loads(call("delta", tree, "--from", "1.0.0", "--json").out)["made"] == []
    assert contents(tree) == before


# Not to the highest release.
EARLIER, COMPRESSED = patch(OLD, OLDEST), patch(OLD)
DAMAGED = [
    pytest.param(FROM_OLD, make_patch(OLD, NEW)[:-3], "patch_cut", "made anew", id="cut"),
    pytest.param(FROM_OLD, make_patch(OLD, NEW) + b"x", "patch_trailing", "made anew", id="bytes-after-the-end"),
    pytest.param(FROM_OLD, b"", "patch_cut", "made anew", id="empty"),
    pytest.param(FROM_OLD, NEW, "patch_stream", "made anew", id="no-patch"),
    pytest.param(FROM_OLD, make_patch(OLD, TEXT), "hash_mismatch", "made anew", id="of-another-file"),
    pytest.param(FROM_NOTHING, make_patch(b"", NEW), "hash_mismatch", "made anew", id="compressed-file-of-another"),
    pytest.param(EARLIER, make_patch(OLDEST, TEXT), "hash_mismatch", "removed", id="not-made-any-more"),
    pytest.param(COMPRESSED, b"", "patch_cut", "removed", id="not-worth-it"),
    pytest.param(patch(b"gone"), b"", "patch_cut", "removed", id="to-a-file-that-is-gone"),
]


@pytest.mark.parametrize(("path", "content", "code", "done"), DAMAGED)
def test_a_damaged_patch_is_named_and_replaced(
    tree: Path, call: Call, path: str, content: bytes, code: str, done: str
) -> None:
    call("delta", tree)
    good = contents(tree)
    write(tree, {path: content})
    dry = call("delta", tree, "--dry-run")
    assert (tree / path).read_bytes() == content
    assert dry.code == 1
    named, summary = dry.err.splitlines()
    assert named.startswith(f"airwaybill: {code}: {path}: the patch")
    assert named.endswith(f"; would be {done}")
    advice = "without --dry-run they are made anew, or removed"
    assert summary == f"airwaybill: patches_damaged: patches that do not give their file: 1; {advice}"
    found = call("delta", tree)
    assert found.code == 0
    assert found.err == named.replace("would be ", "") + "\n"
    assert contents(tree) == good
    assert call("delta", tree).err == ""


def test_a_damaged_patch_in_json(tree: Path, call: Call) -> None:
    write(tree, {FROM_OLD: b"", EARLIER: b""})
    dry = call("delta", tree, "--dry-run", "--json")
    found = call("delta", tree, "--json")
    assert (dry.code, found.code, dry.out, found.err) == (1, 0, found.out, "")
    said = json.loads(found.out)
    why = {"code": "patch_cut", "message": "the patch ends too early"}
    assert said["damaged"] == [{"path": path, **why} for path in sorted([FROM_OLD, EARLIER])]
    assert FROM_OLD in {one["path"] for one in said["made"]}
    assert said["updates"][0]["patches"] == 2
    assert json.loads(call("delta", tree, "--json").out)["updates"] == said["updates"]


def test_a_patch_that_cannot_be_judged_stays(tree: Path, call: Call) -> None:
    """From a file that is not here, which makes no difference to any device."""
    write(tree, {patch(NEW, b"gone"): b"", "delta/notes.txt": b"notes"})
    assert call("delta", tree).err == ""
    assert there(tree) >= {patch(NEW, b"gone"), "delta/notes.txt"}


WRITING = """
import os, sys

def fsync(_):
    print("writing", flush=True)
    sys.stdin.read()

os.fsync = fsync
from airwaybill import _patch_files
_patch_files.write(*sys.argv[1:], b"patch")
"""


@contextmanager
def writing(tree: Path, path: str) -> Iterator[tuple[subprocess.Popen[str], Path]]:
    """A maker that writes a patch, and does not get on until its input ends; and what it writes."""
    command = [sys.executable, "-c", WRITING, str(tree), path]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "writing\n"
        yield process, tree / f"{path}.{process.pid}.new"


def test_what_a_killed_maker_left_is_removed_at_the_next_run(tree: Path, call: Call) -> None:
    others = {f"delta/{name}" for name in ("notes.1.new", f"{sha1(NEW)}.new", "1.new")}
    write(tree, dict.fromkeys(others, b""))
    with writing(tree, COMPRESSED) as (process, beside):
        process.kill()
    assert beside.exists()
    assert call("delta", tree, "--dry-run").code == 0
    assert beside.exists()
    assert call("delta", tree).code == 0
    assert not beside.exists()
    assert there(tree) == {FROM_OLDEST, FROM_OLD, FROM_NOTHING, IMAGE} | others


def test_what_a_maker_writes_is_left_alone(tree: Path, call: Call) -> None:
    with writing(tree, COMPRESSED) as (process, beside):
        assert call("delta", tree, "--from", "1.0.0").code == 0
        assert beside.exists()
        process.communicate("")
    assert process.returncode == 0
    assert not beside.exists()
    assert (tree / COMPRESSED).read_bytes() == b"patch"
    assert FROM_OLD in there(tree)


def test_what_it_says(tree: Path, call: Call) -> None:
    dry = call("delta", tree, "--dry-run", "--json").out
    assert call("delta", tree, "--json").out == dry
    said: dict[str, Any] = json.loads(dry)
    assert {one["path"]: one["size"] for one in said["made"]} == {
        path: len(content) for path, content in contents(tree).items()
    }
    plans = airwaybill.scan(tree)
    for version, row in zip(("1.0.0", "0.9.0", None), said["updates"]):
        plan = plans.plan(version)
        assert plan is not None
        assert row == {
            "from": version,
            "to": "1.0.1",
            "files": 5,
            "patches": {"1.0.0": 2, "0.9.0": 3, None: 1}[version],
            "download_size": plan.download_size,
            "patched_size": plan.patched_size,
        }
    table = call("delta", tree, "--from", "1.0.0").out.splitlines()
    assert table[0].startswith("from   to     files  patches  without patches  with patches")
    assert table[1].startswith("1.0.0  1.0.1      5        2 ")
    assert table[-1] == "0 patches made, 0 B"


def link(tree: Path, path: str) -> None:
    (tree / path).symlink_to(tree / "1.0.1/flash/lib.py")


def nothing(tree: Path, path: str) -> None:
    (tree / path).symlink_to(tree / "gone")


def pipe(tree: Path, path: str) -> None:
    os.mkfifo(tree / path)


@pytest.mark.parametrize("put", [link, nothing, pipe])
def test_what_is_no_file_is_no_patch_that_is_there(tree: Path, call: Call, put: Callable[[Path, str], None]) -> None:
    call("delta", tree)
    good = contents(tree)
    (tree / FROM_OLD).unlink()
    put(tree, FROM_OLD)
    done = call("delta", tree)
    assert (done.code, done.out.splitlines()[-1].split()[0]) == (0, "1")
    assert not (tree / FROM_OLD).is_symlink()
    assert contents(tree) == good


def block(tree: Path) -> None:
    (tree / "delta").write_bytes(b"")


def lead_out(tree: Path) -> None:
    """Which a scan does not follow."""
    (tree.parent / "elsewhere").mkdir()
    (tree / "delta").symlink_to("../elsewhere")


def occupy(tree: Path) -> None:
    (tree / FROM_OLD).mkdir(parents=True)


@pytest.mark.parametrize(
    ("prepare", "arguments", "code", "error"),
    [
        (block, [], 1, "patch_failed: cannot make patches: "),
        (lead_out, [], 1, "patch_failed: cannot make patches: [Errno 20] Not a directory: "),
        (occupy, [], 1, "patch_failed: cannot make patches: [Errno 21] Is a directory: "),
        (None, ["--from", "9.9"], 2, "release_unknown: '9.9': no release and no image has this version"),
        (None, ["--from", "x"], 2, "version_start"),
        (None, ["--ignore", "["], 2, "glob_invalid"),
    ],
)
def test_what_is_wrong(
    tree: Path, call: Call, prepare: Callable[[Path], None] | None, arguments: list[str], code: int, error: str
) -> None:
    if prepare is not None:
        prepare(tree)
    done = call("delta", tree, *arguments)
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"airwaybill: {error}")
    assert done.err.count("\n") == 1
    assert not any((tree / path).is_file() for path in there(tree))


def test_a_directory_without_a_release_is_an_error(tmp_path: Path, call: Call) -> None:
    done = call("delta", tmp_path)
    assert done.code == 1
    assert done.err.startswith("airwaybill: no_releases: ")


def test_a_file_that_changed_since_the_scan_makes_no_patch(tree: Path) -> None:
    catalog = airwaybill.scan(tree)
    (tree / "1.0.1/flash/lib.py").write_bytes(TEXT[::-1])
    maker, update = _delta.Maker(str(tree)), next(iter(_delta.updates(catalog)))
    base, target = update.files[-1]
    assert target.path == "1.0.1/flash/noise.bin"
    maker.make(base, target)
    base, target = next(pair for pair in update.files if pair[1].path == "1.0.1/flash/lib.py")
    with pytest.raises(airwaybill.AirwaybillError) as caught:
        maker.make(base, target)
    assert caught.value.code == "file_changed"
    assert FROM_NOTHING not in there(tree)


def test_a_disk_that_is_full_leaves_nothing(tree: Path, monkeypatch: pytest.MonkeyPatch, call: Call) -> None:
    def fsync(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fsync)
    done = call("delta", tree)
    assert (done.code, done.err) == (
        1,
        "airwaybill: patch_failed: cannot make patches: [Errno 28] No space left on device\n",
    )
    assert there(tree) == set()


def test_no_patch_is_made_of_large_files(tree: Path, call: Call) -> None:
    limit, large = bytes(PATCH_SIZE_LIMIT), bytes(PATCH_SIZE_LIMIT + 1)
    write(tree, {"1.0.1/flash/limit.txt": limit, "1.0.1/flash/large.txt": large})
    assert call("delta", tree, "--from", "1.0.0").code == 0
    made = there(tree)
    assert patch(limit) in made
    assert patch(large) not in made


def test_formats_1_and_2_are_the_same_with_patches(tree: Path, call: Call) -> None:
    def manifests() -> list[str]:
        return [
            call("manifest", tree, "--format", number, *base).out
            for number in (1, 2)
            for base in ((), ("--from", "1.0.0"), ("--from", "0.9.0"), ("--from", "1.0.1"))
        ]

    before = manifests()
    call("delta", tree)
    assert manifests() == before
    assert call("manifest", tree, "--format", "3", "--from", "1.0.0").out not in before


def test_plan_and_inspect_say_what_patches_save(tree: Path, call: Call) -> None:
    before = call("plan", tree, "--from", "1.0.0").out, call("inspect", tree).out
    assert not any("patch" in said for said in before)
    call("delta", tree)
    plan = airwaybill.scan(tree).plan("1.0.0")
    assert plan is not None
    full, patched = (f"{size:,} B".replace(",", " ") for size in (plan.download_size, plan.patched_size))
    lines = call("plan", tree, "--from", "1.0.0").out.splitlines()
    assert lines[0].split() == ["action", "path", "size", "patch", "sha1"]
    size = len(make_patch(OLD, NEW))
    (row,) = (line.split() for line in lines if line.startswith("update"))
    assert row == ["update", "flash/main.py", "2", "994", "B", str(size), "B", sha1(NEW)]
    assert lines[-1].endswith(f", {full} to download, {patched} with patches")
    rows = [line.split("  ") for line in call("inspect", tree).out.splitlines()]
    assert [cell.strip() for cell in rows[0] if cell][-2:] == ["update", "with patches"]
    assert [cell.strip() for cell in rows[2] if cell][-2:] == [full, patched]
    assert [cell.strip() for cell in rows[3] if cell][-2:] == ["0 B", "0 B"]
    (_, release, _) = json.loads(call("inspect", tree, "--json").out)["releases"]
    assert (release["download_size"], release["patched_size"]) == (plan.download_size, plan.patched_size)
