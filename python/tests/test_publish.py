"""`airwaybill publish`, to an object storage and to a folder behind nginx (rules S1 to S6)."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import unquote, urlsplit

import pytest
from conftest import Call
from content import noise, sha1, write
from stores import Place, Site, behind_nginx, credentials, in_bucket

from airwaybill.cli import run
from airwaybill.publish import run as running
from airwaybill.publish import stores
from airwaybill.publish.bucket import Bucket
from airwaybill.publish.items import CACHE_CONTROL

FILES = {
    "1.0.0/flash/main.py": b"one\n",
    "1.0.0/flash/old.py": b"old\n",
    "1.0.1+a/flash/main.py": b"two\n",
    "1.0.1+a/flash/lib/new.py": b"new\n",
    "1.0.1+a/flash/www/g\u00fcte 1+1=2%;a?b&c=d.txt": b"a name that has to be encoded\n",
    "1.0.1+a/flash/log#1": b"names that some folders hide\n",
    "1.0.1+a/flash/x#y/12": b"12\n",
    "1.0.1+a/flash/e\u0301\U0001f600": b"",
    "firmware_1.0.0.bin": b"\xe9" + noise(50_000, 1),
    "firmware_1.0.1+a.bin": b"\xe9" + noise(50_000, 2),
    "check.toml": b'firmware = "any"\n',
}
NEW = "1.0.2/flash/main.py"
UNSETTLED = ("--settle", "0")


@pytest.fixture(params=["s3", "folder"])
def place(
    request: pytest.FixtureRequest, storage: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Place]:
    for name, value in credentials(storage).items():
        monkeypatch.setenv(name, value)
    if request.param == "s3":
        yield in_bucket(storage)
    else:
        with behind_nginx(tmp_path) as place:
            yield place


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    write(tmp_path / "releases", FILES)
    return tmp_path / "releases"


class Publish:
    """Publishes and gives the summary; raises what the error's line says."""

    def __init__(self, call: Call, releases: Path, place: Place) -> None:
        self.call = call
        self.place = place
        self._arguments = ("publish", releases, place.destination, "--base-url", place.site.base_url, *UNSETTLED)

    def __call__(self, *options: object) -> Any:
        outcome = self.call(*self._arguments, "--json", *options)
        assert outcome.code == 0, outcome
        return json.loads(outcome.out)

    def fails(self, *options: object) -> tuple[int, str]:
        """Exit code and last line."""
        outcome = self.call(*self._arguments, *options)
        assert outcome.out == ""
        return outcome.code, outcome.err.splitlines()[-1]


@pytest.fixture
def publish(call: Call, releases: Path, place: Place) -> Publish:
    return Publish(call, releases, place)


def at(place: Place, key: str) -> Any:
    """The document there."""
    answer = place.get(key)
    assert answer.status == 200, (key, answer)
    return json.loads(answer.body)


def check(place: Place, manifest: Any) -> set[str]:
    """That each file of a manifest is there, as it says; their keys."""
    keys = set()
    firmware = [manifest["firmware"]] if "firmware" in manifest else []
    for entry in [*manifest["new"], *manifest["update"], *firmware]:
        path = urlsplit(entry["URL"]).path
        answer = place.site._replace(prefix="").get(path)
        assert (answer.status, sha1(answer.body)) == (200, entry["hash"]), entry
        keys.add(unquote(path.removeprefix(place.site.prefix + "/")))
    return keys


def test_what_devices_find(publish: Publish, place: Place) -> None:
    publish()
    full = at(place, "m/2/-/-.json")
    assert (full["version"], full["previous_version"], full["full"]) == ("1.0.1+a", None, True)
    assert check(place, full) == {key for key in FILES if "1.0.1+a" in key}
    update = at(place, "m/2/1.0.0/1.0.0.json")
    assert (update["version"], update["previous_version"], update["delete"]) == ("1.0.1+a", "1.0.0", ["flash/old.py"])
    assert check(place, update) == {key for key in FILES if "1.0.1+a" in key}
    assert place.get("m/1/1.0.1+a/1.0.1+a.json").body == b"null"
    assert [release["version"] for release in at(place, "head.json")["releases"]] == ["1.0.0", "1.0.1+a"]
    assert place.get("m/2/1.2.3/-.json").status == 404


@pytest.mark.parametrize(
    ("key", "cache", "content_type"),
    [
        ("1.0.1+a/flash/main.py", "immutable", "text/x-python"),
        ("1.0.1+a/flash/log#1", "immutable", "application/octet-stream"),
        ("firmware_1.0.1+a.bin", "immutable", "application/octet-stream"),
        ("m/2/1.0.0/-.json", "no-cache", "application/json"),
        ("head.json", "no-cache", "application/json"),
        ("publish.json", "no-cache", "application/json"),
    ],
)
def test_headers(publish: Publish, place: Place, key: str, cache: str, content_type: str) -> None:
    publish()
    answer = place.get(key)
    assert answer.status == 200
    assert answer.headers["cache-control"] == CACHE_CONTROL[cache]
    if place.destination.startswith("s3:"):
        assert answer.headers["content-type"] == content_type
    etag = answer.headers["etag"]
    assert place.get(key, If_None_Match=etag).status == 304
    part = place.get(key, Range="bytes=1-2", If_Match=etag)
    assert (part.status, part.body) == (206, answer.body[1:3])
    assert place.get(key, Range="bytes=1-2", If_Match='"other"').status == 412


