"""`airwaybill record`: what belongs on a device that is delivered with a release, to the byte."""

from __future__ import annotations

import hashlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from content import write

import airwaybill
from airwaybill import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capfd: pytest.CaptureFixture[str]) -> Run:
    """Exit code, standard output, standard error."""

    def run(*arguments: object) -> tuple[int, str, str]:
        code = cli.run(["record", *map(str, arguments)])
        sys.stdout.flush()
        return code, *capfd.readouterr()

    return run


def lines(version: str, *files: str) -> str:
    """The record with the lines of its files; `/ …` as it is, else a path and its content."""
    text = f'airwaybill files 1\n{{"before":null,"firmware":null,"version":"{version}"}}\n'
    for file in files:
        path, is_file, content = file.partition(" = ")
        if is_file:
            text += f"{hashlib.sha256(content.encode()).hexdigest()} {len(content.encode())} "
        text += f"{path}\n"
    return f"{text}= {hashlib.sha256(text.encode()).hexdigest()}\n"


def test_the_record_to_the_byte(tmp_path: Path, run: Run) -> None:
    write(tmp_path, {"1.0.0/flash/old.py": b"", "1.0.1/flash/lib/a.py": b"a\n", "1.0.1/flash/main.py": b"main\n"})
    a = "87428fc522803d31065e7bce3cf03fe475096631e5e07bbd7a0fde60c4cf25c7"
    main = "6403203dd5a0867eb14d104ee8a73730bd72dd9ad92e78d996a6dba0a5dcfc01"
    expected = (
        "airwaybill files 1\n"
        '{"before":null,"firmware":null,"version":"1.0.1"}\n'
        "/ flash/lib/\n"
        f"{a} 2 flash/lib/a.py\n"
        f"{main} 5 flash/main.py\n"
        "= f24000d6bfce4dcd8b29777209d754b8bad0ea5e6b1b2052b708e8bab2a9f5c1\n"
    )
    assert run(tmp_path, "1.0.1") == (0, expected, "")


@pytest.mark.parametrize(
    ("files", "arguments", "expected"),
    [
        pytest.param(
            {"flash/main.py": "m", "sd/a/b/c.txt": "c", "sd/a/d.txt": "d"},
            [],
            ["flash/main.py = m", "/ sd/a/", "/ sd/a/b/", "sd/a/b/c.txt = c", "sd/a/d.txt = d"],
            id="directories below the mount, parents first",
        ),
        pytest.param(
            {"flash/a/x": "1", "flash/a-b/x": "2", "flash/a.py": "3", "flash/a0": "4", "flash/ab/x": "5"},
            [],
            [
                *("/ flash/a-b/", "flash/a-b/x = 2", "flash/a.py = 3", "/ flash/a/", "flash/a/x = 1", "flash/a0 = 4"),
                *("/ flash/ab/", "flash/ab/x = 5"),
            ],
            id="by the bytes of the path, each directory once",
        ),
        pytest.param(
            {"flash/ﬀ.txt": "1", "flash/𝄞.txt": "2", "flash/Z": "3", "flash/é/ü": "4"},
            [],
            ["flash/Z = 3", "/ flash/é/", "flash/é/ü = 4", "flash/ﬀ.txt = 1", "flash/𝄞.txt = 2"],
            id="UTF-8, where UTF-16 has another order",
        ),
        pytest.param({"a.txt": "a", "flash/b": "b"}, [], ["a.txt = a", "flash/b = b"], id="a file of no mount"),
        pytest.param(
            {"flash/boot.py": "b", "flash/OTA.py": "o", "flash/lib/OTA.mpy": "o", "flash/lib/airwaybill_boot.py": "r"}
            | {"flash/airwaybill_boot.mpy": "r", "flash/main.py": "m"},
            [],
            ["flash/main.py = m"],
            id="not the client's recovery, nor a directory of it alone",
        ),
        pytest.param(
            {
                "flash/lib/boot.py": "1",
                "flash/lib/x/OTA.py": "2",
                "flash/ota.py": "3",
                "flash/OTA/a": "4",
                "sd/OTA.py": "5",
            },
            [],
            [
                *("/ flash/OTA/", "flash/OTA/a = 4", "/ flash/lib/", "flash/lib/boot.py = 1", "/ flash/lib/x/"),
                *("flash/lib/x/OTA.py = 2", "flash/ota.py = 3", "sd/OTA.py = 5"),
            ],
            id="other files of these names are a release's own",
        ),
        pytest.param(
            {"flash/main.py": "m", "flash/keys/own.pem": "k", "flash/x.pyc": "c", "flash/.DS_Store": "d"},
            ["--protect", "flash/keys", "--ignore", "*.pyc"],
            ["flash/main.py = m"],
            id="not what is protected or ignored",
        ),
        pytest.param({"flash/main.py": "m"}, ["--protect", "flash/*"], [], id="all protected"),
    ],
)
def test_what_is_in_it(
    tmp_path: Path, run: Run, files: dict[str, str], arguments: list[str], expected: list[str]
) -> None:
    write(tmp_path, {f"1.0.1/{path}": content.encode() for path, content in files.items()})
    assert run(tmp_path, "1.0.1", *arguments) == (0, lines("1.0.1", *expected), "")


