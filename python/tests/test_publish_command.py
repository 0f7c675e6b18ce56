"""The command `publish`: what stops it, what it prints (rules K1, K2 and S8)."""

from __future__ import annotations

import itertools
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import Call, Outcome
from content import write

from airwaybill import _settling
from airwaybill.publish import command
from airwaybill.publish import items as published
from airwaybill.publish.stores import open_store

EXAMPLES = Path(__file__).resolve().parents[2] / "examples/releases"
URL = "http://cdn.example/fleet"

Publish = Callable[..., Outcome]


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """The examples, signed; a copy that a test may change."""
    return Path(shutil.copytree(EXAMPLES, tmp_path / "releases"))


@pytest.fixture
def www(tmp_path: Path) -> Path:
    return tmp_path / "www"


@pytest.fixture
def publish(call: Call, releases: Path, www: Path) -> Publish:
    return lambda *options: call("publish", releases, www, "--base-url", URL, "--settle", "0", *options)


def there(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}


def change(path: str, data: bytes) -> Callable[[Path], None]:
    return lambda releases: write(releases, {path: data})


def no_release(releases: Path) -> None:
    for release in releases.glob("1.0.?"):
        shutil.rmtree(release)


WAYBILL = (EXAMPLES / "1.0.1.waybill").read_bytes()


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        pytest.param(change("1.0.2/flash/x.py", b"x\n"), "check_failed", id="the check finds an error"),
        pytest.param(change("check.toml", b"mounts = 1\n"), "settings_invalid", id="settings that cannot be read"),
        pytest.param(change("1.0.1/flash/main.py", b"print('evil')\n"), "signed_mismatch", id="changed since signed"),
        pytest.param(change("firmware_1.0.1.bin", b"\xe9" + bytes(104_447)), "check_failed", id="image"),
        pytest.param(change("1.0.1.waybill", WAYBILL.replace(b"1.0.1", b"1.0.0")), "check_failed", id="other waybill"),
        pytest.param(change("1.0.1.waybill.sig", b""), "check_failed", id="signature"),
        pytest.param(change("keys/1.waybill", b""), "check_failed", id="keys"),
        pytest.param(no_release, "no_releases", id="none"),
    ],
)
def test_what_stops_it(publish: Publish, releases: Path, www: Path, wrong: Callable[[Path], None], code: str) -> None:
    wrong(releases)
    outcome = publish()
    assert (outcome.code, outcome.out) == (2 if code == "settings_invalid" else 1, "")
    assert outcome.err.splitlines()[-1].startswith(f"airwaybill: {code}: ")
    assert not www.exists()


def test_what_is_accepted_stops_nothing(publish: Publish, releases: Path, www: Path) -> None:
    write(releases, {"1.0.2/flash/x.py": b"x\n"})
    found = {finding["code"] for finding in json.loads(publish_check(releases)) if finding["level"] == "error"}
    accepted = "".join(f'[[accept]]\ncode = "{code}"\npath = "**"\nreason = "a test"\n' for code in sorted(found))
    (releases / "check.toml").write_text(accepted)
    assert publish().code == 0
    assert "1.0.2/flash/x.py" in there(www)