def test_nothing_twice(publish: Publish, place: Place, releases: Path) -> None:
    first = publish()
    assert (first["put"], first["kept"], first["deleted"]) == (len(FILES) - 1 + 27 + 1, 0, 0)
    assert first["requests"] == {"get": 1, "list": 1, "put": first["put"] + 4, "delete": 0}
    again = publish()
    assert (again["put"], again["kept"], again["requests"]["put"]) == (0, first["put"], 0)
    write(releases, {NEW: b"three\n"})
    third = publish()
    assert check(place, at(place, "m/3/1.0.1+a/-.json")) == {NEW}
    # The file, all manifests but for those that say the same as before, those of devices on it, and the list.
    assert third["put"] == 1 + 36 + 1
    assert publish()["put"] == 0


def test_a_release_that_is_withdrawn(publish: Publish, place: Place, releases: Path) -> None:
    publish()
    shutil.rmtree(releases / "1.0.0")
    second = publish()
    assert (second["deleted"], second["waiting"]) == (9, 2)
    assert place.get("m/2/1.0.0/-.json").status == 404
    assert place.get("1.0.0/flash/main.py").status == 200
    assert publish()["deleted"] == 0
    third = publish("--grace", "0")
    assert (third["deleted"], third["waiting"]) == (2, 0)
    assert place.get("1.0.0/flash/main.py").status == 404
    write(releases, {"1.0.0/flash/main.py": b"other\n"})
    assert publish.fails()[1].startswith("airwaybill: release_changed: 1.0.0/flash/main.py: published with other bytes")
    write(releases, {"1.0.0/flash/main.py": FILES["1.0.0/flash/main.py"]})
    publish()
    assert place.get("1.0.0/flash/main.py").body == b"one\n"


def test_the_highest_release_is_withdrawn(publish: Publish, place: Place, releases: Path) -> None:
    """A device on it keeps it, as the server has it; without a manifest it would install the one below."""
    publish()
    (releases / "1.0.1+a").rename(releases / "1.0.1+a.bak")
    (releases / "firmware_1.0.1+a.bin").unlink()
    second = publish()
    assert (second["deleted"], second["waiting"]) == (0, 7)
    assert [place.get(f"m/2/1.0.1+a/{image}.json").body for image in ("-", "1.0.0", "1.0.1+a")] == [b"null"] * 3
    assert at(place, "m/2/-/-.json")["version"] == "1.0.0"
    assert publish()["put"] == 0
    write(releases, {NEW: b"three\n"})
    publish()
    assert place.get("m/2/1.0.1+a/-.json").status == 404


def test_a_release_that_changes(publish: Publish, place: Place, releases: Path) -> None:
    publish()
    write(releases, {NEW: b"three\n", "1.0.0/flash/main.py": b"changed\n"})
    code, line = publish.fails()
    assert (code, line.split(": ")[1]) == (1, "release_changed")
    assert place.get("1.0.0/flash/main.py").body == b"one\n"
    assert place.get(NEW).status == 404


def test_what_somebody_did_to_the_store(publish: Publish, place: Place, releases: Path) -> None:
    publish()
    store = stores.open_store(place.destination)
    store.delete(["1.0.0/flash/main.py"])
    store.put("1.0.0/flash/old.py", b"another size", "text/plain", "no-cache")
    store.put("stray.txt", b"mine", "text/plain", "no-cache")
    assert publish()["put"] == 2
    assert check(place, at(place, "m/2/-/-.json"))
    assert [place.get(key).body for key in ("1.0.0/flash/main.py", "1.0.0/flash/old.py", "stray.txt")] == [
        b"one\n",
        b"old\n",
        b"mine",
    ]


def test_a_dry_run(publish: Publish, place: Place) -> None:
    dry = publish("--dry-run")
    assert place.get("publish.json").status == 404
    assert dry == publish()
    kinds = {kind["kind"]: (kind["objects"], kind["put"]) for kind in dry["objects"]}
    assert kinds == {"files": (10, 10), "manifests": (27, 27), "head.json": (1, 1)}
    up_to_date, below, new = dry["devices"]
    assert up_to_date == {"from": "1.0.1+a", "to": None, "requests": 2, "size": 8}
    assert (below["from"], below["to"], below["requests"]) == ("1.0.0", "1.0.1+a", 9)
    full = at(place, "m/3/-/-.json")
    assert new["size"] == full["total_size"] + 2 * len(place.get("m/3/-/-.json").body)
    dry = publish("--dry-run")
    assert (dry["put"], dry["kept"], dry["requests"]) == (0, 38, {"get": 1, "list": 1, "put": 0, "delete": 0})


