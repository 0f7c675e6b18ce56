"""The command line: what it prints, its exit codes and its messages."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest
from conftest import Call
from content import noise, sha1, write
from serving import COMMAND

import airwaybill


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    tree = tmp_path / "tree"
    write(
        tree,
        {
            "1.0.0/flash/main.py": b"one\n",
            "1.0.0/flash/old.py": b"old\n",
            "1.0.1/flash/main.py": b"two\n",
            "1.0.1/flash/[lib].py": b"lib\n",
            "firmware_1.0.1.bin": noise(1500),
            "notes.txt": b"notes\n",
            "check.toml": b'firmware = "any"\n',
        },
    )
    return tree


def test_manifest_prints_the_servers_bytes(tree: Path, call: Call) -> None:
    options = ("--base-url", "http://192.168.1.144:8000")
    done = call("manifest", tree, "--from", "1.0.0", *options)
    catalog = airwaybill.scan(tree)
    assert (done.code, done.err) == (0, "")
    assert done.out.encode() == catalog.manifest_json("http://192.168.1.144:8000", "1.0.0")
    assert call("manifest", tree).out.encode() == catalog.manifest_json("http://127.0.0.1:8000")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--from", "1.0.1"], None),
        (["--from", "1.0.1", "--firmware-version", "1.0.0"], {"version": "1.0.1", "firmware": True}),
        (["--from", "1.0.1", "--to", "1.0.0"], None),
        (["--from", "1.0.1", "--to", "1.0.0", "--allow-downgrade"], {"version": "1.0.0", "firmware": False}),
        (["--to", "1.0.0"], {"version": "1.0.0", "firmware": True}),
        (["--format", "2"], {"version": "1.0.1", "total_size": 1508}),
        (["--dst-paths", "absolute"], {"version": "1.0.1", "dst": "/flash/[lib].py"}),
        (["--ignore", "*.bin", "--ignore", "[[]lib].py"], {"version": "1.0.1", "dst": "flash/main.py"}),
        (["--protect", "flash/*"], {"version": "1.0.1", "firmware": True}),
        (["--scheme", "semver"], {"version": "1.0.1", "firmware": True}),
    ],
)
def test_manifest_options(tree: Path, call: Call, arguments: list[str], expected: dict[str, object] | None) -> None:
    document = json.loads(call("manifest", tree, *arguments).out)
    if expected is None:
        assert document is None
        return
    found = {
        "version": document["version"],
        "firmware": "firmware" in document,
        "total_size": document.get("total_size"),
        "dst": document["new"][0]["dst_path"] if document["new"] else None,
    }
    assert found.items() >= expected.items()


def test_plan_for_people(tree: Path, call: Call) -> None:
    done = call("plan", tree, "--from", "1.0.0")
    lines = done.out.splitlines()
    assert done.code == 0
    assert [line.split()[:2] for line in lines[:5]] == [
        ["action", "path"],
        ["delete", "flash/old.py"],
        ["new", "flash/[lib].py"],
        ["update", "flash/main.py"],
        ["flash", "firmware_1.0.1.bin"],
    ]
    assert lines[4].split()[2:] == ["1", "500", "B", sha1(noise(1500))]
    assert lines[-1] == "1.0.0 -> 1.0.1: 1 deleted, 1 new, 1 updated, 1 508 B to download"
    assert call("plan", tree, "--from", "1.0.1").out == "nothing to do\n"


def test_plan_for_programs(tree: Path, call: Call) -> None:
    plan = airwaybill.scan(tree).plan("1.0.0")
    assert plan is not None
    assert json.loads(call("plan", tree, "--from", "1.0.0", "--json").out) == plan.to_dict()
    assert call("plan", tree, "--from", "1.0.1", "--json").out == "null\n"


def test_inspect(tree: Path, call: Call) -> None:
    write(tree, {"1.00.1/flash/main.py": b"two\n", "bad\x1b[31m/x": b"", "1.0.0/flash/MAIN.py": b""})
    done = call("inspect", tree)
    rows = [line.split() for line in done.out.splitlines()]
    assert done.code == 0
    assert ["1.0.0", "3", "8", "B"] in rows
    assert ["1.0.1", "firmware_1.0.1.bin", "1", "500", "B", sha1(noise(1500))] in rows
    assert any(row[:2] == ["notes.txt", "not_firmware"] for row in rows)
    assert any("version_equal" in row for row in rows)
    assert any("path_case" in row for row in rows)
    assert "\x1b" not in done.out
    assert rows[-1] == ["2", "releases,", "1", "firmware", "images"]


def test_output_that_is_piped_is_not_folded(tree: Path, call: Call) -> None:
    path = "1.0.1/flash/" + "/".join(["a" * 200] * 5)
    write(tree, {path: b"x"})
    assert path.partition("/")[2] in call("plan", tree).out


def test_verify(tree: Path, call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    manifest = tmp_path / "manifest.json"
    manifest.write_bytes(airwaybill.scan(tree).manifest_json("http://h", "1.0.0", format=2))
    done = call("verify", manifest, tree)
    assert (done.code, done.out, done.err) == (0, "3 files match\n", "")
    with manifest.open() as file:
        monkeypatch.setattr(sys, "stdin", file)
        assert call("verify", "-", tree).code == 0
    (tree / "1.0.1/flash/main.py").write_bytes(b"three\n")
    (tree / "firmware_1.0.1.bin").unlink()
    done = call("verify", manifest, tree)
    two, three = sha1(b"two\n"), sha1(b"three\n")
    assert done.code == 1
    assert done.out.splitlines() == [
        f"different: 1.0.1/flash/main.py: expected 4 B {two}, found 6 B {three}",
        f"missing: firmware_1.0.1.bin: expected 1 500 B {sha1(noise(1500))}",
    ]
    assert done.err == "airwaybill: verify_failed: 2 of 3 files are missing or different\n"


@pytest.mark.parametrize(
    ("arguments", "code", "error"),
    [
        (["manifest", "{missing}"], 2, "root_invalid"),
        (["manifest", "{file}"], 2, "root_invalid"),
        (["plan", "{missing}"], 2, "root_invalid"),
        (["inspect", "{missing}"], 2, "root_invalid"),
        (["serve", "{missing}"], 2, "root_invalid"),
        (["serve", "{tree}", "--base-url", "nonsense"], 2, "base_url_invalid"),
        (["serve", "{tree}", "--ignore", "["], 2, "glob_invalid"),
        (["serve", "{tree}", "--trusted-proxy", "nonsense"], 2, "proxy_invalid"),
        (["serve", "{tree}", "--host", "256.1.1.1"], 2, "address_unavailable"),
        (["serve", "{tree}", "--port", "65536"], 2, "usage"),
        (["serve", "{tree}", "--settle", "-1"], 2, "usage"),
        (["manifest", "{tree}", "--base-url", "nonsense"], 2, "base_url_invalid"),
        (["manifest", "{tree}", "--from", ""], 2, "version_empty"),
        (["manifest", "{tree}", "--from", "x"], 2, "version_start"),
        (["manifest", "{tree}", "--from", "1\n2"], 2, "version_character"),
        (["manifest", "{tree}", "--firmware-version", "x"], 2, "version_start"),
        (["manifest", "{tree}", "--to", "9.9"], 2, "release_unknown"),
        (["manifest", "{tree}", "--protect", "["], 2, "glob_invalid"),
        (["manifest", "{tree}", "--format", "4"], 2, "usage"),
        (["manifest", "{tree}", "--scheme", "calendar"], 2, "usage"),
        (["manifest"], 2, "usage"),
        (["plan", "{tree}", "--frm", "1"], 2, "usage"),
        (["nonsense"], 2, "usage"),
        (["check", "{missing}"], 2, "root_invalid"),
        (["check", "{tree}", "--fail-on", "nonsense"], 2, "usage"),
        (["check", "{tree}", "--from", "x"], 2, "version_start"),
        (["check", "{tree}", "--flash-size", "0"], 2, "usage"),
        (["verify", "{missing}", "{tree}"], 2, "manifest_unread"),
        (["verify", "{tree}", "{tree}"], 2, "manifest_unread"),
        (["verify", "{file}", "{tree}"], 1, "json_invalid"),
        (["verify", "{empty}", "{tree}"], 1, "field_missing"),
        (["verify", "{good}", "{missing}"], 2, "root_invalid"),
        (["record", "{missing}", "1.0.1"], 2, "root_invalid"),
        (["record", "{tree}"], 2, "usage"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(
    tree: Path, call: Call, tmp_path: Path, arguments: Sequence[str], code: int, error: str
) -> None:
    places = {name: tmp_path / name for name in ("missing", "file", "empty", "good")}
    places["file"].write_text("no json")
    places["empty"].write_text("{}")
    places["good"].write_bytes(airwaybill.scan(tree).manifest_json("http://h"))
    done = call(*(argument.format(tree=tree, **places) for argument in arguments))
    assert (done.code, done.out) == (code, "")
    assert done.err.startswith(f"airwaybill: {error}: ")
    assert done.err.count("\n") == 1
    assert done.err.rstrip("\n").isprintable()


@pytest.mark.parametrize("command", ["check", "plan", "manifest"])
def test_a_directory_without_releases(tmp_path: Path, call: Call, command: str) -> None:
    write(tmp_path, {"there/1.0.0/flash/main.py": b"x", "docs/index.html": b"x"})
    done = call(command, tmp_path)
    assert (done.code, done.out == "") == (1, command != "check")
    assert done.err.startswith("airwaybill: no_releases: ")
    assert str(tmp_path / "there") in done.err


def test_check(tree: Path, call: Call) -> None:
    (tree / "check.toml").unlink()
    done = call("check", tree)
    assert done.code == 1
    assert [line.split()[:3] for line in done.out.splitlines() if line.startswith("error")] == [
        ["error", "firmware_1.0.1.bin", "firmware_not_esp"]
    ]
    assert done.err == "airwaybill: check_failed: 1 error, 0 warnings, 0 hints\n"


def test_check_for_programs(tree: Path, call: Call) -> None:
    done = call("check", tree, "--json", "--from", "0.9.0", "--fail-on", "hint")
    [finding] = json.loads(done.out)
    assert (finding["level"], finding["code"], finding["path"]) == ("warning", "base_unknown", "0.9.0")
    assert list(finding) == ["level", "path", "code", "message", "advice"]
    assert done.code == 1
    assert call("check", tree, "--from", "0.9.0").code == 0


ACCEPT = '[[accept]]\ncode = "{}"\npath = "{}"\nreason = "tests"'


@pytest.mark.parametrize(
    ("settings", "code", "error"),
    [
        ('firmware = "any"', 0, ""),
        ('\ufefffirmware = "any"\r\n', 0, ""),
        (
            'firmware = "esp8266"',
            2,
            "settings_invalid: check.toml: firmware: unknown variant `esp8266`, expected `esp` or `any`",
        ),
        ("firmware = ", 2, "settings_invalid: check.toml: Invalid value"),
        ("mount = []", 2, "settings_invalid: check.toml: mount: unknown field `mount`, expected one of `mounts`, "),
        ('mounts = "flash"', 2, 'settings_invalid: check.toml: mounts: expected a list, found string "flash"'),
        ("mounts = [2026-11-27]", 2, "settings_invalid: check.toml: mounts[0]: unsupported type date"),
        (
            "flash_size = inf",
            2,
            "settings_invalid: check.toml: flash_size: expected a whole number below 2^64, found null",
        ),
        (
            "flash_size = true",
            2,
            "settings_invalid: check.toml: flash_size: expected a whole number below 2^64, found boolean `true`",
        ),
        ('mounts = ["rom"]\nfirmware = "any"', 1, "check_failed"),
        (ACCEPT.format("firmware_not_esp", "*.bin"), 0, ""),
        ('[[accept]]\ncode = "firmware_not_esp"', 2, "settings_invalid: check.toml: accept[0]: missing field `path`"),
        (
            '[[accept]]\ncode = "secret_key"\npath = "*"\nreason = ""',
            2,
            'settings_invalid: check.toml: accept[0].reason: "": a reason says why it is meant; write it for whoever',
        ),
        (ACCEPT.format("secret_key", "a["), 2, 'settings_invalid: check.toml: accept[0].path: "a[": not a glob'),
        (
            ACCEPT.format("secret_keys", "*"),
            2,
            'settings_invalid: check.toml: accept[0].code: "secret_keys": there is no such code; did you mean',
        ),
    ],
)
def test_settings_of_the_check(tree: Path, call: Call, settings: str, code: int, error: str) -> None:
    (tree / "check.toml").write_text(settings)
    done = call("check", tree)
    assert (done.code, done.err[: len(error) + 12]) == (code, f"airwaybill: {error}" if error else "")


def test_settings_in_another_encoding(tree: Path, call: Call) -> None:
    (tree / "check.toml").write_text('firmware = "any"', encoding="utf-16")
    error = "airwaybill: settings_invalid: check.toml: it is not UTF-8, as TOML is: save it as that\n"
    assert call("check", tree) == (2, "", error)


def test_errors_are_said_by_plan_and_manifest(tree: Path, call: Call) -> None:
    (tree / "check.toml").unlink()
    for command in ("plan", "manifest"):
        done = call(command, tree, "--from", "1.0")
        assert done.code == 0
        assert done.err.splitlines()[0].startswith("airwaybill: error: firmware_not_esp: firmware_1.0.1.bin: ")
        assert "warning: base_unknown: 1.0: " in done.err
        assert "1.0.0" in done.err


def test_help_names_the_commands_and_options(call: Call) -> None:
    assert all(
        name in call("--help").out for name in ("check", "serve", "manifest", "plan", "inspect", "verify", "record")
    )
    # 2: without a command there is nothing to do.
    assert call().code in (0, 2)


def test_a_reader_that_goes_is_no_error(tree: Path) -> None:
    write(tree, {f"1.0.1/flash/file_{number}.py": b"x" for number in range(3000)})
    for arguments in (["plan", str(tree)], ["manifest", str(tree)], ["inspect", str(tree)]):
        process = subprocess.Popen([*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        process.stderr.close()
        assert process.wait(20) in (0, 1)


def on_a_terminal(arguments: Sequence[str]) -> tuple[int, str]:
    """Exit code, and what a terminal shows."""
    main, terminal = pty.openpty()
    process = subprocess.Popen(arguments, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = bytearray()
    try:
        while piece := os.read(main, 65536):
            shown += piece
    except OSError:
        # What a terminal says when the last program has closed it.
        pass
    finally:
        os.close(main)
    return process.wait(20), shown.decode()


def test_on_a_terminal_a_manifest_ends_with_a_new_line(tree: Path) -> None:
    code, shown = on_a_terminal([*COMMAND, "manifest", str(tree)])
    assert code == 0
    assert shown.endswith("}\r\n")


SLOW = """
import sys, time
import airwaybill, airwaybill._directory, airwaybill.cli

