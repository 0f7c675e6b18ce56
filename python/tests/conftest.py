from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from content import noise, write
from server_support import Server, eventually, serving
from stores import Site, object_storage

from airwaybill.cli import run

FILES = {
    "1.0.0/flash/main.py": b"print('one')\n",
    "1.0.0/flash/boot.py": b"import machine\n",
    "1.0.0/sd/old.wav": noise(5000, seed=2),
    "1.0.1/flash/main.py": b"print('two')\n",
    "1.0.1/flash/boot.py": b"import machine\n",
    "1.0.1/flash/lib/new_lib.py": b"VALUE = 1\n",
    "1.0.1/flash/.config": b"hidden=1\n",
    "1.0.1/flash/empty.txt": b"",
    "1.0.1/flash/g\u00fcte 1+1=2%.txt": "größer\n".encode(),
    "1.0.1/flash/ten.txt": b"0123456789",
    "1.0.1/sd/large.bin": noise(5 * 1024 * 1024 + 17, seed=3),
    "firmware_1.0.1.bin": noise(100_003, seed=4),
    "index.html": b"<!doctype html>\n",
    "big.iso": noise(700_001, seed=5),
    ".secret": b"top secret\n",
    "docs/.git/config": b"top secret\n",
    "check.toml": b"# top secret\n",
    "docs/a/b.txt": b"a and b\n",
}
SOME_TIME = 1_600_000_000
OUTSIDE = b"outside of the root\n"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory of releases that no test changes, with links and other files around it."""
    top = tmp_path_factory.mktemp("site")
    root = top / "root"
    write(root, FILES)
    for path in FILES:
        os.utime(root / path, (SOME_TIME, SOME_TIME))
    (top / "outside.txt").write_bytes(OUTSIDE)
    (top / "root-twin").mkdir()
    (top / "root-twin" / "x.txt").write_bytes(OUTSIDE)
    (root / "1.0.1/flash/link.py").symlink_to("main.py")
    (root / "docs/out.txt").symlink_to("../../outside.txt")
    (root / "docs/absolute.txt").symlink_to(top / "outside.txt")
    (root / "docs/up").symlink_to("../..")
    (root / "docs/twin").symlink_to("../../root-twin")
    (root / "docs/inside.txt").symlink_to("a/b.txt")
    (root / "docs/shown.txt").symlink_to(".git/config")
    (root / "docs/loop").symlink_to("loop")
    os.mkfifo(root / "docs/fifo")
    return root


@pytest.fixture(scope="session")
def server(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for ``site``."""
    with serving(site, tmp_path_factory.mktemp("log") / "access", "--settle", "0", "--serve-other") as running:
        # What was written just now has a weak validator for two seconds.
        eventually(lambda: running.get("/big.iso").headers["etag"], lambda etag: etag[0] == '"')
        yield running


@pytest.fixture(scope="session")
def storage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """An object storage with a bucket."""
    with object_storage(tmp_path_factory.mktemp("storage")) as site:
        yield site


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A directory of releases that a test may change."""
    root = tmp_path / "root"
    write(root, {"1.0.0/flash/main.py": b"one\n", "1.0.1/flash/main.py": b"two\n", "1.0.1/flash/lib.py": b"lib\n"})
    return root


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "access.log"


class Outcome(NamedTuple):
    code: int
    out: str
    err: str


Call = Callable[..., Outcome]


@pytest.fixture
def call(capfd: pytest.CaptureFixture[str]) -> Call:
    """Runs a command in this process."""

    def call(*arguments: object) -> Outcome:
        code = run([str(argument) for argument in arguments])
        sys.stdout.flush()
        return Outcome(code, *capfd.readouterr())

    return call
