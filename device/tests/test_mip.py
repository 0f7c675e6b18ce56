"""`mip` installs the client over HTTP, as source and compiled, and a failed install is seen."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from board import CLIENT, DEVICE, ROOT, SOURCE, micropython

sys.path.append(str(DEVICE / "tools"))

import mip_package


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served(directory: Path) -> Iterator[str]:
    handler = partial(Quiet, directory=str(directory))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def lines_of_readme() -> str:
    """The block of README.md that installs, as it stands there."""
    (block,) = re.findall(r"```python\n(import mip\n.*?)```", (DEVICE / "README.md").read_text(), re.DOTALL)
    return block


def install(url: str, target: Path) -> subprocess.CompletedProcess[str]:
    (found,) = re.findall(r"http://[^\"]*(?=/package.json)", lines_of_readme())
    code = lines_of_readme().replace(found, url).replace('"/lib"', repr(str(target)))
    code = f"import sys; sys.path.insert(0, {str(target)!r})\n{code}"
    return subprocess.run([micropython(), "-c", code], capture_output=True, text=True, check=False)


LICENCE = f"airwaybill/{mip_package.LICENCE}"


def content(directory: Path) -> dict[str, bytes]:
    return {str(file.relative_to(directory)): file.read_bytes() for file in directory.rglob("*") if file.is_file()}


def test_the_source(tmp_path: Path) -> None:
    with served(DEVICE) as url:
        done = install(url, tmp_path)
    assert done.returncode == 0, done.stderr
    licence = {LICENCE: (ROOT / mip_package.LICENCE).read_bytes()}
    assert content(tmp_path) == {name: (DEVICE / name).read_bytes() for name in CLIENT} | licence


def test_the_compiled_files(tmp_path: Path) -> None:
    """By the version that the board's firmware reads; recovery and face stay source."""
    built = mip_package.compile_package(tmp_path / "built")
    version = subprocess.run(
        [micropython(), "-c", "import sys; print(sys.implementation._mpy & 0xFF)"], capture_output=True, check=True
    )
    with served(built.parent) as url:
        done = install(f"{url}/{int(version.stdout)}", tmp_path / "board")
    assert done.returncode == 0, done.stderr
    found = content(tmp_path / "board")
    assert found.pop(LICENCE) == (ROOT / mip_package.LICENCE).read_bytes()
    assert found == {name: data for name, data in content(built).items() if name.endswith((".py", ".mpy"))}
    source = {name for name in found if name.endswith(".py")}
    assert source == {name for name in CLIENT if name.startswith(SOURCE)}
    assert {name.replace(".mpy", ".py") for name in found} == set(CLIENT)


@pytest.mark.parametrize("missing", ["package.json", "airwaybill/names.py", "airwaybill_old.py", "OTA.py"])
def test_a_failed_install_is_seen(tmp_path: Path, missing: str) -> None:
    """`mip` prints what it has not found, and returns as ever."""
    away = tmp_path / "served"
    for name in [*CLIENT, mip_package.LICENCE, "package.json"]:
        (away / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(DEVICE / name, away / name)
    (away / missing).unlink()
    with served(away) as url:
        done = install(url, tmp_path / "board")
    assert done.returncode != 0
    assert "ImportError: no module named 'OTA'" in done.stdout + done.stderr


def test_the_package_lists_every_file() -> None:
    assert (DEVICE / "package.json").read_text() == mip_package.package(CLIENT)
