"""A fleet, end to end: python device/tests/fleet.py [--devices N] [--seed N]

Boards on three old releases, one `airwaybill serve`, a link for each that does harm, and power cuts, with seeds that do
not change. All end on the newest release. Then a bad one goes out, and all come back from it by themselves; then a
mended one. Each end is compared byte by byte. The power never goes in three starts in a row: three starts without
confirm() are what D4 takes for a release that does not work.
"""

from __future__ import annotations

import argparse
import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import proxy
from board import TESTS, Server, compile_client, micropython, record_of, tree

OLD = ("1.0.0", "1.0.1", "1.1.0")
NEWEST = "1.2.0"
BAD = "1.3.0"
MENDED = "1.3.1"
HARMS = (proxy.delays, proxy.cuts, proxy.resets, proxy.corrupts, proxy.truncates, proxy.says_500)
CUT_STARTS = 0.8
WRITES = 1000  # an update makes about so many, a confirmation or the way back some fifty
CUTS_IN_A_ROW = 2
STARTS = 100
SETTLE = "0.5"
IMAGE_HEAD = b"\xe9\x06"  # what a boot loader looks for, and the version of .mpy files
STARTS_THE_DEVICE = ("flash/boot.py", "flash/lib/OTA.py", "flash/lib/airwaybill_boot/")

BOOT = """import os
from machine import SD

os.mount(SD(), "/sd")
from OTA import OTA

OTA.boot()
"""
MAIN = """import meter
from config import PORT
from OTA import HTTPOTA

ota = HTTPOTA("127.0.0.1", PORT)
ota.pause_ms = 1
ota.timeout_ms = 1000
meter.work({version!r})
ota.confirm()
try:
    ota.update()
except Exception as error:
    print("No update:", error)
sent = ota.status()
"""
METER = """VERSION = {version!r}


def work(wanted):
    assert wanted == VERSION, "half a release"
"""


def write_release(root: Path, version: str, client: Path) -> None:
    """Releases differ in every kind of path, the client's own included. `client` is made for each version."""
    draw = random.Random(version)
    number = (*OLD, NEWEST, BAD, MENDED).index(version)
    main = MAIN.format(version=version)
    files = {
        "flash/boot.py": f"# {version}\n{BOOT}".encode(),
        "flash/main.py": (main if version != BAD else f'raise RuntimeError("no meter")\n{main}').encode(),
        "flash/lib/meter.py": METER.format(version=version).encode(),
        "flash/lib/same.bin": b"same",
        f"flash/parts/of_{version}/table.bin": draw.randbytes(700),
        f"sd/tones/{number % 2}.wav": draw.randbytes(900),
    }
    for part in range(6):
        if part != number:
            files[f"flash/lib/part_{part}.bin"] = draw.randbytes(draw.randrange(3000))
    files.update({f"flash/lib/{path}": data for path, data in tree(compile_client(client, f"{version}/")).items()})
    for path, data in files.items():
        target = root / version / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    (root / f"firmware_{version}.bin").write_bytes(IMAGE_HEAD + draw.randbytes(9000))


