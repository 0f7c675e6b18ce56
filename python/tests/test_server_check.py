"""H7: what the server's check found, what it holds back for it, and what it remembers."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from content import sha1, write
from server_support import Server, eventually, serving
from test_server_preview import manifest_from

from airwaybill.cli import run

MPY = b"M\x06\x00\x1f"


def log_of(server: Server) -> list[str]:
    """What it said of the releases."""
    return [line.removeprefix("airwaybill: ").strip() for line in server.said if line.startswith("airwaybill: ")]


def whole_log_of(server: Server) -> list[str]:
    """The same, once the check is done."""
    lines: list[str] = eventually(partial(log_of, server), lambda lines: lines and lines[-1].startswith("devices get"))
    return lines


def starts(start: str, server: Server) -> list[str]:
    return [line for line in log_of(server) if line.startswith(start)]


def reasons(found: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(each["path"], each["code"]) for each in found]


def target(server: Server, current: str = "") -> Any:
    return server.get(f"/manifest.json?current_ver={current}" if current else "/manifest.json").json()


def test_errors_are_said_at_the_start_and_when_they_are_new(root: Path, log: Path) -> None:
    write(root, {"1.0.0/flash/lib.py": b"lib\n", "1.0.1/flash/lib.py": b"a\0", "1.0.1/flash/boot.mpy": MPY})
    with serving(root, log, "--settle", "0") as server:
        assert whole_log_of(server) == [
            'error: start_mpy: 1.0.1/flash/boot.mpy: MicroPython runs "flash/boot.py" at its start, never '
            '"flash/boot.mpy"',
            "error: python_broken: 1.0.1/flash/lib.py: it has NUL bytes: it was cut off, or is not Python",
            "offered: 1.0.0: 2 files, 8 B",
            "offered: 1.0.1: 3 files, 10 B",
            "devices get: 1.0.1, the highest of 2; errors: 2",
        ]
        health = server.health()
        assert reasons(health["errors"]) == [
            ("1.0.1/flash/boot.mpy", "start_mpy"),
            ("1.0.1/flash/lib.py", "python_broken"),
        ]
        assert health["held_back"] == []
        assert target(server)["version"] == "1.0.1"

        write(root, {"1.0.1/flash/lib/a.py": b"a = 1\n"})
        eventually(partial(starts, "devices get", server), lambda lines: lines[-1].endswith("errors: 3"))
        assert len(starts("error: module_hidden: 1.0.1/flash/lib: ", server)) == 1
        # What was said before is not said again.
        assert len(starts("error: python_broken", server)) == 1

        shutil.rmtree(root / "1.0.1/flash/lib")
        write(root, {"1.0.1/flash/boot.py": b"import boot_\n", "1.0.1/flash/lib.py": b"lib = 2\n"})
        eventually(partial(starts, "devices get", server), lambda lines: lines[-1].endswith("errors: 0"))
        assert server.health()["errors"] == []


@pytest.mark.parametrize(("options", "offered"), [([], "1.0.1"), (["--checked"], "1.0.0")])
def test_with_checked_a_release_is_held_back_with_its_image(
    root: Path, log: Path, options: list[str], offered: str
) -> None:
    write(root, {"firmware_1.0.1.bin": b"half", "firmware_1.0.1.bin.aria2": b"x"})
    with serving(root, log, "--settle", "0", *options) as server:
        health = server.health()
        assert health["releases"][-1] == offered
        assert reasons(health["errors"]) == [("1.0.1", "firmware_held_back")]
        assert "firmware_1.0.1.bin" in {path for path, _ in reasons(health["held_back"])}


def test_warnings_are_counted(root: Path, log: Path) -> None:
    write(root, {"1.0.1/flash/LIB.py": b"lib\n", "1.0.1/flash/.env": b"A=1\n", "1.0.00/flash/main.py": b"one\n"})
    with serving(root, log, "--settle", "0") as server:
        assert whole_log_of(server) == [
            'error: path_case: 1.0.1/flash/lib.py: "1.0.1/flash/LIB.py" and "1.0.1/flash/lib.py" differ only in letter '
            "case",
            'warning: version_equal: "1.0.0" and "1.0.00" are the same version; only "1.0.00" is offered',
            "offered: 1.0.00: 1 file, 4 B",
            "offered: 1.0.1: 4 files, 16 B",
            "devices get: 1.0.1, the highest of 2; errors: 1",
        ]
        assert server.health()["warnings"] == 2


def test_an_image_alone_is_served(root: Path, log: Path) -> None:
    for version in ("1.0.0", "1.0.1"):
        shutil.rmtree(root / version)
    write(root, {"firmware_1.0.1.bin": b"image", "check.toml": b'firmware = "any"'})
    with serving(root, log, "--settle", "0") as server:
        warning, image, offered = whole_log_of(server)
        assert warning.startswith("warning: no_releases: ")
        assert image == "offered: firmware_1.0.1.bin: 5 B"
        assert offered == "devices get: firmware_1.0.1.bin; errors: 0"
        assert (server.health()["errors"], server.health()["warnings"]) == ([], 1)


def test_what_still_changes_is_named_with_how_long_it_waits(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "3600") as server:
        waits = "still changing, not offered yet; it is once nothing in it has changed for 3600 s"
        assert whole_log_of(server) == [
            f'held back: 1.0.0: release_unsettled: "1.0.0": {waits}',
            f'held back: 1.0.1: release_unsettled: "1.0.1": {waits}',
            "devices get: nothing; errors: 0",
        ]


def test_what_is_held_back_is_named_with_the_reason(root: Path, log: Path) -> None:
    write(root, {"1.0.2/flash/main.py": b"three\n", "notes.txt": b"x"})
    (root / "1.0.2/flash/stray.py").symlink_to("../../notes.txt")
    (root / "latest").symlink_to("1.0.1")
    with serving(root, log, "--settle", "0") as server:
        assert whole_log_of(server) == [
            'held back: 1.0.2/flash/stray.py: link_outside: "1.0.2/flash/stray.py": a symbolic link must lead to a '
            "file of its own release",
            'error: release_held_back: 1.0.2: "1.0.2" is newer and held back; 1.0.1 was checked instead: '
            '"1.0.2/flash/stray.py": a symbolic link must lead to a file of its own release',
            "offered: 1.0.0: 1 file, 4 B",
            "offered: 1.0.1: 2 files, 8 B",
            "devices get: 1.0.1, the highest of 2; errors: 1",
        ]
        health = server.health()
        assert reasons(health["held_back"]) == [("1.0.2/flash/stray.py", "link_outside")]
        assert "own release" in health["held_back"][0]["message"]
        (root / "1.0.2/flash/stray.py").unlink()
        server.wait(lambda health: health["releases"][-1] == "1.0.2")
        eventually(
            partial(starts, "devices get", server),
            lambda lines: "devices get: 1.0.2, the highest of 3; errors: 0" in lines,
        )


def test_each_release_and_image_has_a_line(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "0") as server:
        assert whole_log_of(server)[:-1] == ["offered: 1.0.0: 1 file, 4 B", "offered: 1.0.1: 2 files, 8 B"]

        def says(*lines: str) -> None:
            eventually(lambda: log_of(server)[-len(lines) :], lambda last: last == list(lines))

        write(root, {"firmware_1.0.1.bin": b"image", "check.toml": b'firmware = "any"'})
        says("offered: firmware_1.0.1.bin: 5 B", "devices get: 1.0.1, the highest of 2; firmware_1.0.1.bin; errors: 0")
        (root / "1.0.1").rename(root / "1.0.1.bak")
        gone = "it is not there any more, or another is offered in its place"
        says(f"withdrawn: 1.0.1: {gone}", "devices get: 1.0.0; firmware_1.0.1.bin; errors: 0")
        (root / "1.0.0").rename(root / "1.0.0.bak")
        (root / "1.0.1.bak").rename(root / "1.0.1")
        says(
            "offered: 1.0.1: 2 files, 8 B",
            f"withdrawn: 1.0.0: {gone}",
            "devices get: 1.0.1; firmware_1.0.1.bin; errors: 0",
        )
        (root / "1.0.1/flash/stray.py").symlink_to("/etc/passwd")
        eventually(partial(starts, "held back: 1.0.1/flash/stray.py: link_outside: ", server), bool)
        (root / "firmware_1.0.1.bin").unlink()
        eventually(
            partial(starts, "withdrawn: ", server),
            lambda lines: lines[2:] == [f"withdrawn: firmware_1.0.1.bin: {gone}"],
        )


ACCEPT = b'[[accept]]\ncode = "python_broken"\npath = "1.0.2/**"\nreason = "data"\n'


def test_with_checked_what_has_errors_is_not_offered(root: Path, log: Path) -> None:
    write(
        root,
        {
            "1.0.1/flash/main.py": b"tw\0",
            "1.0.2/flash/main.py": b"three\n",
            "1.0.2/flash/lib.py": b"\0",
            "firmware_1.0.2.bin": b"<!doctype html>",
        },
    )
    with serving(root, log, "--settle", "0", "--checked") as server:
        health = server.health()
        assert (health["releases"], health["firmware"]) == (["1.0.0"], [])
        held = [(name, "check_failed") for name in ("1.0.1", "1.0.2", "firmware_1.0.2.bin")]
        assert reasons(health["held_back"]) == held
        assert [path for path, _ in reasons(health["errors"])] == [
            "1.0.2/flash/lib.py",
            "firmware_1.0.2.bin",
            "1.0.1/flash/main.py",
        ]
        assert len(starts("error: ", server)) == 3
        assert len(starts("held back: ", server)) == 3
        assert starts("devices get", server) == ["devices get: 1.0.0; errors: 3"]
        assert target(server)["version"] == "1.0.0"
        # Devices may be on one that was offered once.
        assert target(server, "1.0.1") is None

        document = server.get("/_preview/listing.json").json()
        assert sorted(document["options"]["failed"]) == [name for name, _ in held]
        assert [each["path"] for each in document["findings"] if each["level"] == "error"] == [
            path for path, _ in reasons(health["errors"])
        ]
        for current in (None, "1.0.0", "1.0.1"):
            query = "" if current is None else f"?current_ver={current}"
            assert manifest_from(document, current) == server.get(f"/manifest.json{query}").body

        (root / "firmware_1.0.2.bin").unlink()
        write(root, {"check.toml": ACCEPT})
        server.wait(lambda health: health["releases"] == ["1.0.0", "1.0.1", "1.0.2"])
        assert target(server)["version"] == "1.0.2"
        write(root, {"firmware_1.0.3.bin": b"", "check.toml": b"accept = 5"})
        said = "error: settings_invalid: check.toml: accept: expected a list, found `5`"
        eventually(partial(starts, said, server), bool)
        # What it said before holds: nothing goes out, or is held back, for a slip in it.
        health = server.wait(lambda health: len(health["held_back"]) == 1)
        assert (health["releases"], health["firmware"]) == (["1.0.0", "1.0.1", "1.0.2"], [])


@pytest.mark.parametrize(
    ("bad", "other"), [("1.0.1/flash/main.py", "firmware_1.0.1.bin"), ("firmware_1.0.1.bin", "1.0.1")]
)
def test_a_release_and_its_image_are_held_back_together(root: Path, log: Path, bad: str, other: str) -> None:
    write(root, {"check.toml": b'firmware = "any"', "firmware_1.0.1.bin": b"image", bad: b"\0"})
    if bad.endswith(".bin"):
        write(root, {bad: b""})
    name = bad.partition("/")[0]
    with serving(root, log, "--settle", "0", "--checked") as server:
        assert {each["path"]: each["message"] for each in server.health()["held_back"]} == {
            name: f'"{name}": its check has errors; it is not offered until they are gone, or accepted',
            other: f'"{other}": held back with "{name}"',
        }
        assert starts("devices get", server) == ["devices get: 1.0.0; errors: 1"]
        document = server.get("/_preview/listing.json").json()
        assert document["options"]["failed"] == [name]
        assert manifest_from(document, "1.0.0") == server.get("/manifest.json?current_ver=1.0.0").body == b"null"


@pytest.mark.parametrize("option", [None, "--checked"])
def test_settings_that_were_never_read(root: Path, log: Path, option: str | None) -> None:
    write(root, {"firmware_1.0.1.bin": b"\0", "check.toml": b"mounts = 5"})
    with serving(root, log, "--settle", "0", *filter(None, [option])) as server:
        offered = "nothing" if option else "1.0.1, the highest of 2; firmware_1.0.1.bin"
        assert whole_log_of(server)[-1] == f"devices get: {offered}; errors: 2"
        assert starts("error: settings_invalid: ", server) == [
            "error: settings_invalid: check.toml: mounts: expected a list, found `5`"
        ]
        # What is meant so is not known, and so nothing goes out.
        health = server.health()
        held = ["1.0.0", "1.0.1", "firmware_1.0.1.bin"] if option else []
        assert [path for path, _ in reasons(health["held_back"])] == held
        assert health["errors"][0]["code"] == "settings_invalid"
        until = "nothing is offered" if option else "it is ignored"
        listing = server.get("/_preview/listing.json").json()
        assert (listing["check"], listing["findings"][0]["advice"]) == ({}, f"correct it: until then {until}")

        write(root, {"check.toml": b'firmware = "any"'})
        server.wait(lambda health: health["releases"] == ["1.0.0", "1.0.1"] and health["errors"] == [])


def counts(server: Server, current: str) -> tuple[int, ...]:
    document = target(server, current)
    return tuple(len(document[key]) for key in ("delete", "new", "update"))


def test_a_release_that_is_held_back_is_remembered_for_its_devices(root: Path, log: Path) -> None:
    before = {"boot": b"boot", "main": b"one", "lib/a": b"a", "old": b"old"}
    after = {"boot": b"boot", "main": b"two", "lib/a": b"b", "new": b"new"}
    for version, files in (("1.0.0", before), ("1.0.1", after)):
        shutil.rmtree(root / version)
        write(root, {f"{version}/flash/{name}.py": content for name, content in files.items()})
    stray = root / "1.0.0/flash/stray.py"
    with serving(root, log, "--settle", "0") as server:
        assert counts(server, "1.0.0") == (1, 1, 2)
        stray.symlink_to("/etc/passwd")
        health = server.wait(lambda health: health["releases"] == ["1.0.1"])
        assert reasons(health["held_back"]) == [("1.0.0/flash/stray.py", "link_outside")]
        assert counts(server, "1.0.0") == (1, 1, 2)

        # It is a base, and no release.
        document = server.get("/_preview/listing.json").json()
        assert len(document["remembered"]) == 4
        assert manifest_from(document, "1.0.0") == server.get("/manifest.json?current_ver=1.0.0").body
        warnings = {(each["code"], each["path"]) for each in document["findings"] if each["level"] == "warning"}
        assert warnings == {("base_held_back", "1.0.0"), ("link_outside", "1.0.0/flash/stray.py")}

        # It stays so through other changes, and until it is offered again.
        write(root, {"1.0.1/flash/new.py": b"newer", "1.0.0/flash/main.py": b"zero"})
        server.wait(lambda health: health["generation"] > 2)
        eventually(partial(counts, server, "1.0.0"), lambda found: found == (1, 1, 2))
        write(root, {"1.0.0/flash/main.py": b"two"})
        stray.unlink()
        server.wait(lambda health: health["releases"] == ["1.0.0", "1.0.1"])
        eventually(partial(counts, server, "1.0.0"), lambda found: found == (1, 1, 1))

        # What is gone is withdrawn.
        shutil.rmtree(root / "1.0.0")
        server.wait(lambda health: health["releases"] == ["1.0.1"])
        assert counts(server, "1.0.0") == (0, 4, 0)


def test_a_release_that_fails_its_check_is_remembered_as_it_was(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "0", "--checked") as server:
        assert target(server)["version"] == "1.0.1"
        write(root, {"1.0.1/flash/lib.py": b"\0", "1.0.2/flash/main.py": b"three\n", "1.0.2/flash/lib.py": b"lib\n"})
        server.wait(lambda health: health["releases"][-1] == "1.0.2")
        write(root, {"1.0.2/flash/lib.py": b"\0\0"})
        server.wait(lambda health: health["releases"] == ["1.0.0"])
        document = server.get("/_preview/listing.json").json()
        assert document["options"]["failed"] == ["1.0.2", "1.0.1"]
        assert {each["path"]: each["sha1"] for each in document["remembered"]} == {
            "1.0.1/flash/lib.py": sha1(b"\0"),
            "1.0.1/flash/main.py": sha1(b"two\n"),
            "1.0.2/flash/lib.py": sha1(b"lib\n"),
            "1.0.2/flash/main.py": sha1(b"three\n"),
        }


@pytest.mark.parametrize("place", ["empty", "parent"])
def test_a_directory_without_releases_is_a_warning(root: Path, log: Path, place: str) -> None:
    served = root.parent if place == "parent" else root.parent / "empty"
    served.mkdir(exist_ok=True)
    with serving(served, log, "--settle", "0") as server:
        warning, offered = whole_log_of(server)
        assert warning.startswith("warning: no_releases: ")
        assert (str(root) in warning) is (place == "parent")
        assert offered == "devices get: nothing; errors: 0"
        assert target(server) is None
        health = server.health()
        assert (health["status"], health["errors"], health["warnings"]) == ("ok", [], 1)
        write(served, {"1.0.0/flash/main.py": b"one\n"})
        server.wait(lambda health: health["releases"] == ["1.0.0"])
        eventually(partial(starts, "devices get: 1.0.0; errors: 0", server), bool)


def test_inspect_shows_what_would_be_held_back(root: Path, capfd: pytest.CaptureFixture[str]) -> None:
    write(root, {"1.0.1/flash/main.py": b"tw\0"})
    assert run(["inspect", str(root)]) == 0
    assert "check_failed" not in capfd.readouterr().out
    assert run(["inspect", "--checked", str(root)]) == 0
    out, err = capfd.readouterr()
    assert any(line.split()[:2] == ["1.0.1", "check_failed"] for line in out.splitlines())
    assert out.splitlines()[-1] == "1 releases, 0 firmware images"
    assert (
        err
        == "airwaybill: error: python_broken: 1.0.1/flash/main.py: it has NUL bytes: it was cut off, or is not Python\n"
    )
