"""Manifests and images from today's server, beside the last one that sent all that was in the directory.

That one is built from this repository's history, once, into ``target/before``.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import tarfile
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from measure import ROOT, Part, in_turn
from servers import IMAGE, QUERY, get, make_releases, need, requests_a_second
from serving import serve, started

# It came with the first change of the server that this looks back at.
FIRST_CHANGED = "python/tests/test_server_public.py"


def git(*arguments: str) -> bytes:
    done = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    if done.returncode:
        sys.exit(f"error: this needs a git checkout with its history: {done.stderr.decode()}")
    return done.stdout


def built_before() -> Path:
    """Where the package of before is installed, without its dependencies, which are those of today."""
    came = git("log", "--diff-filter=A", "--format=%H", "--", FIRST_CHANGED).decode().split()
    if not came:
        sys.exit("error: this needs a git checkout with its history")
    commit = git("rev-parse", f"{came[-1]}^").decode().strip()
    place = ROOT / "target" / "before" / commit
    if not place.exists():
        with tempfile.TemporaryDirectory() as name:
            with tarfile.open(fileobj=io.BytesIO(git("archive", commit))) as archive:
                archive.extractall(name)
            subprocess.run(
                [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--target", str(place), f"{name}/python"],
                env={**os.environ, "AIRWAYBILL_WITHOUT_PREVIEW": "1"},
                check=True,
            )
    return place


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=int, default=2, help="of each run")
    arguments = parser.parse_args()
    need("git", "wrk")
    before = built_before()
    part = Part("before")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        root = make_releases(Path(name) / "releases", 10)
        ours = stack.enter_context(started(serve(root, "--settle", "0"))).url
        command = (sys.executable, "-c", "from airwaybill.cli import main; main()", "serve", str(root))
        options = ("--host", "127.0.0.1", "--port", "0", "--settle", "0")
        theirs = stack.enter_context(started((*command, *options), env={"PYTHONPATH": str(before)})).url
        assert get(ours + QUERY).replace(ours.encode(), theirs.encode()) == get(theirs + QUERY)
        for key, path, connections in (("manifests", QUERY, 64), ("image", f"/{IMAGE}", 16)):
            today, earlier = in_turn(
                {
                    f"{key}, {build}": partial(requests_a_second, url + path, connections, arguments.seconds)
                    for build, url in (("today", ours), ("before", theirs))
                },
                arguments.rounds,
            ).values()
            part.add(key, today, earlier)
    part.write()


if __name__ == "__main__":
    main()
