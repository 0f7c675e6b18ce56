"""The power is cut at every block write while keys rotate, and while a signed release with its image is installed,
both from patches, confirmed and taken back: the keys are a valid version, and the device has one release wholly."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from board import TESTS, compile_client, micropython
from content import noise, sha1
from signing import LAPTOP, OFFICE, ROOT_KEY, Waybill, keys, signed
from test_patch import by_detools

sys.path.insert(0, str(TESTS / "model"))

from firmware import MPY, make_image

OLD_IMAGE, IMAGE = (make_image(version, MPY, size) for version, size in (("1.0.0", 5000), ("1.0.1", 5150)))
PAIRS = 25
BOOT = b"""import os
from machine import SD
os.mount(SD(), "/sd")
from OTA import OTA
OTA.boot()
"""


def trees(client: Path) -> dict[str, dict[str, bytes]]:
    files = [path for path in client.rglob("*") if path.is_file()]
    old = {f"flash/lib/{path.relative_to(client)}": path.read_bytes() for path in files}
    old |= {"flash/boot.py": BOOT, "flash/main.py": b"A = 1\n", "flash/gone/old.py": noise(700)}
    old["sd/sound.wav"] = noise(600, 2)
    new = {path: data for path, data in old.items() if path != "flash/gone/old.py"}
    new |= {"flash/main.py": b"A = 2\n" + noise(900, 3), "flash/lib/more/new.py": noise(800, 4)}
    new["sd/sound.wav"] = noise(650, 5)
    return {"1.0.0": old, "1.0.1": new, "1.0.2": new | {"flash/main.py": b"A = 3\n"}}


def documents(releases: dict[str, dict[str, bytes]]) -> dict[str, bytes]:
    found = signed("keys/1", keys(), ROOT_KEY)
    found |= signed("keys/2", keys(2, release=(OFFICE, LAPTOP)), ROOT_KEY)
    found |= signed("keys/3", keys(3, release=(LAPTOP,)), ROOT_KEY)
    for sequence, version in ((17, "1.0.1"), (18, "1.0.2")):
        found |= signed(version, Waybill(releases[version], version, sequence).render(), LAPTOP)
    image = Waybill({"firmware_1.0.1.bin": IMAGE}, "1.0.1", 5, image=True)
    found |= signed("firmware_1.0.1.bin", image.render(), LAPTOP)
    old, new = releases["1.0.0"], releases["1.0.1"]
    changed = [(old[path], new[path]) for path in old if path in new and old[path] != new[path]]
    for before, after in [*changed, (OLD_IMAGE, IMAGE)]:
        found[f"/delta/{sha1(before)}-{sha1(after)}"] = by_detools(before, after)
    return {name[1:]: data for name, data in found.items()}


def test_no_cut_breaks_a_device_with_keys(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    releases = trees(compile_client(tmp_path / "client"))
    spec = {
        "trees": {version: {path: data.hex() for path, data in tree.items()} for version, tree in releases.items()},
        "documents": {name: data.hex() for name, data in documents(releases).items()},
    }
    (tmp_path / "spec.json").write_text(json.dumps(spec))
    command = [micropython(), "-X", "heapsize=64M", str(TESTS / "signed_cuts.py")]
    runs = [
        subprocess.Popen([*command, kind, str(tmp_path / "spec.json"), str(PAIRS)], stdout=subprocess.PIPE, text=True)
        for kind in ("littlefs", "FAT")
    ]
    for run in runs:
        said = run.communicate()[0]
        kind, states, counts = json.loads(said.rstrip("\n").rsplit("\n", 1)[-1])
        with capsys.disabled():
            print(f"\n{kind}, with keys, {states} flash states: {counts}")
        assert counts["bad"] == 0, said
        assert min(counts["old"], counts["new"]) > 50