def publish_check(releases: Path) -> str:
    command = [sys.executable, "-m", "airwaybill", "check", str(releases), "--json"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout


def test_the_signatures_of_what_devices_install_count(publish: Publish, releases: Path) -> None:
    write(releases, {"1.0.0/flash/main.py": b"changed\n"})
    assert publish().code == 0


def test_an_unsigned_release_goes_out_with_a_warning(publish: Publish, releases: Path) -> None:
    (releases / "1.0.1.waybill").unlink()
    outcome = publish()
    assert outcome.code == 0
    assert "airwaybill: warning: unsigned: 1.0.1: " in outcome.err


def test_a_draft_of_keys_stays(publish: Publish, releases: Path, www: Path) -> None:
    write(releases, {"keys/2.waybill.draft": (releases / "keys/1.waybill").read_bytes()})
    assert publish().code == 0
    assert "keys/1.waybill" in there(www)
    assert not [key for key in there(www) if "draft" in key]


@pytest.mark.parametrize(
    ("destination", "code"),
    [
        ("", "destination_invalid"),
        ("http://example.com/x", "destination_invalid"),
        ("ftp://example.com/x", "destination_invalid"),
        ("s3:/bucket/x", "destination_invalid"),
        ("S3://bucket/x", "destination_invalid"),
        ("file:///tmp/x", "destination_invalid"),
        ("s3://", "destination_invalid"),
        ("s3:///x", "destination_invalid"),
        ("{releases}", "destination_invalid"),
        ("{releases}/www", "destination_invalid"),
        ("{releases}/../releases/1.0.0", "destination_invalid"),
    ],
)
def test_destinations_that_are_none(call: Call, releases: Path, destination: str, code: str) -> None:
    outcome = call("publish", releases, destination.format(releases=releases), "--base-url", URL)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.splitlines()[-1].startswith(f"airwaybill: {code}: ")


@pytest.mark.parametrize(
    ("options", "code", "said"),
    [
        (
            ["--newest", "some"],
            2,
            "airwaybill: usage: Invalid value for --newest: 'some': expected a whole number, or all",
        ),
        (["--newest", "-1"], 2, "airwaybill: usage: Invalid value for --newest: '-1': expected a whole number, or all"),
        (["--from", "1 2"], 2, "airwaybill: version_character: "),
        (["--grace", "-1"], 2, "airwaybill: usage: "),
        (["--settle", "-1"], 2, "airwaybill: usage: "),
        (["--base-url", "cdn.example"], 2, "airwaybill: base_url_"),
        (["--scheme", "other"], 2, "airwaybill: usage: "),
    ],
)
def test_wrong_options(publish: Publish, www: Path, options: list[str], code: int, said: str) -> None:
    outcome = publish(*options)
    assert (outcome.code, outcome.out) == (code, "")
    assert outcome.err.splitlines()[-1].startswith(said), outcome.err
    assert not www.exists()


def test_without_a_base_url_it_does_not_guess(call: Call, releases: Path, www: Path) -> None:
    outcome = call("publish", releases, www)
    assert (outcome.code, "--base-url" in outcome.err) == (2, True)


@pytest.mark.parametrize(
    ("url", "prefix"), [("{}://fleet", None), ("{}://fleet/", None), ("{}://fleet/a b/c+d/", "a b/c+d")]
)
@pytest.mark.parametrize(("scheme", "kind"), [("s3", "S3Store"), ("gs", "GCSStore"), ("az", "AzureStore")])
def test_where_it_is(monkeypatch: pytest.MonkeyPatch, scheme: str, kind: str, url: str, prefix: str | None) -> None:
    for name, value in {"AZURE_STORAGE_ACCOUNT_NAME": "us", "AZURE_STORAGE_ACCOUNT_KEY": "a2V5"}.items():
        monkeypatch.setenv(name, value)
    store: Any = open_store(url.format(scheme))
    assert (type(store._store).__name__, store._store.prefix) == (kind, prefix)


@pytest.mark.parametrize("scheme", ["s3", "gs", "az"])
def test_without_obstore(call: Call, releases: Path, monkeypatch: pytest.MonkeyPatch, scheme: str) -> None:
    monkeypatch.setitem(sys.modules, "obstore", None)
    outcome = call("publish", releases, f"{scheme}://bucket/x", "--base-url", URL)
    advice = "object storage needs obstore: pip install 'airwaybill[publish]'"
    assert outcome == (2, "", f"airwaybill: obstore_missing: {scheme}://bucket/x: {advice}\n")


def test_a_file_that_changes_while_it_is_published(
    publish: Publish, releases: Path, www: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read = published.Source.read

    def after_a_change(source: published.Source, item: published.Item) -> bytes:
        write(releases, {"1.0.1/flash/main.py": b"changed\n"})
        return read(source, item)

    monkeypatch.setattr(published.Source, "read", after_a_change)
    outcome = publish()
    assert outcome.code == 1
    assert outcome.err.endswith(
        "airwaybill: file_changed: 1.0.1/flash/main.py: it has changed since it was scanned; try again\n"
    )
    # No manifest, and not those bytes.
    assert not [key for key in there(www) if key.startswith(("m/", "head")) or key == "1.0.1/flash/main.py"]


@pytest.mark.parametrize(
    ("parts", "name"),
    [
        pytest.param(["1.0.2/flash/main.py", "1.0.2/flash/b.py"], "1.0.2", id="release"),
        pytest.param(["firmware_1.0.2.bin"] * 2, "firmware_1.0.2.bin", id="image"),
        pytest.param([f"delta/{'0' * 40}-{'1' * 40}"] * 2, f"delta/{'0' * 40}-{'1' * 40}", id="patch"),
        pytest.param(["notes.txt"] * 2, None, id="what is not published"),
    ],
)
def test_a_copy_under_way_is_waited_for(
    call: Call, tmp_path: Path, www: Path, monkeypatch: pytest.MonkeyPatch, parts: list[str], name: str | None
) -> None:
    """The first part is there, the second one comes while the command waits."""
    releases, now = tmp_path / "releases", time.time()
    write(releases, {"1.0.1/flash/main.py": b"one\n", "check.toml": b'firmware = "any"\n'})
    waited: list[int] = []
    coming = iter(parts)

    def wait(seconds: float) -> None:
        nonlocal now
        waited.append(round(seconds))
        now += seconds
        for part in itertools.islice(coming, 1):
            write(releases, {part: f"{now}\n".encode()})
            os.utime(releases / part, (now, now))

    wait(100.0)
    clock = SimpleNamespace(time=lambda: now, monotonic=lambda: now, sleep=wait)
    for module in (command, _settling):
        monkeypatch.setattr(module, "time", clock)
    outcome = call("publish", releases, www, "--base-url", URL)
    assert outcome.code == 0, outcome
    said = [line for line in outcome.err.splitlines() if "waiting" in line]
    if name is None:
        assert (waited, said) == ([100], [])
        return
    assert waited == [100, 10, 10]
    rule = "waiting until nothing in it has changed for 10 s; --settle 0 does not wait"
    assert said == [f"airwaybill: {name}: perhaps a copy under way: {rule}"]
    assert (www / parts[-1]).read_bytes() == f"{now - 10}\n".encode()


def test_globs_and_schemes_are_those_of_the_others(publish: Publish, releases: Path, www: Path) -> None:
    for signed in (*releases.glob("*.waybill*"), *releases.glob("keys/*")):
        signed.unlink()
    outcome = publish(
        "--ignore", "*.wav", "--protect", "some_asset.txt", "--dst-paths", "absolute", "--scheme", "semver"
    )
    assert outcome.code == 0
    assert not [key for key in there(www) if key.endswith(".wav")]
    update = json.loads((www / "m/2/1.0.0/-.json").read_bytes())
    paths = [entry["dst_path"] for entry in update["new"] + update["update"]]
    assert paths
    assert all(path.startswith("/flash") for path in paths)
    assert "1.0.1/sd/some_asset.txt" in there(www)


def test_what_it_prints(publish: Publish) -> None:
    dry, first, again = publish("--dry-run"), publish(), publish()
    assert first.err == "airwaybill: 49 objects, 27 of them manifests\n"
    assert first.out == (
        "49 objects put, 251 740 B; 0 kept, 0 deleted, 0 to delete later\nrequests: 1 get, 1 list, 53 put, 0 delete\n"
    )
    assert again.out == (
        "0 objects put, 0 B; 49 kept, 0 deleted, 0 to delete later\nrequests: 1 get, 1 list, 0 put, 0 delete\n"
    )
    assert dry.err == first.err
    assert dry.out == (
        "what        objects       size  to put       size\n"
        "files            12  226 817 B      12  226 817 B\n"
        "signatures        4    1 256 B       4    1 256 B\n"
        "documents         5    1 750 B       5    1 750 B\n"
        "manifests        27   21 290 B      27   21 290 B\n"
        "head.json         1      627 B       1      627 B\n"
        "\n"
        "device on   gets     requests       size\n"
        "1.0.1       nothing         3        8 B\n"
        "1.0.0       1.0.1          11  112 901 B\n"
        "no release  1.0.1          13  117 257 B\n"
        "\n"
        "49 objects to put, 251 740 B; 0 to keep, 0 to delete, 0 to delete later\n"
        "requests: 1 get, 1 list, 53 put, 0 delete\n"
    )
