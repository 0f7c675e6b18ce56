"""What is in the packages that others install: licences, the release preview, what they say about themselves.

maturin says nothing when a pattern of `license-files` or `include` matches no file: so the packages are built and read.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Mapping
from email.message import Message
from email.parser import Parser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LICENCES = ["LICENSE-APACHE", "LICENSE-MIT"]
PAGE = "airwaybill/preview/"

Files = Mapping[str, bytes]


def start(*command: str | Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    # pip starts the build backend's program, maturin, by name.
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run([*map(str, command)], cwd=cwd, env=env, capture_output=True, text=True)


def run(*command: str | Path) -> str:
    done = start(*command)
    assert done.returncode == 0, f"{command}: {done.stderr}"
    return done.stdout


def pip_wheel(source: str | Path, out: Path, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return start(
        sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", out, source, cwd=cwd
    )


def read_tar(path: Path) -> Files:
    """By path below the archive's one top directory."""
    with tarfile.open(path) as archive:
        files = [member for member in archive.getmembers() if member.isfile()]
        assert len({member.name.partition("/")[0] for member in files}) == 1
        contents = {member.name.partition("/")[2]: archive.extractfile(member) for member in files}
        return {name: file.read() for name, file in contents.items() if file is not None}


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sdist")
    run(sys.executable, "-m", "maturin", "sdist", "-m", "python/Cargo.toml", "-o", out)
    (path,) = out.iterdir()
    return path


