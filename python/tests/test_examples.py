"""The examples: what the repository's README serves has to be what the source document describes, and has to work."""

from __future__ import annotations

import hashlib
import http.client
import importlib.util
import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlsplit

import pytest
from conftest import Call

import airwaybill

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
RELEASES = EXAMPLES / "releases"
SERVER = EXAMPLES / "stdlib_server.py"


def files(root: Path) -> dict[str, bytes]:
    return {
        path.relative_to(root).as_posix(): path.read_bytes()
        for path in root.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def device_module(release: str, path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, RELEASES / release / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def no_bytecode(monkeypatch: pytest.MonkeyPatch) -> None:
    """Device modules are imported from the releases, which must not get a `__pycache__` by it."""
    monkeypatch.setattr(sys, "dont_write_bytecode", True)


def test_the_tree_is_the_source_documents() -> None:
    assert [path for path in sorted(files(RELEASES)) if "waybill" not in path] == [
        "1.0.0/flash/boot.py",
        "1.0.0/flash/lib/lib_a.py",
        "1.0.0/flash/main.py",
        "1.0.0/sd/asset_that_will_be_removed.wav",
        "1.0.0/sd/some_asset.txt",
        "1.0.1/flash/boot.py",
        "1.0.1/flash/lib/lib_a.py",
        "1.0.1/flash/lib/new_lib.py",
        "1.0.1/flash/main.py",
        "1.0.1/sd/some_asset.txt",
        "firmware_1.0.0.bin",
        "firmware_1.0.1.bin",
    ]


def test_the_script_writes_the_binaries_that_are_here(tmp_path: Path) -> None:
    script = shutil.copy(EXAMPLES / "make_binaries.py", tmp_path)
    (tmp_path / "releases/1.0.0/sd").mkdir(parents=True)
    subprocess.run([sys.executable, script], check=True)
    made = files(tmp_path / "releases")
    here = files(RELEASES)
    assert sorted(made) == ["1.0.0/sd/asset_that_will_be_removed.wav", "firmware_1.0.0.bin", "firmware_1.0.1.bin"]
    for name, data in made.items():
        assert data == here[name], name


def test_a_check_finds_nothing() -> None:
    assert airwaybill.scan(RELEASES).check_directory(RELEASES) == []


def test_the_plan_has_one_of_each() -> None:
    plan = airwaybill.scan(RELEASES).plan("1.0.0")
    assert plan is not None
    assert plan.version == "1.0.1"
    assert plan.delete == ["sd/asset_that_will_be_removed.wav"]
    assert [file.path for file in plan.new] == ["flash/lib/new_lib.py"]
    assert [file.path for file in plan.update] == ["flash/main.py", "sd/some_asset.txt"]
    assert plan.firmware is not None
    assert plan.firmware.path == "firmware_1.0.1.bin"


def test_a_cut_write_never_loses_the_total(tmp_path: Path) -> None:
    register = device_module("1.0.1", "flash/lib/lib_a.py").Register
    stem = str(tmp_path / "total")
    meter = register(stem)
    assert meter.total == 0
    for pulses in (5, 0, 7):
        meter.add(pulses)
    assert register(stem).total == 12

    before = files(tmp_path)
    register(stem).add(30)
    after = files(tmp_path)
    (slot,) = [name for name in after if after[name] != before[name]]
    for cut in range(len(after[slot]) + 1):
        for rest in (before[slot][cut:], b""):  # written in place, and to an empty file
            torn = after[slot][:cut] + rest
            (tmp_path / slot).write_bytes(torn)
            assert register(stem).total == (42 if torn == after[slot] else 12)


def test_settings_keep_the_default_for_what_is_not_a_number_above_0(tmp_path: Path) -> None:
    settings = device_module("1.0.1", "flash/lib/lib_a.py").settings
    defaults = {"a": 1, "b": 2, "c": 3}
    path = tmp_path / "settings.txt"
    path.write_text("# a 9\na 10 # ten\nb x\nc 0\nd 4\n\n")
    assert settings(str(path), defaults) == {"a": 10, "b": 2, "c": 3}
    assert settings(str(tmp_path / "absent"), defaults) == defaults


def test_the_uplink_carries_median_and_peak() -> None:
    new_lib = device_module("1.0.1", "flash/lib/new_lib.py")
    power = new_lib.PowerWindow()
    assert (power.median(), power.peak()) == (0, 0)
    for pulses in (10, 1000, 12):
        power.add(pulses, 1000, 60_000)
    assert (power.median(), power.peak()) == (720, 60_000)
    power.add(2000, 1000, 60_000)
    uplink = new_lib.pack_uplink(123_456, power.median(), power.peak())
    assert struct.unpack(">BIHH", uplink) == (1, 123_456, 30_360, 65_535)


class Client:
    """One request to a connection, as a small device makes them."""

    def __init__(self, host: str) -> None:
        self.host = host

    def get(self, target: str, *, method: str = "GET", send_host: bool = True) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self.host, timeout=10)
        try:
            connection.putrequest(method, target, skip_host=not send_host)
            connection.endheaders()
            response = connection.getresponse()
            return response.status, response.read()
        finally:
            connection.close()


@pytest.fixture(scope="module")
def server() -> Iterator[Client]:
    command = [sys.executable, str(SERVER), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        try:
            assert process.stdout is not None
            yield Client(urlsplit(process.stdout.readline().strip()).netloc)
        finally:
            process.terminate()


def test_the_script_is_short() -> None:
    assert len(SERVER.read_text().splitlines()) < 40


def test_the_script_answers_the_engines_manifest(server: Client) -> None:
    plan = airwaybill.scan(RELEASES).plan("1.0.0")
    assert plan is not None
    manifest = plan.manifest(f"http://{server.host}")
    status, body = server.get("/manifest.json?current_ver=1.0.0")
    assert status == 200
    assert json.loads(body) == manifest.to_dict()
    assert body.decode() == manifest.to_json()
    assert server.get("/manifest.json?current_ver=1.0.0", method="HEAD") == (200, b"")


def test_the_script_serves_what_the_manifest_names(server: Client) -> None:
    manifest: dict[str, Any] = json.loads(server.get("/manifest.json")[1])
    assert manifest["previous_version"] is None
    entries = [*manifest["new"], manifest["firmware"]] if "firmware" in manifest else manifest["new"]
    assert len(manifest["new"]) == 5
    for entry in entries:
        url = urlsplit(entry["URL"])
        assert url.netloc == server.host
        status, body = server.get(url.path)
        assert (status, hashlib.sha1(body).hexdigest()) == (200, entry["hash"]), entry["URL"]


def test_the_script_has_no_manifest_for_a_device_that_is_up_to_date(server: Client) -> None:
    assert server.get("/manifest.json?current_ver=1.0.1") == (200, b"null")


@pytest.mark.parametrize(
    ("query", "send_host", "code"),
    [
        ("?current_ver=1.0.0", False, "host_missing"),
        ("?current_ver=", True, "version_empty"),
        ("?current_ver=..%2f1.0.0", True, "version_start"),
    ],
)
def test_the_script_says_what_is_wrong(server: Client, query: str, send_host: bool, code: str) -> None:
    status, body = server.get(f"/manifest.json{query}", send_host=send_host)
    answer = json.loads(body)
    assert (status, answer["code"], sorted(answer)) == (400, code, ["code", "message"])


def test_the_script_serves_nothing_above_its_directory(server: Client) -> None:
    assert server.get("/../make_binaries.py")[0] == 404
    assert server.get("/%2e%2e/make_binaries.py")[0] == 404


def test_the_releases_are_signed(call: Call) -> None:
    assert call("verify", RELEASES).out.endswith("4 of 4 valid for devices with keys 1\n")


@pytest.mark.parametrize("script", ["sign_releases.sh", "rotate_keys.sh"])
def test_a_script_signs(script: str, tmp_path: Path) -> None:
    shutil.copytree(EXAMPLES, tmp_path / "examples")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    script = str(tmp_path / "examples" / script)
    done = subprocess.run([script], env={**os.environ, "PATH": path}, stdout=subprocess.PIPE, text=True, check=True)
    assert "signed 1.0.1.waybill" in done.stdout
