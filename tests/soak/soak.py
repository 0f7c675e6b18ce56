"""The server under load and fault, for a bounded time: devices, an operator, a bad disk, bad clients, kills.

First one server under load: its memory after the first fifth and at the end, and its descriptors when all clients have
left. Then, under the same load, it is killed and started again and again. At the end every manifest is the engine's, to
the byte. Prints a table; exits with 1 and names what was wrong, if anything was.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import random
import socket
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from churn import Churn
from content import noise, sha1
from devices import UNKNOWN_VERSION, Device
from hostile import Hostile
from ledger import Ledger
from link import HOST, Link
from process import Process, held_to_permissions
from tree import Tree

import airwaybill

CHURNS = 3
RELEASES_EACH = 2
STILL_RELEASE = "1.0.0"
LARGE_FILE = "sd/film.bin"
STILL_SIZES = {"flash/main.py": 2_000, "sd/song.wav": 200_000, LARGE_FILE: 5_000_000}
DISK_IMAGE = "disk.iso"
DISK_IMAGE_SIZE = 50_000_000
# A device rests for so long between two updates, on average.
REST_SECONDS = 5.0
WARM_SHARE, LOAD_SHARE = 0.2, 0.5
# Memory goes up and down with what is under way: it is the median over a tenth of the run.
MEMORY_SHARE, MEMORY_INTERVAL_SECONDS = 0.1, 0.5
MEMORY_GROWTH = 1.2
# Shorter runs show the memory and do not judge it: caches are still filling.
MEMORY_JUDGED_SECONDS = 60.0
EARLY_KILLS = 0.15
QUIET_SECONDS = 60.0


class Soak:
    """One run in ``top``."""

    def __init__(self, options: argparse.Namespace, top: Path, port: int) -> None:
        self.options = options
        self.ledger = Ledger()
        prefix = held_to_permissions()
        self.permissions = "none: root" if prefix is None else " ".join(prefix[:2]) or "those of this user"
        self._random = random.Random(f"{options.seed} kills")
        self._port = port
        self._root = top / "root"
        self._tree = Tree(self._root, options.settle, self.ledger)
        self._churns = [
            Churn(self._tree, top, number, options.seed, options.settle, prefix is not None, self.ledger)
            for number in range(CHURNS)
        ]
        self._process = Process(self._root, port, options.settle, prefix or (), self.ledger)
        self._still = {f"{STILL_RELEASE}/{path}": noise(size, path) for path, size in STILL_SIZES.items()}
        self.memory: list[float] = []
        self.descriptors: list[int] = []

    async def run(self) -> None:
        self._fill()
        await self._process.start()
        try:
            await self._ask_all()
            self.descriptors.append(self._process.descriptors)
            for churn in self._churns:
                churn.start()
            try:
                await self._load_and_kill()
            finally:
                for churn in self._churns:
                    await asyncio.to_thread(churn.stop)
            await self._check_quiet()
            await self._process.stop()
        finally:
            self._process.abandon()

    async def _load_and_kill(self) -> None:
        began, seconds = time.monotonic(), self.options.seconds
        clients = self._start_clients()
        await _sleep_until(began + WARM_SHARE * seconds)
        await self._measure_memory()
        await _sleep_until(began + (LOAD_SHARE - MEMORY_SHARE) * seconds)
        await self._measure_memory()
        await self._stop_clients(clients)
        await self._wait_for_descriptors()
        self.ledger.down_allowed = True
        clients = self._start_clients()
        await self._kill_again_and_again(began + seconds)
        await self._stop_clients(clients)

    def _fill(self) -> None:
        self._root.mkdir()
        for path, data in self._still.items():
            (self._root / path).parent.mkdir(parents=True, exist_ok=True)
            (self._root / path).write_bytes(data)
        self._tree.at_once(STILL_RELEASE, {path.partition("/")[2]: sha1(data) for path, data in self._still.items()})
        with (self._root / DISK_IMAGE).open("wb") as file:
            file.truncate(DISK_IMAGE_SIZE)
        for churn in self._churns:
            churn.fill(RELEASES_EACH)

    # --- clients

    def _start_clients(self) -> list[asyncio.Task[None]]:
        options = self.options
        still = {path: sha1(data) for path, data in self._still.items()}
        devices = [
            Device(number, options.seed, self._port, self._tree, still, REST_SECONDS, self.ledger).live()
            for number in range(options.devices)
        ]
        large = [f"{STILL_RELEASE}/{LARGE_FILE}", DISK_IMAGE]
        hostile = Hostile(options.seed, self._port, large, self.ledger)
        slow = [hostile.read_slowly() for _ in range(options.slow_readers)]
        floods = [hostile.flood() for _ in range(options.floods)]
        return [asyncio.create_task(client) for client in (*devices, *slow, *floods)]

    async def _stop_clients(self, clients: list[asyncio.Task[None]]) -> None:
        left = set(clients)
        while left:
            # wait_for can lose a cancellation before Python 3.12.
            for client in left:
                client.cancel()
            _, left = await asyncio.wait(left, timeout=1)
        for client in clients:
            if not client.cancelled():
                self.ledger.fail("a client of the soak failed", repr(client.exception()))

    # --- one server

    async def _measure_memory(self) -> None:
        samples = []
        until = time.monotonic() + MEMORY_SHARE * self.options.seconds
        while time.monotonic() < until:
            samples.append(self._process.resident_bytes / 2**20)
            await asyncio.sleep(MEMORY_INTERVAL_SECONDS)
        self.memory.append(statistics.median(samples))
        judged = self.options.seconds * WARM_SHARE >= MEMORY_JUDGED_SECONDS
        if judged and self.memory[-1] > MEMORY_GROWTH * self.memory[0]:
            self.ledger.fail("memory grew by more than a fifth", f"MiB: {self.memory}")

    async def _wait_for_descriptors(self) -> None:
        await _eventually(lambda: self._process.descriptors <= self.descriptors[0])
        self.descriptors.append(self._process.descriptors)
        if self.descriptors[-1] > self.descriptors[0]:
            self.ledger.fail("descriptors do not come back", str(self.descriptors))

    # --- many servers

    async def _kill_again_and_again(self, until: float) -> None:
        began, kills = time.monotonic(), self.options.kills
        for number in range(kills):
            await _sleep_until(began + (until - began) * (number + self._random.random()) / kills)
            await self._process.kill()
            self.ledger.count("kills")
            if self._random.random() < EARLY_KILLS:
                # The next one hits it while it starts.
                self._process.spawn()
                await asyncio.sleep(self._random.uniform(0, 1))
            else:
                await self._process.start()
        await self._process.wait_until_it_serves()

    # --- the end

    async def _check_quiet(self) -> None:
        """When nothing changes any more, the server's answers are the engine's."""
        catalog = airwaybill.scan(self._root)
        releases = [str(release.version) for release in catalog.releases]
        link = Link(self._port, self.ledger)
        deadline = time.monotonic() + QUIET_SECONDS
        while True:
            health = json.loads((await link.ask("/healthz")).body)
            if health["releases"] == releases and not health["unsettled"]:
                break
            if time.monotonic() > deadline:
                self.ledger.fail("the server does not see what is there", f"{health}, not {releases}")
                break
            await asyncio.sleep(0.1)
        # What it remembers of releases that are held back now, only it knows.
        document = json.loads((await link.ask("/_preview/listing.json")).body)
        earlier = airwaybill.Catalog.from_listing(document["remembered"])
        catalog = airwaybill.Catalog.from_listing(document["entries"], now=int(time.time()), earlier=earlier)
        base_url = f"http://{HOST}:{self._port}"
        for current in (None, UNKNOWN_VERSION, *(name for name in self._tree.names() if name[0].isdigit())):
            query = "" if current is None else f"?current_ver={current}"
            answer = await link.ask(f"/manifest.json{query}")
            if answer.body != catalog.manifest_json(base_url, current):
                self.ledger.fail("a manifest that is not the engine's", f"current_ver {current}")
            self.ledger.count("manifests compared with the engine's at the end")
        link.cut()
        await self._ask_all()
        await self._wait_for_descriptors()

    async def _ask_all(self) -> None:
        """One answer of each kind, so that the server has opened all that it opens once."""
        for path in ("/healthz", "/manifest.json", *(f"/{path}" for path in self._still)):
            link = Link(self._port, self.ledger)
            answer = await link.ask(path)
            link.cut()
            if answer.status != 200 or not answer.whole:
                self.ledger.fail("a server without load does not answer", f"{path}: {answer.status}")

    # --- the table

    def table(self) -> str:
        options, ledger = self.options, self.ledger
        lines: list[tuple[str, object]] = [
            ("seconds", options.seconds),
            ("seed", options.seed),
            ("devices", options.devices),
            ("permissions that the server is held to", self.permissions),
        ]
        lines += sorted(ledger.counts.items())
        faults = sum(times for what, times in ledger.counts.items() if what.startswith("fault: "))
        lines.append(("faults injected in all", faults))
        lines += [(f"status {status}", number) for status, number in sorted(ledger.statuses.items())]
        if len(self.memory) == 2:
            lines.append(("memory, MiB: after warm-up", f"{self.memory[0]:.1f}"))
            lines.append(("memory, MiB: at the end of the load", f"{self.memory[1]:.1f}"))
            lines.append(("memory, ratio", f"{self.memory[1] / self.memory[0]:.3f}"))
        lines.append(("descriptors: start, after load, at the end", " ".join(map(str, self.descriptors))))
        lines += [(f"WRONG: {what}", times) for what, times in ledger.failures.items()]
        shown = [(name, f"{value:,}" if isinstance(value, int) else str(value)) for name, value in lines]
        return "\n".join(f"{name:60} {value:>16}" for name, value in shown)


async def _sleep_until(moment: float) -> None:
    await asyncio.sleep(max(0.0, moment - time.monotonic()))


async def _eventually(condition: Callable[[], bool]) -> None:
    """Waits for ``condition``, and gives up after a time."""
    deadline = time.monotonic() + QUIET_SECONDS
    while not condition() and time.monotonic() < deadline:
        await asyncio.sleep(0.05)


def hold_a_port() -> socket.socket:
    """A socket that keeps its port from everyone but a server, which may listen on it again after each kill.

    A client that looks for a free port while no server listens could get this one else.
    """
    holder = socket.socket()
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    holder.bind((HOST, 0))
    return holder


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=300)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--devices", type=int, default=500)
    parser.add_argument("--slow-readers", type=int, default=200)
    parser.add_argument("--floods", type=int, default=20)
    parser.add_argument("--kills", type=int, help="without it, one for every three seconds")
    parser.add_argument("--settle", type=float, default=2.0)
    options = parser.parse_args()
    if options.kills is None:
        options.kills = options.seconds // 3
    with tempfile.TemporaryDirectory(prefix="airwaybill-soak-") as name, hold_a_port() as holder:
        soak = Soak(options, Path(name), holder.getsockname()[1])
        print(f"seed {options.seed}, {options.seconds} s", file=sys.stderr, flush=True)
        try:
            asyncio.run(soak.run())
        finally:
            print(soak.table())
    if soak.ledger.failures:
        sys.exit("WRONG: " + "; ".join(soak.ledger.failures))


if __name__ == "__main__":
    main()
