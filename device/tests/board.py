"""What the tests and benchmarks share: where MicroPython is, the real server, and boards made of directories."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from serving import ServerProcess, serve

DEVICE = Path(__file__).resolve().parent.parent
TESTS = DEVICE / "tests"
ROOT = DEVICE.parent
PACKAGES = ("airwaybill", "airwaybill_boot")
CLIENT = sorted(str(file.relative_to(DEVICE)) for place in (".", *PACKAGES) for file in (DEVICE / place).glob("*.py"))
SOURCE = ("OTA.py", "airwaybill_boot/", "airwaybill_old.py")  # runs whatever firmware the boot loader starts

# Steps of a scenario: the release is placed at the first start, and on trial from the second on.
INSTALL = ("update", "start", "start", "confirm")
INSTALLED = (None, None, True)  # their results behind the version


def find(name: str, variable: str) -> str:
    """The program that the environment names, else the one beside this Python, else the one on the PATH."""
    if os.environ.get(variable):
        return os.environ[variable]
    beside = Path(sys.executable).parent / name
    if beside.exists():
        return str(beside)
    found = shutil.which(name)
    if found is None:
        raise FileNotFoundError(f"no {name}: set {variable}, or install requirements-dev.txt")
    return found


def micropython() -> str:
    return find("micropython", "MICROPYTHON")


def run_script(script: Path, *arguments: object, heap: str = "8M", timeout: float = 120) -> Any:
    """What a MicroPython script prints as JSON on its last line. `script` gets DEVICE as its first argument."""
    command = [micropython(), "-X", f"heapsize={heap}", str(script), str(DEVICE), *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=timeout)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    return json.loads(done.stdout.rstrip("\n").rsplit("\n", 1)[-1])


def compile_client(directory: Path, source_prefix: str = "") -> Path:
    """The client as a board has it, in `directory`: `airwaybill/` as .mpy files, the rest as source. `source_prefix`
    stands before the source's name in a .mpy, and in a comment of the source: another client of the same code.

    That name, for tracebacks, is the module's: a board that has imported it has that in memory already."""
    for name in CLIENT:
        target = directory / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if name.startswith(SOURCE):
            comment = f"# {source_prefix}\n" if source_prefix else ""
            target.write_text((DEVICE / name).read_text() + comment)
            continue
        source_name = source_prefix + name[: -len(".py")].replace("/", ".")
        command = [find("mpy-cross", "MPY_CROSS"), "-s", source_name, "-o", target.with_suffix(".mpy")]
        subprocess.run([*command, DEVICE / name], check=True)
    return directory


class Server(ServerProcess):
    """`airwaybill serve` on a port that the system picks, stopped at the end of the `with`."""

    def __init__(
        self,
        releases: Path,
        *options: str,
        host: str = "127.0.0.1",
        prefix: tuple[str, ...] = (),
        log: Path | None = None,
    ) -> None:
        command = (*prefix, *serve(releases, "--settle", "0", *options, host=host))
        with (log or Path(os.devnull)).open("w") as access_log:
            super().__init__(command, stdout=access_log)
        self.wait()

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *_: object) -> None:
        self.end(signal.SIGTERM)


def record_of(releases: Path, version: str) -> bytes:
    """`waybill/files` of a device delivered with a release."""
    command = [find("airwaybill", "AIRWAYBILL"), "record", str(releases), version]
    return subprocess.run(command, check=True, capture_output=True).stdout


class Board:
    """A device made of directories, delivered with release `version` of `releases`; `record` is whether it has a record
    of that."""

    def __init__(
        self,
        root: Path,
        releases: Path | None = None,
        version: str | None = None,
        record: bool = True,
        **spec: Any,
    ) -> None:
        self.root = root
        self.spec = spec
        for mount in ("flash", "sd"):
            source = releases / version / mount if releases and version else None
            if source and source.is_dir():
                shutil.copytree(source, root / mount)
            else:
                (root / mount).mkdir(parents=True)
        if version:
            (root / "flash" / "waybill").mkdir()
            (root / "flash" / "waybill" / "version").write_text(f"{version}\n{version}\n")
            if record and releases:
                (root / "flash" / "waybill" / "files").write_bytes(record_of(releases, version))

    def run(self, port: int, *steps: str | tuple[str, dict[str, Any]], heap: str = "8M", **spec: Any) -> list[Any]:
        """The result of each step; an error is a dict with `code` and `detail`."""
        listed = [(step, {}) if isinstance(step, str) else step for step in steps]
        whole = {"root": str(self.root), "port": port, "board": "esp32", "steps": listed, **self.spec, **spec}
        (self.root / "spec.json").write_text(json.dumps(whole))
        return run_script(TESTS / "scenario.py", self.root / "spec.json", heap=heap)

    def files(self) -> dict[str, bytes]:
        """All files of flash and sd, the client's own too."""
        paths = [path for mount in ("flash", "sd") for path in (self.root / mount).rglob("*") if path.is_file()]
        return {str(path.relative_to(self.root)): path.read_bytes() for path in paths}

    def release(self) -> dict[str, bytes]:
        """Without what is the client's."""
        return {path: data for path, data in self.files().items() if path.split("/")[1] != "waybill"}


def tree(directory: Path) -> dict[str, bytes]:
    """A release as a device would hold it."""
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def wait_until_offered(port: int, version: str) -> None:
    """The server sees a new directory by the system's notifications."""
    for _ in range(600):
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/manifest.json") as response:
            if (json.load(response) or {}).get("version") == version:
                return
        time.sleep(0.05)
    raise TimeoutError(f"{version} is not offered")