def test_a_file_of_many_pieces_and_a_link(tmp_path: Path, run: Run) -> None:
    content = "0123456789" * 250_000
    write(tmp_path, {"1.0.1/flash/big": content.encode()})
    (tmp_path / "1.0.1/flash/link").symlink_to("big")
    assert run(tmp_path, "1.0.1")[1] == lines("1.0.1", f"flash/big = {content}", f"flash/link = {content}")


@pytest.mark.parametrize(
    ("version", "message"),
    [
        ("1.0", "release_unknown: '1.0': no release has this name; did you mean 1.0.1 or 1.0.0?"),
        ("v9", "release_unknown: 'v9': no release has this name; the highest is 2024.1"),
        ("1.0.1/flash", "release_unknown: '1.0.1/flash': no release has this name; did you mean 1.0.1?"),
        ("3.0", "link_outside: '3.0' is not offered: "),
        ("2024.01", "version_equal: '2024.01' is not offered: "),
        ("docs", "version_start: 'docs' is not offered: "),
    ],
)
def test_a_release_that_is_not_there(tmp_path: Path, run: Run, version: str, message: str) -> None:
    names = ("1.0.0", "1.0.1", "2024.1", "2024.01", "3.0", "docs")
    write(tmp_path, {f"{name}/flash/main.py": b"" for name in names})
    (tmp_path / "3.0/flash/lost").symlink_to("nowhere")
    code, out, error = run(tmp_path, version)
    assert (code, out, error.count("\n")) == (2, "", 1)
    assert error.startswith(f"airwaybill: {message}")


def test_no_release_at_all(tmp_path: Path, run: Run) -> None:
    error = "airwaybill: release_unknown: '1.0.0': no release has this name; there are no releases\n"
    assert run(tmp_path, "1.0.0") == (2, "", error)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        (os.remove, "file_unread: cannot read "),
        (lambda path: Path(path).write_bytes(b"other"), "file_changed: "),
    ],
)
def test_a_file_that_goes_or_changes_meanwhile(
    tmp_path: Path, run: Run, monkeypatch: pytest.MonkeyPatch, change: Callable[[Path], object], error: str
) -> None:
    write(tmp_path, {"1.0.1/flash/main.py": b"main"})
    catalog = airwaybill.scan(tmp_path)
    change(tmp_path / "1.0.1/flash/main.py")
    monkeypatch.setattr(cli, "_catalog", lambda *_arguments: catalog)
    code, out, said = run(tmp_path, "1.0.1", "--output", tmp_path / "record")
    assert (code, out, os.listdir(tmp_path)) == (2, "", ["1.0.1"])
    assert said.startswith(f"airwaybill: {error}")
    assert "1.0.1/flash/main.py" in said


def test_output_replaces_a_file(tmp_path: Path, run: Run) -> None:
    write(tmp_path, {"releases/1.0.1/flash/main.py": b"main", "out/files": b"before", "out/files.new": b"another's"})
    assert run(tmp_path / "releases", "1.0.1", "--output", tmp_path / "out/files") == (0, "", "")
    assert (tmp_path / "out/files").read_text() == lines("1.0.1", "flash/main.py = main")
    assert sorted(os.listdir(tmp_path / "out")) == ["files", "files.new"]


@pytest.mark.parametrize(("output", "code"), [("/dev/null", 2), ("{tree}", 2), ("{tree}/missing/files", 1)])
def test_an_output_that_cannot_be_written(tmp_path: Path, run: Run, output: str, code: int) -> None:
    write(tmp_path, {"1.0.1/flash/main.py": b"main"})
    done = run(tmp_path, "1.0.1", "--output", output.format(tree=tmp_path))
    assert done[:2] == (code, "")
    assert done[2].startswith("airwaybill: output_failed: cannot write ")
    assert os.listdir(tmp_path) == ["1.0.1"]
