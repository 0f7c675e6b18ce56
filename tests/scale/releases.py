"""The releases that the simulated fleet is on: what devices ask a store for and how many bytes it is, by the engine."""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from content import sha1, write

import airwaybill

BASE = "https://cdn.example.org"
VERSIONS = ("1.0.0", "1.0.1", "1.0.2", "1.0.3")
MODULES = 60
LINES = 80
IMAGE_BYTES = 1_500_000
NEXT_KEYS = "keys/2.waybill"  # a device with keys asks for the next ones at each poll
WORDS = ("self", "read", "write", "port", "value", "error", "return", "frame", "index", "length", "timeout", "queue")


class Answer(NamedTuple):
    """What a store has at a key: its bytes, a tag that changes with the content, and whether that never happens."""

    size: int
    tag: str
    immutable: bool


class Offer(NamedTuple):
    """What a store has; and by the version that a device is on, of files and firmware, the keys that it asks for, in
    order, and the version that it is on afterwards, or None if there is nothing for it."""

    store: dict[str, Answer]
    asked: dict[str, tuple[list[str], str | None]]


def command(*arguments: object) -> None:
    subprocess.run([sys.executable, "-m", "airwaybill", *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def make(top: Path, seed: int) -> None:
    """`after`: four releases, each with some lines of the one before changed in a quarter of its modules, images that
    differ in one part in a hundred, patches, and signatures with a key made for it. `before`: without the last."""
    after, before = top / "after", top / "before"
    make_releases(after, seed)
    shutil.copytree(after, before)
    shutil.rmtree(before / VERSIONS[-1])
    for file in (*before.glob(f"{VERSIONS[-1]}.*"), *before.glob(f"firmware_{VERSIONS[-1]}.*")):
        file.unlink()
    for root in (before, after):
        command("delta", root)


def make_releases(root: Path, seed: int) -> None:
    draw = random.Random(seed)

    def line() -> str:
        return "    " + " ".join(draw.choices(WORDS, k=draw.randrange(3, 9)))

    modules = [[line() for _ in range(draw.randrange(LINES // 2, LINES * 2))] for _ in range(MODULES)]
    image = bytearray(b"\xe9" + draw.randbytes(IMAGE_BYTES - 1))
    for version in VERSIONS:
        files = {f"flash/lib/module_{at:02}.py": "\n".join(lines).encode() for at, lines in enumerate(modules)}
        write(root / version, {**files, "flash/main.py": f"VERSION = {version!r}\n".encode()})
        (root / f"firmware_{version}.bin").write_bytes(image)
        for lines in draw.sample(modules, MODULES // 4):
            for _ in range(5):
                lines[draw.randrange(len(lines))] = line()
        start = draw.randrange(1, IMAGE_BYTES - IMAGE_BYTES // 100)
        image[start : start + IMAGE_BYTES // 100] = draw.randbytes(IMAGE_BYTES // 100)
    key = root.parent / "office"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "office", "-f", key], check=True)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "spare", "-f", f"{key}_spare"], check=True)
    roots = ("--root", f"{key}.pub", "--root", f"{key}_spare.pub")
    command("keys", "new", root, "--product", "meter", *roots, "--release", f"{key}.pub")
    command("sign", root, *VERSIONS, "--key", key)


def offer(root: Path, signed: bool, kind: int) -> Offer:
    """To devices that take manifests of format `kind`."""
    catalog = airwaybill.scan(str(root))
    documents = {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*.waybill*")}
    store = {}
    for of in catalog.objects(documents=documents):
        made = catalog.object_json(of.key, BASE)
        size, tag = (of.size or 0, of.sha1 or "") if made is None else (len(made), sha1(made))
        store[of.key] = Answer(size, tag, of.cache == "immutable")
    plans = {version: asked(catalog, version, signed, kind) for version in VERSIONS if (root / version).exists()}
    missing = [key for keys, _ in plans.values() for key in keys if key not in store and not key.startswith("keys/")]
    if missing:
        raise SystemExit(f"the store lacks {missing[0]}")
    return Offer(store, plans)


def asked(catalog: airwaybill.Catalog, version: str, signed: bool, kind: int) -> tuple[list[str], str | None]:
    key = f"m/{kind}/{version}/{version}.json"
    # Nothing that a store says vouches for a manifest: a device fetches it twice.
    keys = [NEXT_KEYS] * signed + [key] * 2
    manifest = json.loads(catalog.object_json(key, BASE) or b"null")
    if manifest is None:
        return keys, None

    def key_of(entry: dict[str, str]) -> str:
        return urlsplit(entry["URL"]).path[1:]

    if signed:
        for name in (manifest["version"], key_of(manifest["firmware"])):
            keys += [f"{name}.waybill.sig", f"{name}.waybill"]
    entries = (*manifest["new"], *manifest["update"], manifest["firmware"])
    return keys + [key_of(entry.get("patch", entry)) for entry in entries], manifest["version"]
