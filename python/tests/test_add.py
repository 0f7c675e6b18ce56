"""``airwaybill add``: copied beside, checked, renamed."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from conftest import Call
from content import write
from server_support import serving
from signing_support import new_keys

import airwaybill

GOOD = {"flash/main.py": b"three\n", "flash/lib.py": b"lib\n"}


def tree(root: Path) -> dict[str, bytes]:
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


@pytest.fixture
def source(tmp_path: Path) -> Path:
    write(tmp_path / "source", GOOD)
    return tmp_path / "source"


def test_a_release_is_added(root: Path, source: Path, call: Call) -> None:
    (source / "flash/alias.py").symlink_to("main.py")
    assert call("add", root, "1.0.2", source) == (0, "added 1.0.2: 3 files, 16 B\n", "")
    assert tree(root / "1.0.2") == {**GOOD, "flash/alias.py": b"three\n"}
    assert (root / "1.0.2/flash/alias.py").is_symlink()
    assert sorted(os.listdir(root)) == ["1.0.0", "1.0.1", "1.0.2"]


def test_a_server_offers_it_at_once(root: Path, source: Path, log: Path, call: Call) -> None:
    with serving(root, log, "--settle", "1000000") as server:
        assert call("add", root, "1.0.2", source).code == 0
        server.wait(lambda health: health["releases"] == ["1.0.2"])


def test_a_release_is_added_where_releases_are_signed(root: Path, source: Path, tmp_path: Path, call: Call) -> None:
    new_keys(root, tmp_path / "keys")
    key = tmp_path / "keys/office"
    assert call("sign", root, "1.0.0", "1.0.1", "--key", key).code == 0
    outcome = call("add", root, "1.0.2", source)
    assert (outcome.code, outcome.out) == (0, "added 1.0.2: 2 files, 10 B\n")
    assert [line.split(": ")[1:4] for line in outcome.err.splitlines()] == [["warning", "unsigned", "1.0.2"]]
    assert call("sign", root, "1.0.2", "--key", key).code == 0
    assert call("verify", root).code == 0


@pytest.mark.parametrize("ending", ["bin", "hex"])
def test_an_image_is_added(root: Path, tmp_path: Path, call: Call, ending: str) -> None:
    image = tmp_path / f"build.{ending}"
    image.write_bytes(b"\xe9image")
    write(root, {"check.toml": b'firmware = "any"'})
    outcome = call("add", root, "1.0.2", image, "--json")
    name = f"firmware_1.0.2.{ending}"
    added = json.loads(outcome.out)
    assert (outcome.code, added["name"], added["added"], added["size"]) == (
        0 if ending == "bin" else 1,
        name,
        ending == "bin",
        6,
    )
    assert [image.path for image in airwaybill.scan(root).firmware] == ([name] if added["added"] else [])


@pytest.mark.parametrize("accepted", [False, True])
def test_what_has_errors_is_not_added(root: Path, source: Path, call: Call, accepted: bool) -> None:
    write(source, {"flash/lib.py": b"\0"})
    # An error in another release holds up nothing.
    write(root, {"1.0.1/flash/lib.py": b"\0"})
    if accepted:
        write(root, {"check.toml": b'[[accept]]\ncode = "python_broken"\npath = "1.0.2/**"\nreason = "data"\n'})
    before = sorted(os.listdir(root))
    code, out, err = call("add", root, "1.0.2", source)
    if accepted:
        assert (code, out, err) == (0, "added 1.0.2: 2 files, 7 B\n", "")
        return
    assert (code, out) == (1, "")
    assert err.splitlines() == [
        "airwaybill: error: python_broken: 1.0.2/flash/lib.py: it has NUL bytes: it was cut off, or is not Python",
        "airwaybill: check_failed: 1.0.2 was not added: its check found 1 error",
    ]
    assert sorted(os.listdir(root)) == before
    added = json.loads(call("add", root, "1.0.2", source, "--json").out)
    assert (added["added"], [each["code"] for each in added["findings"]]) == (False, ["python_broken"])


@pytest.mark.parametrize(
    ("version", "source", "code"),
    [
        ("1.0.1", "source", "release_exists"),
        ("1.0.01", "source", "version_equal"),
        ("latest", "source", "version_start"),
        ("1.0.2.bak", "source", "name_withdrawn"),
        ("1.0.2", "missing", "source_invalid"),
        ("1.0.2", "source/flash/main.py", "source_invalid"),
        ("1.0.2", "stray", "link_outside"),
        ("1.0.2", "empty", "release_empty"),
        ("1.0.2", ".", "source_invalid"),
        ("1.0.2", "root", "source_invalid"),
        ("../1.0.2", "source", "version_start"),
        ("1.0.2/flash", "source", "version_character"),
    ],
)
def test_what_cannot_be_added(root: Path, tmp_path: Path, call: Call, version: str, source: str, code: str) -> None:
    write(tmp_path / "source", GOOD)
    write(tmp_path / "stray", GOOD)
    (tmp_path / "stray/flash/passwd").symlink_to("/etc/passwd")
    (tmp_path / "empty").mkdir()
    before = tree(tmp_path)
    outcome = call("add", root, version, tmp_path / source)
    assert (outcome.out, outcome.err.split(": ")[1]) == ("", code)
    assert outcome.code in (1, 2)
    assert tree(tmp_path) == before


def test_what_cannot_be_copied_is_said_in_a_line(root: Path, source: Path, call: Call) -> None:
    for name in ("pipe", "tube"):
        os.mkfifo(source / "flash" / name)
    outcome = call("add", root, "1.0.2", source)
    assert (outcome.code, outcome.err.count("named pipe"), outcome.err.count("\n")) == (1, 1, 1)
    assert outcome.err.startswith(f"airwaybill: copy_failed: cannot copy {source}: ")


def test_where_there_is_no_directory(source: Path, tmp_path: Path, call: Call) -> None:
    outcome = call("add", tmp_path / "missing", "1.0.2", source)
    assert (outcome.code, outcome.err.split(": ")[1]) == (2, "root_invalid")
