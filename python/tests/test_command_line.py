"""What all commands have in common: help, version, completion, JSON, environment variables; and other ways to serve."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from conftest import Call
from content import write
from server_support import ask, eventually, serving
from serving import COMMAND, DEADLINE_SECONDS, started
from signing_support import make_key

import airwaybill
from airwaybill import AirwaybillError, server
from airwaybill.cli import commands
from airwaybill.server import from_environment

NAMES = sorted(
    command.name or command.callback.__name__ for command in commands.registered_commands if command.callback
)


def test_the_version(call: Call) -> None:
    assert call("--version") == (0, f"airwaybill {airwaybill.__version__}\n", "")


@pytest.mark.parametrize("name", [[], *([name] for name in NAMES), ["keys"], ["keys", "new"], ["keys", "rotate"]])
def test_short_help(call: Call, name: list[str]) -> None:
    short, long = call(*name, "-h"), call(*name, "--help")
    assert short == long
    assert (short.code, short.err, "Usage: " in short.out) == (0, "", True)


@pytest.mark.parametrize(
    ("words", "wanted"), [("airwaybill pl", ["plan"]), ("airwaybill serve --se", ["--settle", "--serve-other"])]
)
def test_the_shell_completes(words: str, wanted: list[str]) -> None:
    environment = {
        **os.environ,
        "_AIRWAYBILL_COMPLETE": "complete_bash",
        "COMP_WORDS": words,
        "COMP_CWORD": str(len(words.split()) - 1),
    }
    done = subprocess.run(COMMAND, env=environment, capture_output=True, text=True, check=True)
    assert sorted(done.stdout.split()) == sorted(wanted)


def test_json_for_programs(root: Path, call: Call) -> None:
    write(root, {"firmware_1.0.1.bin": b"image", "notes.txt": b"notes"})
    found = json.loads(call("inspect", root, "--json").out)
    assert found["releases"] == [
        {"version": "1.0.0", "files": 1, "size": 4, "download_size": 13, "patched_size": 13},
        {"version": "1.0.1", "files": 2, "size": 8, "download_size": 0, "patched_size": 0},
    ]
    (image,) = found["firmware"]
    assert (image["path"], image["version"], image["size"], len(image["sha1"])) == (
        "firmware_1.0.1.bin",
        "1.0.1",
        5,
        40,
    )
    assert [(each["path"], each["code"]) for each in found["ignored"]] == [("notes.txt", "not_firmware")]
    assert found["warnings"] == []

    manifest = root.parent / "manifest.json"
    manifest.write_text(call("manifest", root).out)
    assert call("verify", manifest, root, "--json") == (0, '{\n  "checked": 3,\n  "problems": []\n}\n', "")
    write(root, {"1.0.1/flash/lib.py": b"LIB\n"})
    outcome = call("verify", manifest, root, "--json")
    (problem,) = json.loads(outcome.out)["problems"]
    assert (outcome.code, problem["path"], "verify_failed" in outcome.err) == (1, "1.0.1/flash/lib.py", True)
    manifest.write_text("null")
    assert json.loads(call("verify", manifest, root, "--json").out) == {"checked": 0, "problems": []}


def test_environment_variables(root: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRWAYBILL_IGNORE", "lib.py boot.py")
    monkeypatch.setenv("AIRWAYBILL_BASE_URL", "http://van.local")
    monkeypatch.setenv("AIRWAYBILL_DST_PATHS", "absolute")
    document = json.loads(call("manifest", root, "--from", "1.0.0").out)
    assert document["new"] == []
    assert [(entry["URL"], entry["dst_path"]) for entry in document["update"]] == [
        ("http://van.local/1.0.1/flash/main.py", "/flash/main.py")
    ]
    # What is given goes before.
    document = json.loads(call("manifest", root, "--from", "1.0.0", "--ignore", "main.py").out)
    assert [entry["dst_path"] for entry in document["new"]] == ["/flash/lib.py"]


@pytest.mark.parametrize("variable", ["AIRWAYBILL_SCHEME", "AIRWAYBILL_VERSIONS"])
def test_the_order_of_versions_by_its_former_name(
    root: Path, call: Call, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    write(root, {"2.0/flash/main.py": b"no release in SemVer\n"})
    semver = call("inspect", root, "--scheme", "semver")
    assert call("inspect", root, "--versions", "semver") == semver
    assert call("inspect", root, "--versions=semver") == semver
    assert call("inspect", root) != semver
    assert "--versions" not in call("inspect", "--help").out
    monkeypatch.setenv(variable, "semver")
    assert call("inspect", root) == semver
    monkeypatch.setenv(variable, "calendar")
    outcome = call("plan", root)
    assert (outcome.code, outcome.err.startswith("airwaybill: usage: ")) == (2, True)


def test_a_server_takes_its_settings_from_the_environment(root: Path, log: Path) -> None:
    write(root, {"notes.txt": b"notes\n"})
    environment = {
        "AIRWAYBILL_DIR": str(root),
        "AIRWAYBILL_HOST": "127.0.0.1",
        "AIRWAYBILL_PORT": "0",
        "AIRWAYBILL_SETTLE": "0",
        "AIRWAYBILL_NO_CACHE": "1",
        "AIRWAYBILL_SERVE_OTHER": "yes",
    }
    with serving(root, log, command=(*COMMAND, "serve"), env=environment) as server:
        assert server.get("/notes.txt").body == b"notes\n"
        assert server.stop() == 0


def test_a_factory_for_other_servers(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRWAYBILL_DIR", str(root))
    monkeypatch.setenv("AIRWAYBILL_SETTLE", "0")
    monkeypatch.setenv("AIRWAYBILL_NO_CACHE", "1")
    monkeypatch.setenv("AIRWAYBILL_PROTECT", "lib.py")
    monkeypatch.setenv("AIRWAYBILL_BASE_URL", "http://van.local/updates")
    assert "from_environment" in server.__all__
    app = from_environment()

    async def manifest() -> object:
        await app.startup()
        try:
            return (await ask(app, "/manifest.json")).json()
        finally:
            await app.shutdown()

    document = asyncio.run(manifest())
    assert isinstance(document, dict)
    assert [entry["URL"] for entry in document["new"]] == ["http://van.local/updates/1.0.1/flash/main.py"]


@pytest.mark.parametrize(
    ("variable", "value", "code", "about"),
    [
        ("BASE_URL", "ftp", "base_url_invalid", "ftp"),
        ("SETTLE", "soon", "usage", "AIRWAYBILL_SETTLE"),
        ("SCHEME", "calendar", "usage", "AIRWAYBILL_SCHEME"),
        ("TRUSTED_PROXY", "van", "proxy_invalid", "van"),
        ("CACHE", "/dev/null/digests", "cache_unusable", "/dev/null/digests"),
    ],
)
def test_what_a_factory_refuses(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, code: str, about: str
) -> None:
    monkeypatch.setenv(f"AIRWAYBILL_{variable}", value)
    with pytest.raises(AirwaybillError, match=about) as raised:
        from_environment()
    assert raised.value.code == code


class OverUnixSocket(http.client.HTTPConnection):
    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=20)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(self._path))


@pytest.fixture
def place() -> Iterator[Path]:
    """A path that is short enough for a socket."""
    path = Path(f"/tmp/airwaybill-{os.getpid()}.sock")
    yield path
    path.unlink(missing_ok=True)


def over(place: Path, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, bytes]:
    with closing(OverUnixSocket(place)) as connection:
        connection.request("GET", path, headers=headers or {})
        response = connection.getresponse()
        return response.status, response.read()


def serve_at(place: Path, root: Path) -> tuple[str, ...]:
    return (*COMMAND, "serve", str(root), "--uds", str(place), "--settle", "0", "--no-cache")


def test_over_a_unix_socket(root: Path, log: Path, place: Path) -> None:
    with (
        log.open("wb") as out,
        started(serve_at(place, root), stdout=out) as running,
        closing(OverUnixSocket(place)) as idle,
    ):
        assert f"serving {root} at unix:{place}\n" in running.said
        assert over(place, "/1.0.1/flash/main.py") == (200, b"two\n")
        assert json.loads(over(place, "/manifest.json")[1])["new"][0]["URL"] == "http://localhost/1.0.1/flash/lib.py"
        again = subprocess.run(serve_at(place, root), capture_output=True, text=True, timeout=20)
        assert (again.returncode, "address_unavailable" in again.stderr) == (2, True)
        # A connection on which nothing is under way does not hold up the end.
        idle.connect()
        assert running.end(signal.SIGTERM) == 0
        assert not [line for line in running.said if "cut off" in line]
    assert not place.exists()
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["path"], line["status"]) for line in lines] == [
        ("/1.0.1/flash/main.py", 200),
        ("/manifest.json", 200),
    ]


@pytest.mark.parametrize("without", ["2> /dev/full", "2>&-"])
def test_it_serves_where_nothing_can_be_said(root: Path, place: Path, without: str) -> None:
    silent = ("sh", "-c", f'exec "$@" > /dev/full {without}', "sh", *serve_at(place, root))

    def status() -> object:
        try:
            return over(place, "/healthz")[0]
        except OSError:
            return None

    with subprocess.Popen(silent) as process:
        try:
            eventually(status, lambda status: status == 200)
            assert over(place, "/1.0.1/flash/main.py") == (200, b"two\n")
        finally:
            process.terminate()
        assert process.wait(DEADLINE_SECONDS) == 0


def test_a_socket_that_a_killed_server_left_is_replaced(root: Path, place: Path) -> None:
    with started(serve_at(place, root)) as running:
        running.end(signal.SIGKILL)
    assert place.exists()
    with started(serve_at(place, root)) as running:
        assert over(place, "/healthz")[0] == 200
        assert running.end(signal.SIGTERM) == 0


def test_what_is_no_socket_stays(root: Path, place: Path) -> None:
    place.write_text("mine")
    done = subprocess.run(serve_at(place, root), capture_output=True, text=True, timeout=20)
    assert (done.returncode, place.read_text()) == (2, "mine")


def test_json_of_what_is_signed(root: Path, tmp_path: Path, call: Call) -> None:
    keys = tmp_path / "keys"
    made = [make_key(keys, name) for name in ("root", "office")]
    options = ("--root", f"{made[0]}.pub", "--release", f"{made[1]}.pub")

    def said(*arguments: object, code: int = 0) -> Any:
        outcome = call(*arguments, "--json")
        assert outcome.code == code
        return json.loads(outcome.out)

    assert said("keys", "new", root, "--product", "meter", *options) == {"name": "keys/1.waybill"}
    assert said("sign", root, "1.0.0", "--key", keys / "office") == [
        {"name": "1.0.0.waybill", "sequence": 1, "missing": 0}
    ]
    judged = said("verify", root, code=1)
    assert (judged["keys"], [one["path"] for one in judged["signed"]]) == (1, ["1.0.0", "1.0.1"])
    assert judged["not_offered"] == []
    rotated = said("keys", "rotate", root, "--floor", 2)
    assert (rotated["name"], rotated["lacks"][:30]) == ("keys/2.waybill.draft", "1 of the root keys of keys 1 (")
    assert said("sign", root, "keys", "--key", keys / "root") == {"name": "keys/2.waybill", "lacks": None}
