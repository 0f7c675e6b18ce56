"""Digests on disk: believed for what has not changed since, and only then."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from conftest import Call
from content import sha1, write
from server_support import eventually, serving
from serving import COMMAND

SCAN = """
import json, sys
from airwaybill import Listing
listing = Listing.scan(sys.argv[1], cache=sys.argv[2], sha256=sys.argv[3] == "sha256")
json.dump({entry["path"]: [entry["sha1"], entry.get("sha256")] for entry in listing.entries()}, sys.stdout)
"""
FILE = "1.0.0/flash/main.py"
FALSE = "0" * 40


def scan(root: Path, cache: Path, *, sha256: bool = False) -> dict[str, list[str | None]]:
    """The digests that a new process finds."""
    command = [sys.executable, "-c", SCAN, str(root), str(cache), "sha256" if sha256 else "sha1"]
    found: dict[str, list[str | None]] = json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)
    return found


def kept(cache: Path) -> Path:
    (file,) = cache.iterdir()
    return file


def rewrite(file: Path, change: Callable[[bytes], bytes]) -> None:
    """Changes what is kept, under a digest that is right."""
    body = change(file.read_bytes().partition(b"\n")[2])
    file.write_bytes(b"airwaybill digests 2 %s\n%s" % (hashlib.sha256(body).hexdigest().encode(), body))


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Releases whose digests are kept, in ``cache`` beside them: those of files that have just changed never are."""
    top = tmp_path_factory.mktemp("cache")
    write(top / "root", {FILE: b"one\n", "1.0.0/flash/li\nb.py": b"lib\n"})
    scan(top / "root", top / "cache")
    assert not (top / "cache").exists()
    eventually(lambda: scan(top / "root", top / "cache"), lambda _: (top / "cache").exists())
    rows = json.loads(kept(top / "cache").read_bytes().partition(b"\n")[2])
    assert {row[0] for row in rows} == {sha1(FILE.encode()), sha1(b"1.0.0/flash/li\nb.py")}
    return top


@pytest.fixture
def false(settled: Path, tmp_path: Path) -> tuple[Path, Path]:
    """A root and a cache that has a false digest for ``FILE``."""
    cache = tmp_path / "cache"
    shutil.copytree(settled / "cache", cache)
    rewrite(kept(cache), lambda body: body.replace(sha1(b"one\n").encode(), FALSE.encode()))
    return settled / "root", cache


def test_what_has_not_changed_is_not_read_again(false: tuple[Path, Path]) -> None:
    root, cache = false
    assert scan(root, cache) == {FILE: [FALSE, None], "1.0.0/flash/li\nb.py": [sha1(b"lib\n"), None]}


def test_a_digest_of_another_kind_is_not_in_there(false: tuple[Path, Path]) -> None:
    root, cache = false
    assert scan(root, cache, sha256=True)[FILE] == [sha1(b"one\n"), hashlib.sha256(b"one\n").hexdigest()]
    # And with both, those are kept.
    assert scan(root, cache)[FILE] == [sha1(b"one\n"), None]


@pytest.mark.parametrize(
    "change",
    [
        lambda body: body.replace(b'",4,', b'",5,'),
        lambda body: body.replace(b',"' + FALSE.encode(), b'0,"' + FALSE.encode()),
        lambda body: body.replace(sha1(FILE.encode()).encode(), sha1(b"1.0.0/flash/other.py").encode()),
        lambda body: json.dumps([[*row[:2], row[2] + 1, *row[3:]] for row in json.loads(body)]).encode(),
        lambda body: json.dumps([[*row[:3], row[3] + 1, *row[4:]] for row in json.loads(body)]).encode(),
        lambda body: body[:-1],
        lambda body: body.replace(FALSE.encode(), b"0" * 39),
        lambda body: body.replace(sha1(FILE.encode()).encode(), b"0"),
        lambda body: b"",
    ],
    ids=["size", "inode", "path", "mtime", "ctime", "not JSON", "not a digest", "not a name", "empty"],
)
def test_what_differs_is_read(false: tuple[Path, Path], change: Callable[[bytes], bytes]) -> None:
    root, cache = false
    rewrite(kept(cache), change)
    assert scan(root, cache)[FILE] == [sha1(b"one\n"), None]


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:-1],
        lambda content: content.replace(b",4,", b",5,"),
        lambda content: content.replace(b"digests 2", b"digests 1"),
        lambda content: content.partition(b"\n")[2],
        lambda content: b"",
    ],
    ids=["cut short", "a byte", "another format", "no first line", "empty"],
)
def test_a_damaged_file_is_not_believed(false: tuple[Path, Path], damage: Callable[[bytes], bytes]) -> None:
    root, cache = false
    kept(cache).write_bytes(damage(kept(cache).read_bytes()))
    assert scan(root, cache)[FILE] == [sha1(b"one\n"), None]
    assert scan(root, cache)[FILE] == [sha1(b"one\n"), None]


def test_a_file_that_changed_is_read(false: tuple[Path, Path], tmp_path: Path) -> None:
    root, cache = false
    other = tmp_path / "root"
    shutil.copytree(root, other)
    assert scan(other, cache)[FILE] == [sha1(b"one\n"), None]


@pytest.mark.parametrize("options", [[], ["--no-cache"], ["--cache", "{top}/mine"]])
def test_where_a_server_keeps_them(settled: Path, tmp_path: Path, log: Path, options: list[str]) -> None:
    command = [*COMMAND, "serve", str(settled / "root"), "--host", "127.0.0.1", "--port", "0"]
    command += [option.format(top=tmp_path) for option in options]
    with serving(settled / "root", log, command=command, env={"XDG_CACHE_HOME": str(tmp_path / "xdg")}) as server:
        assert server.stop() == 0
    places = {name: list((tmp_path / name).rglob("*.digests")) != [] for name in ("xdg/airwaybill", "mine")}
    assert places == {"xdg/airwaybill": not options, "mine": "--cache" in options}


def test_a_home_that_cannot_be_written_does_not_matter(settled: Path, tmp_path: Path, log: Path) -> None:
    (tmp_path / "file").touch()
    command = [*COMMAND, "serve", str(settled / "root"), "--host", "127.0.0.1", "--port", "0"]
    with serving(settled / "root", log, command=command, env={"XDG_CACHE_HOME": str(tmp_path / "file")}) as server:
        assert server.get("/manifest.json").status == 200
        assert server.stop() == 0
        assert server.complaints == []


def test_a_directory_that_cannot_be_is_refused(root: Path, tmp_path: Path, call: Call) -> None:
    (tmp_path / "file").touch()
    outcome = call("serve", root, "--port", 0, "--cache", tmp_path / "file")
    assert (outcome.code, outcome.err.startswith("airwaybill: cache_unusable: cannot keep digests in ")) == (2, True)
