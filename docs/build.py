"""Builds what the site has beside its pages, into target/site.

- ``api/python``, ``api/javascript``, ``api/rust``: the references.
- ``example``: the release preview with the example releases, as the server gives them.
- ``mip``: an index from which ``mip`` installs the device client, as source or as ``.mpy``.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx

from airwaybill.server import create_app
from airwaybill.server.preview import BUILT as PAGE

ROOT = Path(__file__).resolve().parents[1]
OUT = ROOT / "target/site"
EXAMPLES = ROOT / "examples/releases"
# Where the preview of the site says that devices find the releases: the van of the READMEs.
VAN = "http://192.168.1.144:8000"


def run(*command: str | Path) -> None:
    subprocess.run([*map(str, command)], cwd=ROOT, check=True, stdout=subprocess.DEVNULL)


def references(out: Path) -> None:
    run(sys.executable, "-m", "pdoc", "airwaybill", "airwaybill.server", "-o", out / "python")
    run("node", "docs/node_modules/typedoc/bin/typedoc", "--options", "docs/typedoc.json", "--out", out / "javascript")
    run("cargo", "doc", "-q", "--no-deps", "-p", "airwaybill")
    shutil.copytree(Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target")) / "doc", out / "rust")


def example(out: Path) -> None:
    """The server's own files and answer, so that a static site shows what a server shows."""
    shutil.copytree(EXAMPLES, out)
    shutil.copytree(PAGE, out / "_preview")
    (out / "_preview/listing.json").write_bytes(asyncio.run(_listing()))


async def _listing() -> bytes:
    app = create_app(EXAMPLES, base_url=VAN, settle=0)
    await app.startup()
    try:
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=VAN) as client:
            return (await client.get("/_preview/listing.json")).raise_for_status().content
    finally:
        await app.shutdown()


def mip(out: Path) -> None:
    """``package/<mpy version>/<name>/<version>.json`` names files by hash, which are under ``file``."""
    with tempfile.TemporaryDirectory() as folder:
        run(sys.executable, "device/tools/mip_package.py", "--mpy", folder)
        (compiled,) = Path(folder).iterdir()
        _index(out, compiled.name, compiled)
    # What mip asks for without bytecode.
    _index(out, "py", ROOT / "device")


def _index(out: Path, mpy_version: str, directory: Path) -> None:
    package = json.loads((directory / "package.json").read_text())
    hashes = []
    for target, source in package["urls"]:
        data = (directory / source).read_bytes()
        digest = hashlib.sha256(data).hexdigest()
        held = out / "file" / digest[:2] / digest
        held.parent.mkdir(parents=True, exist_ok=True)
        held.write_bytes(data)
        hashes.append([target, digest])
    document = json.dumps({"v": 1, "version": package["version"], "hashes": hashes, "deps": package["deps"]})
    for version in (package["version"], "latest"):
        held = out / "package" / mpy_version / "airwaybill" / f"{version}.json"
        held.parent.mkdir(parents=True, exist_ok=True)
        held.write_text(document)


def main() -> None:
    shutil.rmtree(OUT, ignore_errors=True)
    references(OUT / "api")
    example(OUT / "example")
    mip(OUT / "mip")


if __name__ == "__main__":
    main()