class Device:
    def __init__(self, number: int, root: Path, releases: Path, server: Server, seed: int) -> None:
        self.name = f"meter-{number:02}"
        self.started_on = OLD[number % len(OLD)]
        self.ended_on: list[str] = []
        self.cuts = self.cuts_in_a_row = self.faults = self.starts = 0
        self.releases = releases
        self.root = root / self.name
        self.root.mkdir()
        self.draw = random.Random(f"{seed} {number}")
        self.link = proxy.Proxy(server.port, self.harm, self.draw.randrange(1 << 32))
        image = releases / f"firmware_{self.started_on}.bin"
        self.has_record = number % 2 == 1  # D13: the others make theirs
        record = root / f"record_{self.started_on}" if self.has_record else ""
        self.call("make", releases / self.started_on, image, self.started_on, self.link.port, record)

    def harm(self, link: proxy.Link, response: bytes) -> Iterator[bytes]:
        sent = b""
        try:
            for piece in link.draw.choice(HARMS)(link, response):
                sent += piece
                yield piece
        except proxy.Closed:
            self.faults += 1
            raise
        self.faults += sent != response

    def call(self, action: str, *arguments: object) -> Any:
        """What the board prints; None when its power was cut."""
        command = [micropython(), "-X", "heapsize=8M", TESTS / "fleet_device.py", self.root, action, *arguments]
        done = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=False, timeout=120)
        if done.returncode == -9:
            return None
        assert done.returncode == 0, f"{self.name}: {done.stdout[-2000:]}{done.stderr[-4000:]}"
        return json.loads(done.stdout.rstrip("\n").rsplit("\n", 1)[-1])

    def start(self) -> dict[str, Any]:
        """What the application sends at its end; nothing when it does not get there."""
        cut = -1
        if self.cuts_in_a_row < CUTS_IN_A_ROW and self.draw.random() < CUT_STARTS:
            at = self.draw.random()
            cut = 1 + int(self.draw.choice([WRITES * at, WRITES**at]))
        ended = self.call("start", cut, self.draw.choice(["before", "torn"]))
        self.starts += 1
        self.cuts += ended is None
        self.cuts_in_a_row = self.cuts_in_a_row + 1 if ended is None else 0
        return ended.get("sent", {}) if ended else {}

    def until(self, version: str, state: str, refused: str | None = None) -> None:
        for _ in range(STARTS):
            sent = self.start()
            if (sent.get("version"), sent.get("state"), sent.get("refused")) == (version, state, refused):
                return
        raise AssertionError(f"{self.name}: after {STARTS} starts {sent}, not {state} on {version}")

    def holds(self, version: str, *own: str) -> None:
        """Byte by byte: the release, its firmware, what is the device's own, and of the client's `own` alone."""
        found = self.call("look")
        # D9: without a record nobody knows who has made a directory that is empty now.
        skip = () if self.has_record else ("/",)
        files = {path: bytes.fromhex(data) for path, data in found["files"].items() if not path.endswith(skip)}
        delivered = tree(self.releases / self.started_on)
        # D7: what starts the device comes with no release.
        starts = {path: data for path, data in delivered.items() if path.startswith(STARTS_THE_DEVICE)}
        config = {"flash/config.py": b"PORT = %d\n" % self.link.port}
        wanted = {**tree(self.releases / version), **starts, **config}
        wrong = sorted(path for path in {**files, **wanted} if files.get(path) != wanted.get(path))
        assert not wrong, f"{self.name} is not wholly on {version}: {wrong}"
        image = (self.releases / f"firmware_{version}.bin").read_bytes()
        assert bytes.fromhex(found["image"]).startswith(image), f"{self.name} has not the firmware of {version}"
        assert found["own"] == sorted([*own, "files", "version"]), f"{self.name} keeps {found['own']}"
        self.ended_on.append(version)

    def confirms(self, version: str) -> None:
        self.until(version, "idle")
        self.holds(version)

    def comes_back(self) -> None:
        """Rolled back by starts alone, it is tried once more (D15)."""
        self.until(NEWEST, "rolled back", BAD)
        asked = self.asked_for_bad()
        for _ in range(3):
            self.until(NEWEST, "rolled back", BAD)
        assert self.asked_for_bad() == asked > 0, f"{self.name} takes {BAD} again"
        self.holds(NEWEST, "report")

    def asked_for_bad(self) -> int:
        return sum(f"GET /{BAD}/" in request.decode() for request in self.link.requests)


def wait_for(server: Server, version: str) -> None:
    """Until the copied release has settled: the server answers, and tells nobody."""
    for _ in range(600):
        with urllib.request.urlopen(f"http://127.0.0.1:{server.port}/manifest.json?current_ver={OLD[0]}") as answer:
            manifest = json.load(answer)
        if manifest and manifest["version"] == version:
            return
        time.sleep(0.1)
    raise AssertionError(f"the server does not offer {version}")


def fleet(count: int, seed: int) -> list[Device]:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for version in (*OLD, NEWEST, BAD, MENDED):
            write_release(root / "made", version, root / f"client_{version}")
        releases = root / "releases"

        def release(version: str) -> None:
            shutil.copytree(root / "made" / version, releases / version)
            shutil.copy(root / "made" / f"firmware_{version}.bin", releases)

        for version in (*OLD, NEWEST):
            release(version)
            (root / f"record_{version}").write_bytes(record_of(releases, version))
        with Server(releases, "--settle", SETTLE) as server, ThreadPoolExecutor(count) as pool:

            def each(action: Callable[[Device], None]) -> None:
                list(pool.map(action, devices))

            devices = list(pool.map(lambda number: Device(number, root, releases, server, seed), range(count)))
            wait_for(server, NEWEST)
            each(lambda device: device.confirms(NEWEST))
            release(BAD)
            wait_for(server, BAD)
            each(lambda device: device.comes_back())
            release(MENDED)
            wait_for(server, MENDED)
            each(lambda device: device.confirms(MENDED))
            for device in devices:
                device.link.close()
        return devices


def show(devices: list[Device]) -> None:
    row = "{:10} {:>10} {:>5} {:>11} {:>7}  {}".format
    print(row("device", "started on", "cuts", "link faults", "starts", "ended on"))
    for device in devices:
        first, back, last = device.ended_on
        ends = f"{first}, {back} ({BAD} rolled back), {last}"
        print(row(device.name, device.started_on, device.cuts, device.faults, device.starts, ends))
    cuts, faults, starts = (sum(getattr(device, key) for device in devices) for key in ("cuts", "faults", "starts"))
    print(
        f"{len(devices)} devices, {starts} starts, {cuts} power cuts, {faults} link faults: "
        f"all confirmed {NEWEST}, came back from {BAD}, confirmed {MENDED}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="A fleet of devices, end to end.")
    parser.add_argument("--devices", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    show(fleet(given.devices, given.seed))
    return 0


if __name__ == "__main__":
    sys.exit(main())