@pytest.fixture(scope="module")
def wheel(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The one that WHEEL names; else one that is built from the sdist alone, by its own build backend."""
    if "WHEEL" in os.environ:
        return Path(os.environ["WHEEL"])
    out = tmp_path_factory.mktemp("wheel")
    done = pip_wheel(sdist, out)
    assert done.returncode == 0, done.stderr
    (path,) = out.iterdir()
    return path


@pytest.fixture(scope="module")
def in_sdist(sdist: Path) -> Files:
    return read_tar(sdist)


@pytest.fixture(scope="module")
def in_wheel(wheel: Path) -> Files:
    with zipfile.ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}


def in_info(files: Files, name: str) -> bytes:
    (path,) = [path for path in files if re.fullmatch(rf"airwaybill-[^/]*\.dist-info/{name}", path)]
    return files[path]


def metadata(text: bytes) -> Message:
    return Parser().parsestr(text.decode())


def assert_licences(files: Files, prefix: str = "") -> None:
    for name in LICENCES:
        assert files[prefix + name] == (ROOT / name).read_bytes(), name


def test_licences_in_wheel_and_sdist(in_wheel: Files, in_sdist: Files) -> None:
    for about in (in_info(in_wheel, "METADATA"), in_sdist["PKG-INFO"]):
        assert metadata(about)["License-Expression"] == "MIT OR Apache-2.0"
        assert sorted(metadata(about).get_all("License-File", [])) == LICENCES
    for name in LICENCES:
        assert in_info(in_wheel, f"licenses/{name}") == (ROOT / name).read_bytes()
    assert_licences(in_sdist)


def test_licences_in_crate() -> None:
    listed = run("cargo", "package", "--list", "--allow-dirty", "-p", "airwaybill").splitlines()
    assert {*LICENCES, "Cargo.toml", "README.md", "src/lib.rs"} <= set(listed)
    assert_licences({path.name: path.read_bytes() for path in (ROOT / "core").glob("LICENSE-*")})


@pytest.mark.parametrize("package", ["npm/airwaybill", "npm-preview/airwaybill-preview"])
def test_licences_in_npm_package(package: str) -> None:
    (path,) = (ROOT / "target").glob(f"{package}-[0-9]*.tgz")
    files = read_tar(path)
    assert json.loads(files["package.json"])["license"] == "MIT OR Apache-2.0"
    assert_licences(files)


def test_the_licence_in_the_device_package() -> None:
    """On the device, MIT's alone: a block of flash. Both are in the directory that the package comes from."""
    urls = json.loads((ROOT / "device/package.json").read_text())["urls"]
    assert dict(urls)["airwaybill/LICENSE-MIT"] == "LICENSE-MIT"
    assert_licences({path.name: path.read_bytes() for path in (ROOT / "device").glob("LICENSE-*")})


def test_the_readmes_in_the_packages_lead_out_of_the_repository(in_sdist: Files) -> None:
    """An index shows them alone: what is beside them in the repository is not there."""
    shown = [str(metadata(in_sdist["PKG-INFO"]).get_payload())]
    shown += [(ROOT / name / "README.md").read_text("utf-8") for name in ("core", "wasm", "wasm/preview/package")]
    for text in shown:
        links = re.findall(r"\]\(([^)\s]+)", text)
        assert links
        assert [link for link in links if not link.startswith(("https://", "#"))] == []


def test_the_release_preview_is_in_wheel_and_sdist(in_wheel: Files, in_sdist: Files) -> None:
    built = ROOT / "python" / PAGE
    names = {path.relative_to(built).as_posix() for path in built.rglob("*") if path.is_file()}
    assert {"index.html", "release-preview.js", "icon.svg"} < names
    assert any(name.endswith(".wasm") for name in names)
    for files in (in_wheel, in_sdist):
        held = {name.removeprefix(PAGE): data for name, data in files.items() if name.startswith(PAGE)}
        assert held == {name: (built / name).read_bytes() for name in names}


def test_the_page_in_the_wheel_has_its_libraries_licences(in_wheel: Files) -> None:
    text = in_wheel[f"{PAGE}licenses.md"].decode()
    libraries = json.loads((ROOT / "wasm/preview/package.json").read_text())["dependencies"].keys() - {"airwaybill"}
    for name in libraries:
        assert re.search(rf"^## {name} \S+ \(.+\)\n\n(?:.+\n+)*.*Copyright", text, re.MULTILINE), name


def test_a_wheel_has_what_it_needs_and_no_more(in_wheel: Files) -> None:
    tops = {name.partition("/")[0] for name in in_wheel}
    assert {re.sub(r"-.*\.", ".", top) for top in tops} == {"airwaybill", "airwaybill.dist-info"}
    assert {"airwaybill/py.typed", "airwaybill/_core.pyi"} <= set(in_wheel)
    assert in_info(in_wheel, "entry_points.txt").decode().split() == [
        "[console_scripts]",
        "airwaybill=airwaybill.__main__:main",
    ]
    about = metadata(in_info(in_wheel, "METADATA"))
    assert about["Requires-Python"] == ">=3.9"
    assert "Source, https://github.com/airwaybill/airwaybill" in about.get_all("Project-URL", [])


def test_one_wheel_for_every_python(wheel: Path) -> None:
    match = re.fullmatch(r"airwaybill-\d+\.\d+\.\d+\S*-cp39-abi3-(\S+)\.whl", wheel.name)
    assert match is not None, wheel.name
    if "WHEEL" in os.environ:  # to be published: an index takes no plain linux_x86_64
        assert re.match(r"manylinux|musllinux|macosx|win", match[1]), wheel.name


def test_a_checkout_without_the_page_says_how_to_get_it(tmp_path: Path) -> None:
    members = ("Cargo.toml", "Cargo.lock", "core", "python", "tests", "wasm")
    for path in run("git", "ls-files", "-z", *members).split("\0"):
        if path and (ROOT / path).is_file():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / path, tmp_path / path)
    done = pip_wheel("./python", tmp_path, cwd=tmp_path)
    assert done.returncode != 0
    assert "The release preview" in done.stderr
    assert "make preview " in done.stderr
    assert not list(tmp_path.glob("*.whl"))


def versions() -> dict[str, str]:
    stated = re.search(r'^version = "(.*)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    assert stated is not None
    folders = ("wasm", "wasm/preview", "wasm/preview/package", "device")
    packages = [f"{folder}/package.json" for folder in folders]
    return {"Cargo.toml": stated[1], **{name: json.loads((ROOT / name).read_text())["version"] for name in packages}}


def test_the_packages_have_one_version() -> None:
    assert len(set(versions().values())) == 1, versions()
