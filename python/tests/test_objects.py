"""S1 and S2: what is published is what the server answers, byte for byte."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from content import noise, sha1, write
from server_support import Reply, ask

import airwaybill
from airwaybill import Catalog, make_patch
from airwaybill._core import manifest_key, patch_path
from airwaybill._signing import documents
from airwaybill.server import create_app

EXAMPLES = Path(__file__).resolve().parents[2] / "examples" / "releases"
RELEASES = ("0.9", "1.0", "1.00", "1.0.0", "v1.0.1", "1.0.1", "1.0.1+a", "1.0.2-rc.1", "1.0.10", "2024.07_x+y")
IMAGES = ("0.9", "1.0", "1.00", "1.0.1+a", "1.20.2.r6")
PATHS = ("flash/main.py", "flash/boot.py", "flash/cfg.json", "flash/lib/a b+c%.txt", "flash/données", "sd/x.wav")
# Neither here nor offered ever.
STRANGERS = ("0.1", "9.9+x")


def generate(root: Path, dice: Random) -> dict[str, Any]:
    """A directory of releases, images and patches, and settings for it."""
    text = b"\n".join(noise(12, seed=dice.random()).hex().encode() for _ in range(60))
    tree: dict[str, bytes] = {}
    trees: list[dict[str, bytes]] = []
    releases = dice.sample(RELEASES, dice.randint(0, 5))
    for release in releases:
        tree = {path: data for path, data in tree.items() if dice.random() < 0.8}
        tree.update(
            {path: text + noise(dice.randint(0, 99), seed=dice.random()) for path in PATHS if dice.random() < 0.4}
        )
        trees.append(tree)
        write(root, {f"{release}/{path}": data for path, data in tree.items()})
    write(root, {f"firmware_{version}.bin": noise(500, version) for version in dice.sample(IMAGES, dice.randint(0, 3))})
    for path, old, new in product(PATHS, trees, trees):
        if path in new and dice.random() < 0.5:
            base = old.get(path, b"")
            name = patch_path(sha1(new[path]), sha1(base) if base else None)
            write(root, {name: make_patch(base, new[path])})
    if trees and trees[0] and dice.random() < 0.3:
        # Nothing holds a release back better than a link out of it.
        (root / releases[0] / "flash").mkdir(exist_ok=True)
        (root / releases[0] / "flash/stray").symlink_to("/dev/null")
    return {"keep": dice.choice(((), ("cfg.json",))), "protect": dice.choice(((), ("boot.py",)))}


def query_of(key: str) -> str:
    """The request that a key stands for."""
    _, form, current, firmware = key.removesuffix(".json").split("/")
    asked = {"format": form, "current_ver": current, "firmware_ver": firmware}
    return "/manifest.json?" + urlencode({name: text for name, text in asked.items() if text != "-"})


def asked_of(root: Path, paths: Iterable[str], settings: dict[str, Any]) -> list[Reply]:
    """The answers of a server for ``root``, which is the host ``a``."""

    async def run() -> list[Reply]:
        app = create_app(root, settle=0, preview=False, **settings)
        await app.startup()
        try:
            return [await ask(app, path) for path in paths]
        finally:
            await app.shutdown()

    return asyncio.run(run())


def check(root: Path, settings: dict[str, Any]) -> list[bytes]:
    """Compares all objects of a directory with what is there and what the server answers; gives what was made."""
    catalog = airwaybill.scan(root, **settings)
    found = catalog.objects(newest=None, current=STRANGERS, firmware_version=STRANGERS, documents=documents(str(root)))
    keys = [each.key for each in found if each.kind in ("manifest", "head")]
    releases = [path.name for path in root.iterdir() if path.is_dir() and path.name[0] in "v0123456789"]
    images = [path.stem.removeprefix("firmware_") for path in root.glob("firmware_*.bin")]
    asked = product("123", ["-", *releases, *STRANGERS], ["-", *images, *STRANGERS])
    assert keys == sorted(["head.json", *("m/{}/{}/{}.json".format(*each) for each in asked)])

    made = [catalog.object_json(key, "http://a") or b"" for key in keys]
    by_path = asked_of(root, ["/" + quote(key) for key in keys], settings)
    by_query = asked_of(root, [query_of(key) for key in keys[1:]], settings)
    assert [(reply.status, reply.body) for reply in by_path] == [(200, body) for body in made]
    assert by_path[1:] == by_query

    files = [each for each in found if each.kind in ("file", "document")]
    served = asked_of(root, ["/" + quote(each.key) for each in files], settings)
    for each, reply in zip(files, served):
        content = (root / each.key).read_bytes()
        assert (each.size, each.sha1) == (len(content), sha1(content))
        assert (reply.status, reply.body, reply.headers["content-type"]) == (200, content, each.content_type)
    assert catalog.object_counts(newest=None, current=STRANGERS, firmware_version=STRANGERS)["manifest"] == len(
        by_query
    )
    return made


def test_objects_of_the_examples_are_what_the_server_answers() -> None:
    assert len(check(EXAMPLES, {})) == 3 * 5 * 5 + 1


def test_objects_of_generated_directories_are_what_the_server_answers(tmp_path: Path) -> None:
    texts: list[bytes] = []
    for seed in range(50):
        root = tmp_path / str(seed)
        root.mkdir()
        texts += check(root, generate(root, Random(seed)))
    # Else they would compare little.
    for part in (b"null", b'"firmware": {', b'"patch": {', b'"keep": [', b'"delete": [\n', b'"full": true'):
        assert sum(part in text for text in texts) > 50, part


def test_a_key_is_read_as_it_is_written() -> None:
    catalog = Catalog.from_listing([], scheme="loose")
    objects = catalog.objects(current=RELEASES, firmware_version=IMAGES)
    keys = [each.key for each in objects if each.kind == "manifest"]
    read = {manifest_key(key) for key in keys}
    assert read == set(product((1, 2, 3), (None, *RELEASES), (None, *IMAGES)))


def test_a_thousand_versions_are_counted_before_they_are_made() -> None:
    releases = [airwaybill.FileRecord(f"1.0.{n}/flash/main.py", 1, "1" * 40) for n in range(1000)]
    images = [airwaybill.FileRecord(f"firmware_1.0.{n}.bin", 1, "1" * 40) for n in range(1000)]
    catalog = Catalog.from_listing([*releases, *images])
    assert catalog.object_counts() == {"file": 2000, "document": 0, "manifest": 3 * 21 * 21, "head": 1}
    assert catalog.object_counts(newest=None)["manifest"] == 3 * 1001 * 1001


@pytest.mark.parametrize("number", [-1, 2**32, 10**400])
def test_a_number_out_of_range(number: int) -> None:
    with pytest.raises(airwaybill.AirwaybillError, match=r"newest .*: expected a whole number from 0") as raised:
        Catalog.from_listing([]).objects(newest=number)
    assert raised.value.code == "field_type"


def test_arguments_of_another_type() -> None:
    catalog: Any = Catalog.from_listing([])
    for arguments in ({"newest": "all"}, {"current": "1.0.0"}, {"formats": ["2"]}, {"documents": [b"x"]}):
        with pytest.raises(TypeError):
            catalog.objects(**arguments)
    with pytest.raises(airwaybill.AirwaybillError) as raised:
        catalog.object_json("m/2/-/-.json", "http://a", dst_paths="none")
    assert raised.value.code == "field_type"