@pytest.mark.parametrize(
    ("options", "versions"),
    [
        ([], {"-", "1.0.0", "1.0.1+a"}),
        (["--newest", "1"], {"-", "1.0.1+a"}),
        (["--newest", "all"], {"-", "1.0.0", "1.0.1+a"}),
        (["--newest", "0", "--from", "0.9.0"], {"-", "0.9.0"}),
        (["--newest", "1", "--from", "0.9.0", "--from", "1.0.0"], {"-", "0.9.0", "1.0.0", "1.0.1+a"}),
    ],
)
def test_who_gets_manifests(publish: Publish, place: Place, options: list[str], versions: set[str]) -> None:
    publish(*options)
    for version in ("-", "0.9.0", "1.0.0", "1.0.1+a"):
        assert place.get(f"m/3/{version}/-.json").status == (200 if version in versions else 404)


@pytest.mark.parametrize("moment", ["1.0.1+a/flash/main.py", "m/2/-/-.json", "m/2/1.0.0/-.json", "head.json"])
@pytest.mark.parametrize("highest", ["1.0.2", "1.0.0"], ids=["newer", "withdrawn"])
def test_two_publishers_at_once(
    storage: Site, call: Call, releases: Path, monkeypatch: pytest.MonkeyPatch, highest: str, moment: str
) -> None:
    """Without a lock: the one who begins later goes on, and puts right what the other one did until it stopped."""
    for name, value in credentials(storage).items():
        monkeypatch.setenv(name, value)
    place = in_bucket(storage)
    arguments = (place.destination, "--base-url", place.site.base_url, *UNSETTLED, "--json")
    theirs = Path(shutil.copytree(releases, releases.with_name("theirs")))
    if highest == "1.0.2":
        write(theirs, {NEW: b"three\n"})
    else:
        shutil.rmtree(theirs / "1.0.1+a")
        (theirs / "firmware_1.0.1+a.bin").unlink()
        # Of the same bytes as before, the ETags are the same, too.
        assert call("publish", theirs, *arguments).code == 0
    put, others, under_way = Bucket.put, iter([theirs]), ExitStack()

    def put_while_another_publishes(store: Bucket, key: str, *rest: Any) -> Any:
        for other in others if key == moment else ():
            under_way.callback(put, store, key, *rest)
            assert run(["publish", str(other), *arguments]) == 0
            under_way.close()
            return None
        return put(store, key, *rest)

    monkeypatch.setattr(Bucket, "put", put_while_another_publishes)
    monkeypatch.setattr(running, "LOOK_SECONDS", 0.0)
    clock = SimpleNamespace(monotonic=time.monotonic, sleep=lambda _: under_way.close())
    monkeypatch.setattr(running, "time", clock)
    outcome = call("publish", releases, *arguments)
    assert (outcome.code, outcome.err.splitlines()[-1].split(": ")[1]) == (1, "published_meanwhile")
    for version in {"-", "1.0.0", "1.0.1+a"} - {highest}:
        manifest = at(place, f"m/2/{version}/-.json")
        if (version, highest) == ("1.0.1+a", "1.0.0"):
            assert manifest is None
        else:
            assert manifest["version"] == highest
            assert check(place, manifest)
    assert at(place, "head.json")["releases"][-1]["version"] == highest
    assert json.loads(call("publish", theirs, *arguments).out)["put"] == 0
    assert json.loads(call("publish", theirs, *arguments, "--dry-run").out)["requests"]["put"] == 0


def test_a_store_of_many_pages(storage: Site, tmp_path: Path, call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    """A directory and a name that begins like it: SeaweedFS lists them in another order than S3."""
    for name, value in credentials(storage).items():
        monkeypatch.setenv(name, value)
    place = in_bucket(storage)
    files = {f"1.0.0/flash/{folder}/{number}.py": b"x = 1\n" for folder in ("a", "a-b", "a.b") for number in range(700)}
    write(tmp_path / "releases", {**files, "1.0.0/flash/a0": b"", "1.0.0/flash/main.py": b"one\n"})
    there = (tmp_path / "releases", place.destination, "--base-url", place.site.base_url)
    arguments = ("publish", *there, *UNSETTLED, "--json")
    outcomes = [call(*arguments) for _ in range(2)]
    assert [outcome.code for outcome in outcomes] == [0, 0], outcomes
    first, again = (json.loads(outcome.out) for outcome in outcomes)
    assert (first["put"], again["put"], again["requests"]["list"]) == (2109, 0, 3)


def test_a_store_that_refuses(storage: Site, call: Call, releases: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {**credentials(storage), "AWS_SECRET_ACCESS_KEY": "wrong"}.items():
        monkeypatch.setenv(name, value)
    outcome = call("publish", releases, "s3://fleet/refused", "--base-url", "http://a", *UNSETTLED)
    assert (outcome.code, outcome.out) == (1, "")
    (line,) = outcome.err.splitlines()[-1:]
    assert line.startswith("airwaybill: store_failed: cannot read publish.json: ")
    assert "secret" not in line
