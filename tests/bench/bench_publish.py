"""`airwaybill publish` of 10,000 objects to an object storage on this machine: all of them, and none."""

from __future__ import annotations

import argparse
import itertools
import json
import os
import subprocess
import tempfile
import time
from pathlib import Path

from measure import Part, in_turn
from servers import make_releases
from serving import COMMAND
from stores import Site, credentials, object_storage

OBJECTS = 10_000
# Two releases, with their images, three formats for devices on either or neither with either or neither, and the list.
FILES = (OBJECTS - 2 - 27 - 1) // 2


def seconds(storage: Site, root: Path, prefix: str, put: int) -> float:
    """Of a run that has to put so many."""
    destination = f"s3://fleet/{prefix}"
    command = [*COMMAND, "publish", str(root), destination, "--base-url", f"{storage.base_url}/{prefix}", "--json"]
    environment = {**os.environ, **credentials(storage), "AIRWAYBILL_SETTLE": "0"}
    began = time.perf_counter()
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True)
    took = time.perf_counter() - began
    found = json.loads(done.stdout)
    assert (found["put"], found["put"] + found["kept"]) == (put, OBJECTS), found
    return took


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    rounds = parser.parse_args().rounds
    part = Part("publish")
    with tempfile.TemporaryDirectory() as name, object_storage(Path(name) / "storage") as storage:
        root = make_releases(Path(name) / "releases", FILES)
        # The images are noise.
        (root / "check.toml").write_text('firmware = "any"\n')
        prefixes = map(str, itertools.count())
        first = in_turn({"10,000": lambda: seconds(storage, root, next(prefixes), OBJECTS)}, rounds)["10,000"]
        part.add("first", first)
        part.add("second", in_turn({"none": lambda: seconds(storage, root, "0", 0)}, rounds)["none"])
    part.write()


if __name__ == "__main__":
    main()
