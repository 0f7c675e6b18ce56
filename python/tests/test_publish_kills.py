"""A run that is killed at any change: a device ends on the old release or the new one, whole (rule S3).

Here that is tried at some of the changes, with `make publish-kills` at each.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice, product
from pathlib import Path
from random import Random
from typing import Any, NamedTuple
from urllib.parse import unquote

import pytest
from content import noise, sha1, write
from stores import Site, credentials, in_bucket

from airwaybill.publish.folder import UNFINISHED

KILLER = Path(__file__).with_name("publish_killer.py")
URL = "http://cdn.example/fleet"
OPTIONS = ("--base-url", URL, "--grace", "0", "--settle", "0")
EACH = "KILLS" in os.environ

digest = cache(sha1)
Get = Callable[[str], "bytes | None"]
Tree = dict[str, bytes]


class Killer:
    """Runs `publish`, and kills it before a change."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def publish(self, releases: Path, destination: object, *options: str, last: int = 0) -> tuple[int, int | None]:
        """Exit code, and the number of changes if it was not killed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        arguments = ["publish", str(releases), str(destination), *OPTIONS, *options]
        self._process.stdin.write(json.dumps([last, *arguments]) + "\n")
        self._process.stdin.flush()
        code, changes = json.loads(self._process.stdout.readline())
        return code, changes

    def publish_twice(self, releases: Path, destination: object) -> None:
        """With the second run what the first one found unused is deleted."""
        for _ in range(2):
            assert self.publish(releases, destination)[0] == 0


@pytest.fixture(scope="module")
def killer(storage: Site) -> Iterator[Killer]:
    with subprocess.Popen(
        [sys.executable, str(KILLER)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **credentials(storage)},
    ) as process:
        yield Killer(process)
        assert process.stdin is not None
        process.stdin.close()


def tree_of(releases: Path, version: str) -> Tree:
    top = releases / version
    return {path.relative_to(top).as_posix(): path.read_bytes() for path in top.rglob("*") if path.is_file()}


class Started(NamedTuple):
    """A device with a manifest, which fetches what it says: now, or at any time later."""

    before: Tree
    manifest: Any

    def ends(self, get: Get) -> tuple[str, Tree]:
        """Its release, by what the manifest says, and its files."""
        after = {path: data for path, data in self.before.items() if path not in self.manifest["delete"]}
        for entry in self.manifest["new"] + self.manifest["update"]:
            after[entry["dst_path"]] = fetch(entry, get)
        if "firmware" in self.manifest:
            fetch(self.manifest["firmware"], get)
        return self.manifest["version"], after


def fetch(entry: Any, get: Get) -> bytes:
    data = get(unquote(entry["URL"].removeprefix(f"{URL}/")))
    assert data is not None, entry["URL"]
    assert digest(data) == entry["hash"], entry["URL"]
    return data


def devices(trees: dict[str, Tree], images: list[str], get: Get) -> list[Started]:
    """Those on each release, with each image, that have something to do."""
    started = []
    for form, version, image in product("123", ["-", *trees], ["-", *images]):
        text = get(f"m/{form}/{version}/{image}.json")
        if text is None:
            # Their version is unknown: a full install, in which only the files of the release remain.
            text, version = get(f"m/{form}/-/-.json"), "-"
        assert text is not None
        manifest = json.loads(text)
        if manifest is not None:
            started.append(Started(trees.get(version, {}), manifest))
    return started


def from_folder(folder: Path) -> Get:
    @cache
    def get(key: str) -> bytes | None:
        try:
            return (folder / key).read_bytes()
        except FileNotFoundError:
            return None

    return get


def from_site(site: Site) -> Get:
    def get(key: str) -> bytes | None:
        answer = site.get(f"/{key}".replace("+", "%2B"))
        assert answer.status in (200, 404)
        return answer.body if answer.status == 200 else None

    return get


def test_killed_at_any_change_of_a_folder(killer: Killer, tmp_path: Path) -> None:
    """A run that puts a release, withdraws another, and deletes what was withdrawn before: some 300 changes."""
    releases, old = tmp_path / "releases", tmp_path / "old"
    tree = {f"flash/{n}.py": noise(20, n).hex().encode() for n in range(230)}
    for version, some in (("0.8.0", 20), ("0.9.0", 150), ("1.0.0", 230)):
        write(releases / version, dict(islice(tree.items(), some)))
    write(releases, {f"firmware_{v}.bin": noise(50, v) for v in ("0.9.0", "1.0.0")})
    write(releases, {"check.toml": b'firmware = "any"\n[[accept]]\ncode="content_same"\npath="**"\nreason="a test"\n'})
    assert killer.publish(releases, old)[0] == 0
    shutil.move(releases / "0.8.0", tmp_path)
    assert killer.publish(releases, old)[0] == 0
    shutil.move(releases / "0.9.0", tmp_path)
    write(releases / "1.0.1", {path: data + b"\n" if n % 3 else data for n, (path, data) in enumerate(tree.items())})
    write(releases, {"firmware_1.0.1.bin": noise(50, "1.0.1")})
    trees = {v: tree_of(releases, v) for v in ("1.0.0", "1.0.1")} | {
        v: tree_of(tmp_path, v) for v in ("0.8.0", "0.9.0")
    }
    images = ["0.9.0", "1.0.0", "1.0.1"]
    before = devices(trees, images, from_folder(old))
    assert {device.manifest["version"] for device in before} == {"1.0.0"}

    given_up = tmp_path / "given up"
    shutil.copytree(releases / "1.0.0", given_up / "1.0.0")
    shutil.copy(releases / "check.toml", given_up)
    write(given_up / "1.0.2", dict(islice(tree.items(), 3)))
    write(given_up, {"firmware_1.0.2.bin": noise(50, "1.0.2")})

    whole, without = copy(old, tmp_path / "whole"), copy(old, tmp_path / "without")
    code, changes = killer.publish(releases, whole)
    assert code == 0
    assert changes is not None
    assert changes >= 300
    killer.publish_twice(given_up, without)
    ended, rest = (contents(whole), recorded(whole)), contents(without)
    sample = chosen(changes, 8)
    for last in range(1, changes + 1) if EACH else sample:
        folder, other = copy(old, tmp_path / "folder"), tmp_path / "other"
        assert killer.publish(releases, folder, last=last) == (-9, None)
        get = from_folder(folder)
        after = devices(trees, images, get)
        for device in before + after:
            version, files = device.ends(get)
            assert version in ("1.0.0", "1.0.1"), last
            assert files == trees[version], last
        # It was written down before it was put, so that a later run can delete it.
        assert {key for key in contents(folder) if not key.startswith(UNFINISHED)} <= recorded(folder).keys(), last
        if last in sample:
            copy(folder, other)
            killer.publish_twice(given_up, other)
            assert contents(other) == rest, last
            shutil.rmtree(other)
        # The next run ends it; with a grace of nothing it may delete what that one left.
        assert killer.publish(releases, folder)[0] == 0
        assert (contents(folder), recorded(folder)) == ended, last
        shutil.rmtree(folder)


def chosen(changes: int, some: int) -> list[int]:
    """The first and last ones, and some between."""
    ends = {1, 2, *range(changes - 5, changes + 1)}
    return sorted({*ends, *Random(1).sample(range(3, changes - 5), some)})


def copy(folder: Path, to: Path) -> Path:
    """With links for files: `publish` writes none over."""
    return Path(shutil.copytree(folder, to, copy_function=os.link))


def contents(folder: Path) -> dict[str, bytes]:
    """All but the record, and what the last run withdrew."""
    paths = (path for path in folder.rglob("*") if path.is_file() and path.name != "publish.json")
    files = {path.relative_to(folder).as_posix(): path.read_bytes() for path in paths}
    return {key: data for key, data in files.items() if not key.startswith("0.9.0/")}


def recorded(folder: Path) -> dict[str, str | None]:
    """What the record has: the digest of each, where it can only be one."""
    objects = json.loads((folder / "publish.json").read_bytes())["objects"]
    return {key: fields.get("sha1") for key, fields in objects.items()}


def test_killed_at_puts_to_an_object_storage(killer: Killer, storage: Site, tmp_path: Path) -> None:
    """One release after the other, each cut off at another put, while others are under way."""
    place, releases, dice = in_bucket(storage), tmp_path / "releases", Random(2)
    names = [f"flash/{n}.py" for n in range(12)]
    write(releases, {f"1.0.0/{name}": b"1.0.0\n" for name in names})
    code, changes = killer.publish(releases, place.destination, "--newest", "2")
    assert code == 0
    assert changes is not None
    get = from_site(place.site)
    for n in range(1, (changes if EACH else 12) + 1):
        old, new = f"1.0.{n - 1}", f"1.0.{n}"
        write(releases, {f"{new}/{name}": new.encode() for name in names})
        trees = {version: tree_of(releases, version) for version in (old, new)}
        before = devices(trees, [], get)
        assert {device.manifest["version"] for device in before} == {old}
        last = n if EACH else dice.randint(1, changes)
        assert killer.publish(releases, place.destination, "--newest", "2", last=last) == (-9, None)
        for device in before + devices(trees, [], get):
            version, files = device.ends(get)
            assert files == trees[version], last
        assert killer.publish(releases, place.destination, "--newest", "2")[0] == 0
        after = devices(trees, [], get)
        assert {device.manifest["version"] for device in after} == {new}
        assert all(device.ends(get) == (new, trees[new]) for device in after)