class Slow:
    @staticmethod
    def scan(directory, progress=None, **options):
        for done in range(0, 101, 10):
            if progress is not None:
                progress(done * 10**6, 10**8)
            time.sleep(float(sys.argv[2]))
        return airwaybill.Listing.scan(directory, **options)

airwaybill._directory.Listing = Slow
sys.exit(airwaybill.cli.run(["inspect", sys.argv[1]]))
"""


@pytest.mark.parametrize(("pause", "shown"), [("0.08", True), ("0.001", False)])
def test_a_bar_is_shown_for_what_takes_long(tree: Path, pause: str, shown: bool) -> None:
    command = [sys.executable, "-c", SLOW, str(tree), pause]
    assert ("MB" in on_a_terminal(command)[1]) is shown
    piped = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert (piped.returncode, piped.stderr) == (0, "")


def test_the_command_starts_without_the_server() -> None:
    script = (
        "import sys, airwaybill.cli; print([m for m in ('starlette', 'granian', 'watchfiles') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=20)
    assert done.stdout == "[]\n"


def test_verify_takes_what_an_up_to_date_device_gets(tree: Path, call: Call, tmp_path: Path) -> None:
    (tmp_path / "null.json").write_bytes(b"null")
    done = call("verify", tmp_path / "null.json", tree)
    assert (done.code, done.out, done.err) == (0, "0 files match\n", "")


def test_a_full_disk_is_said_in_one_line(tree: Path) -> None:
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [*COMMAND, "manifest", str(tree), "--from", "1.0.0"], stdout=full, stderr=subprocess.PIPE, text=True
        )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert done.stderr.startswith("airwaybill: output_failed: ")


@pytest.mark.parametrize("without", ["2> /dev/full", "2>&-"])
def test_what_cannot_be_said_changes_no_exit_code(tree: Path, without: str) -> None:
    for arguments, code in ((["plan", str(tree)], 0), (["plan", str(tree / "missing")], 2), (["--unknown"], 2)):
        silent = ("sh", "-c", f'exec "$@" > /dev/null {without}', "sh", *COMMAND, *arguments)
        assert subprocess.run(silent, timeout=60).returncode == code


def test_a_host_that_is_none_is_said_in_one_line(tree: Path, call: Call) -> None:
    done = call("serve", tree, "--host", "a" * 70, "--port", "0")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert done.err.startswith("airwaybill: address_unavailable: ")


def test_a_mount_that_is_named_twice_is_said_once(root: Path, call: Call) -> None:
    outcome = call("check", root, "--mount", "rom", "--mount", "sd", "--mount", "rom", "--json")
    assert "outside rom/, sd/: every device" in outcome.out
