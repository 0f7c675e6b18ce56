"""Mistakes that operators made, each as a directory, and what the command line says of it."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from conftest import Call
from content import noise, write

OLD = {
    "flash/boot.py": b"import machine\n",
    "flash/main.py": b"import app\n",
    "flash/config.py": b"RATE = 1\n",
    "flash/lib/app.py": b"x = 1\n" * 20,
    "flash/lib/net.py": b"y = 1\n" * 20,
}
NEW = {**OLD, "flash/lib/net.py": b"y = 2\n" * 20}
KEY = b"-----BEGIN PRIVATE KEY-----\nMIGHAgEAMBMGByqG\n-----END PRIVATE KEY-----\n"
TABLE = bytes.fromhex("aa50010200900000")

Tree = dict[str, bytes]


def release(version: str, files: Tree) -> Tree:
    return {f"{version}/{path}": content for path, content in files.items()}


def two(new: Tree, *without: str) -> Tree:
    kept = {path: content for path, content in {**NEW, **new}.items() if path not in without}
    return {**release("1.0.0", OLD), **release("1.0.1", kept)}


def versions(*names: str) -> Tree:
    """Releases whose content differs."""
    different = {name: {**OLD, "flash/lib/net.py": f"y = {number}\n".encode()} for number, name in enumerate(names)}
    return {path: data for name, files in different.items() for path, data in release(name, files).items()}


def found(*findings: str) -> list[tuple[str, ...]]:
    return [tuple(finding.split(" ")) for finding in findings]


CASES: dict[str, tuple[Tree, list[str], list[tuple[str, ...]]]] = {
    "1 withdrawn by a name": (
        {**versions("1.0.0", "1.0.1"), **versions("1.0.1.bak", "1.0.1.tmp", "1.0.1-broken", "1.0.1_old")},
        [],
        found(
            "hint name_withdrawn 1.0.1-broken",
            "hint name_withdrawn 1.0.1.bak",
            "hint name_withdrawn 1.0.1.tmp",
            "hint name_withdrawn 1.0.1_old",
        ),
    ),
    "2 words": (
        versions("1.0.1", "3rdparty", "2fa-docs"),
        [],
        found("hint name_word 2fa-docs", "hint name_word 3rdparty"),
    ),
    "3 a leading v": (versions("1.0.1", "v1.0.0"), [], found("warning version_mixed v1.0.0")),
    "4 a device with a leading v": (versions("1.0.0", "1.0.1"), ["--from", "v1.0.0"], []),
    "5 git describe, loose": (
        versions("v1.9.0", "v1.10.0rc1", "v1.10.0rc1-1-aaaaaa", "v1.10.0"),
        [],
        found("warning version_prerelease v1.10.0rc1", "warning version_prerelease v1.10.0rc1-1-aaaaaa"),
    ),
    "5 git describe, pep440": (
        versions("v1.9.0", "v1.10.0rc1", "v1.10.0rc1-1-aaaaaa", "v1.10.0"),
        ["--scheme", "pep440"],
        found("hint version_pep440 v1.10.0rc1-1-aaaaaa"),
    ),
    "6 rc above r": (versions("1.20.2.r6", "1.20.2.rc11"), [], found("warning version_prerelease 1.20.2.rc11")),
    "7 a letter": (versions("1.0.9", "1.0.O"), [], found("warning version_letter 1.0.O")),
    "8 too deep": (
        {**release("1.0.0", OLD), **release("1.0.1/1.0.1", NEW)},
        [],
        found(
            "error nothing_stays 1.0.1",
            "error path_mount 1.0.1/1.0.1",
            "error start_missing 1.0.1/flash/boot.py",
            "error start_missing 1.0.1/flash/main.py",
        ),
    ),
    "9 no mount point": (
        {**release("1.0.0", OLD), **release("1.0.1", {path.partition("/")[2]: data for path, data in NEW.items()})},
        [],
        found(
            "error nothing_stays 1.0.1",
            *(f"error path_mount 1.0.1/{name}" for name in ("boot.py", "config.py", "lib", "main.py")),
            "error start_missing 1.0.1/flash/boot.py",
            "error start_missing 1.0.1/flash/main.py",
        ),
    ),
    "10 near misses": (
        {**versions("1.0.0", "release-1.0.1"), "firmware-1.0.1.bin": b"x"},
        [],
        found("hint name_near firmware-1.0.1.bin", "hint name_near release-1.0.1"),
    ),
    "11 no main.py": (two({}, "flash/main.py"), [], found("error start_missing 1.0.1/flash/main.py")),
    "12 line ends": (
        two({path: data.replace(b"\n", b"\r\n") for path, data in OLD.items()}),
        [],
        found("warning line_ends 1.0.1/flash/boot.py"),
    ),
    "13 secrets": (
        two({"flash/cert/device.key": KEY, "flash/.env": b"A=1\n", "flash/.git/config": b"[core]\n"}),
        [],
        found(
            "warning secret_file 1.0.1/flash/.env",
            "warning secret_key 1.0.1/flash/cert/device.key",
            "hint ignored_name 1.0.1/flash/.git/",
        ),
    ),
    "14 ten times its size": (
        {**two({"flash/lib/a.py": b"z = 1\n" * 70_000}), "1.0.0/flash/lib/a.py": b"z = 1\n" * 7_000},
        [],
        found("hint file_grown 1.0.1/flash/lib/a.py"),
    ),
    "15 the same content": (two(OLD), [], found("warning content_same 1.0.1")),
    "16 no bytes": ({**two({}), "firmware_1.1.0.bin": b""}, [], found("error firmware_empty firmware_1.1.0.bin")),
    "16 a page": (
        {**two({}), "firmware_1.1.0.bin": b"<!DOCTYPE html>\n<title>404"},
        [],
        found("error firmware_page firmware_1.1.0.bin"),
    ),
    "16 a pointer": (
        {**two({}), "firmware_1.1.0.bin": b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n"},
        [],
        found("error firmware_pointer firmware_1.1.0.bin"),
    ),
    "16 a whole flash": (
        {**two({}), "firmware_1.1.0.bin": b"\xff" * 0x8000 + TABLE + noise(1000)},
        [],
        found("error firmware_flash firmware_1.1.0.bin"),
    ),
    "17 main.mpy": (
        two({"flash/main.mpy": b"M\x06\x00\x1f"}, "flash/main.py"),
        [],
        found("error start_mpy 1.0.1/flash/main.mpy"),
    ),
    "18 a hidden module": (
        two({"flash/config/defaults.json": b"{}\n"}),
        [],
        found("error module_hidden 1.0.1/flash/config"),
    ),
    "19 a directory for a file": (
        {**two({"flash/data/app.json": b"{}\n"}), "1.0.0/flash/data": b"x\n"},
        [],
        [],
    ),
    "20 withdrawn": (release("1.0.1", NEW), ["--from", "1.0.0"], found("warning base_unknown 1.0.0")),
    "23 nearly a release": (two({}), ["--from", "1.0"], found("warning base_unknown 1.0")),
}


@pytest.mark.parametrize("case", CASES)
def test_a_check_says(tmp_path: Path, call: Call, case: str) -> None:
    tree, options, expected = CASES[case]
    write(tmp_path, tree)
    done = call("check", "--json", *options, tmp_path)
    findings = [(each["level"], each["code"], each["path"]) for each in json.loads(done.out)]
    assert sorted(findings) == sorted(expected)
    assert done.code == (1 if any(level == "error" for level, *_ in findings) else 0)


def plan(call: Call, *arguments: object) -> Any:
    return json.loads(call("plan", "--json", *arguments).out)


def test_the_right_release_goes_out(tmp_path: Path, call: Call) -> None:
    """What cases 1 to 6 offered was wrong."""
    for number, (names, options, target) in enumerate(
        [
            (["1.0.1", "1.0.1.bak", "1.0.1.tmp", "1.0.1-broken", "1.0.1_old"], [], "1.0.1"),
            (["1.0.1", "3rdparty", "2fa-docs"], [], "1.0.1"),
            (["1.0.1", "v1.0.0"], ["--from", "1.0.1"], None),
            (["1.0.0", "1.0.1"], ["--from", "v1.0.0"], "1.0.1"),
            (["v1.9.0", "v1.10.0rc1", "v1.10.0rc1-1-aaaaaa", "v1.10.0"], ["--scheme", "pep440"], "v1.10.0"),
            (["1.20.2.r6", "1.20.2.rc11"], [], "1.20.2.rc11"),
        ]
    ):
        root = tmp_path / str(number)
        write(root, versions(*names))
        found = plan(call, root, *options)
        assert (found and found["version"]) == target


def test_the_advice_names_what_is_right(tmp_path: Path, call: Call) -> None:
    for case, words in (
        ("8 too deep", ["1.0.1", "one directory too many"]),
        ("10 near misses", ["firmware_1.0.1.bin", 'rename it to \\"1.0.1\\"']),
        ("23 nearly a release", ["1.0.0"]),
    ):
        root = tmp_path / case
        write(root, CASES[case][0])
        out = call("check", "--json", *CASES[case][1], root).out
        assert [word for word in words if word not in out] == [], case


def test_20_and_23_plan_says_that_the_base_is_not_here(tmp_path: Path, call: Call) -> None:
    write(tmp_path, two({}))
    done = call("plan", tmp_path, "--from", "0.9.0")
    assert done.code == 0
    assert done.err.startswith("airwaybill: warning: base_unknown: 0.9.0: ")
    assert "nothing will be deleted" in done.err
    done = call("plan", tmp_path, "--from", "1.0")
    assert (done.code, '"1.0.0"' in done.err) == (0, True)


def test_21_plan_says_that_the_base_is_held_back(tmp_path: Path, call: Call) -> None:
    write(tmp_path, two({}))
    (tmp_path / "1.0.0/flash/stray.py").symlink_to("/etc/hostname")
    for command in ("plan", "manifest"):
        done = call(command, tmp_path, "--from", "1.0.0")
        assert done.code == 0
        assert done.err.startswith("airwaybill: warning: base_held_back: 1.0.0: ")
        assert "1.0.0/flash/stray.py" in done.err
    codes = [each["code"] for each in json.loads(call("check", "--json", "--from", "1.0.0", tmp_path).out)]
    assert codes == ["base_held_back", "link_outside"]


@pytest.mark.parametrize("command", ["plan", "manifest"])
@pytest.mark.parametrize(("options", "said"), [([], True), (["--from", "1.0.0"], True), (["--from", "1.0.1"], False)])
def test_errors_are_those_of_devices_on_the_release_below(
    tmp_path: Path, call: Call, command: str, options: list[str], said: bool
) -> None:
    write(tmp_path, two({}, "flash/main.py"))
    done = call(command, tmp_path, *options)
    assert (done.code, done.err.startswith("airwaybill: error: start_missing: 1.0.1/flash/main.py: ")) == (0, said)


@pytest.mark.parametrize("command", ["plan", "manifest"])
def test_nothing_to_do_has_its_reason(tmp_path: Path, call: Call, command: str) -> None:
    write(tmp_path, two({"flash/lib/a.py.part": b"half"}))
    done = call(command, tmp_path, "--from", "1.0.0")
    assert done.code == 0
    newest, reason = done.err.splitlines()
    assert newest.startswith("airwaybill: error: release_held_back: 1.0.1: ")
    assert reason.startswith("airwaybill: warning: copy_under_way: 1.0.1/flash/lib/a.py.part: ")


@pytest.mark.parametrize("command", ["plan", "manifest"])
def test_one_that_is_asked_for_and_held_back_has_its_reason(tmp_path: Path, call: Call, command: str) -> None:
    write(tmp_path, two({"flash/lib/a.py.part": b"half"}))
    done = call(command, tmp_path, "--to", "1.0.1")
    assert (done.code, done.out) == (2, "")
    error = "airwaybill: release_held_back: '1.0.1' is held back: '1.0.1/flash/lib/a.py.part': a copy tool is not done"
    assert done.err.replace('"', "'").splitlines()[-1].startswith(error)


def test_a_check_of_the_release_below_the_newest_fails(tmp_path: Path, call: Call) -> None:
    write(tmp_path, two({"flash/lib/a.py.part": b"half"}))
    done = call("check", "--json", tmp_path)
    assert done.code == 1
    assert [each["code"] for each in json.loads(done.out)] == ["release_held_back", "copy_under_way"]


@pytest.mark.parametrize("command", ["plan", "manifest"])
def test_10_no_releases_has_its_reason(tmp_path: Path, call: Call, command: str) -> None:
    write(tmp_path, {"release-1.0.1/flash/main.py": b"a = 1"})
    done = call(command, tmp_path)
    assert (done.code, done.out) == (1, "")
    reason, error = done.err.splitlines()
    assert reason.startswith("airwaybill: hint: name_near: release-1.0.1: ")
    assert error.startswith("airwaybill: no_releases: ")


def test_a_check_of_no_releases_is_a_check(tmp_path: Path, call: Call) -> None:
    write(tmp_path, {"release-1.0.1/flash/main.py": b"a = 1"})
    done = call("check", "--json", tmp_path)
    assert done.code == 1
    assert [each["code"] for each in json.loads(done.out)] == ["no_releases", "name_near"]
    assert done.err.startswith("airwaybill: no_releases: ")


@pytest.mark.parametrize("command", ["plan", "manifest"])
@pytest.mark.parametrize(
    ("place", "advice"),
    [
        ("", "'{}/releases' has some"),
        ("empty", "each is a directory named with its version"),
        ("releases/1.0.1", "it is one itself, by its name: give the directory above"),
        ("releases/1.0.1/", "it is one itself, by its name: give the directory above"),
    ],
)
def test_22_no_releases(
    tmp_path_factory: pytest.TempPathFactory, call: Call, command: str, place: str, advice: str
) -> None:
    top = tmp_path_factory.mktemp("top")  # a long path is cut off in the message
    write(top / "releases", two({}))
    (top / "empty").mkdir()
    root = f"{top}/{place}"
    done = call(command, root)
    assert (done.code, done.out == "") == (1, command != "check")
    assert done.err == f"airwaybill: no_releases: {root!r}: there is no release here; {advice.format(top)}\n"


@pytest.mark.parametrize("command", ["plan", "manifest"])
def test_releases_that_are_all_held_back_are_named(tmp_path: Path, call: Call, command: str) -> None:
    write(tmp_path, {**two({"flash/a.py.part": b"half"}), "1.0.0/flash/a.py.part": b"half"})
    done = call(command, tmp_path)
    assert (done.code, done.out == "") == (1, command != "check")
    *reasons, error = done.err.splitlines()
    copied = [f"airwaybill: warning: copy_under_way: {name}/flash/a.py.part" for name in ("1.0.0", "1.0.1")]
    assert [reason.partition(': "')[0] for reason in reasons] == ([] if command == "check" else copied)
    assert error.startswith(f"airwaybill: no_releases: {str(tmp_path)!r}: no release is offered; held back: ")
    assert '"1.0.0", "1.0.1"; fix ' in error


@pytest.mark.parametrize(("encoding", "name"), [("utf-8-sig", "byte order mark"), ("utf-16", "UTF-16")])
def test_24_a_manifest_in_another_encoding(tmp_path: Path, call: Call, encoding: str, name: str) -> None:
    write(tmp_path / "releases", two({}))
    document = call("manifest", tmp_path / "releases").out
    (tmp_path / "manifest.json").write_bytes(document.encode(encoding))
    done = call("verify", tmp_path / "manifest.json", tmp_path / "releases")
    assert (done.code, name in done.err, done.err.count("\n")) == (1, True, 1)


def test_25_an_empty_directory(tmp_path: Path, call: Call) -> None:
    write(tmp_path, two({}))
    os.mkdir(tmp_path / "1.0.1/flash/log")
    [finding] = json.loads(call("check", "--json", tmp_path).out)
    assert (finding["level"], finding["code"], finding["path"]) == ("hint", "directory_empty", "1.0.1/flash/log")
