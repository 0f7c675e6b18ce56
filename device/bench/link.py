"""Time and bytes of an update of 60 small files on 2 Mbit/s with 40 ms round trip: python device/bench/link.py

This client against one that opens a connection for each file and reads a hundred bytes at a time. Two network
namespaces joined by veth and `tc netem` make the link. Where they may not be made, a proxy on loopback does what it
can: it carries the bytes at that speed and that late, and a connection costs one round trip more; the output says so.
"""

from __future__ import annotations

import random
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import NamedTuple

TOP = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(TOP / "device" / "tests"), str(TOP / "tests" / "bench")]

from board import DEVICE, Board, Server, micropython
from measure import Part, in_turn

SEED = 60
FILES = 60
SIZES = (200, 1500)
RATE_BITS = 2_000_000
DELAY_S = 0.020
ROUNDS = 5
SPACES = ("airwaybill-server", "airwaybill-device")
ADDRESSES = ("10.213.7.1", "10.213.7.2")

OURS = """
import sys
sys.path[:] = [{client!r}]
mounts = {{"flash": {flash!r}, "sd": {sd!r}}}

def started():
    for name in list(sys.modules):
        if name.split(".")[0] in ("OTA", "airwaybill", "airwaybill_boot"):
            del sys.modules[name]
    from OTA import HTTPOTA
    return HTTPOTA({host!r}, {port}, mounts=mounts)

version = started().update(reset=False)
for _ in range(2):  # the first start puts it in place
    ota = started()
    ota.boot(mounts, False, count=True)
print(version, ota.confirm())
"""


class Link(NamedTuple):
    name: str
    host: str
    port: int
    device: tuple[str, ...]


class Result(NamedTuple):
    seconds: float
    received: int
    sent: int


def write_releases(root: Path) -> None:
    draw = random.Random(SEED)
    for version in ("1.0.0", "1.0.1"):
        for number in range(FILES):
            file = root / version / "flash" / "lib" / f"module_{number:02}.py"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(draw.randbytes(draw.randrange(*SIZES)))


def run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


@contextmanager
def namespaces(releases: Path) -> Iterator[Link]:
    """`subprocess.CalledProcessError` or `FileNotFoundError` where the system has, or allows, no such link."""
    names = ("awb-server", "awb-device")
    try:
        for space in SPACES:
            run("ip", "netns", "add", space)
        run("ip", "link", "add", names[0], "netns", SPACES[0], "type", "veth", "peer", names[1], "netns", SPACES[1])
        for space, name, address in zip(SPACES, names, ADDRESSES):
            within = ("ip", "netns", "exec", space)
            run(*within, "ip", "address", "add", f"{address}/24", "dev", name)
            run(*within, "ip", "link", "set", name, "up")
            netem = ("netem", "delay", f"{DELAY_S * 1000:g}ms", "rate", f"{RATE_BITS}bit")
            run(*within, "tc", "qdisc", "add", "dev", name, "root", *netem)
        with Server(releases, host=ADDRESSES[0], prefix=("ip", "netns", "exec", SPACES[0])) as server:
            yield Link("netem", ADDRESSES[0], server.port, ("ip", "netns", "exec", SPACES[1]))
    finally:
        for space in SPACES:
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)


class SlowProxy:
    """Carries bytes `DELAY_S` late and at `RATE_BITS`; counts them."""

    def __init__(self, port: int) -> None:
        self.upstream = port
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=16)
        self.port = self.listener.getsockname()[1]
        self.free_at = {"up": 0.0, "down": 0.0}
        self.counted = {"up": 0, "down": 0}
        self.lock = threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            client, _ = self.listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self._carry_both, args=(client, time.monotonic()), daemon=True).start()

    def _carry_both(self, client: socket.socket, accepted: float) -> None:
        server = socket.create_connection(("127.0.0.1", self.upstream))
        # The handshake's round trip, which loopback does without.
        opened = accepted + 2 * DELAY_S
        self._carry(client, server, "up", opened)
        self._carry(server, client, "down", opened)

    def _carry(self, source: socket.socket, target: socket.socket, way: str, opened: float) -> None:
        pieces: SimpleQueue[tuple[float, bytes]] = SimpleQueue()

        def read() -> None:
            while True:
                try:
                    piece = source.recv(1460)
                except OSError:
                    piece = b""
                with self.lock:
                    start = max(time.monotonic(), self.free_at[way], opened)
                    self.free_at[way] = start + len(piece) * 8 / RATE_BITS
                    self.counted[way] += len(piece)
                    pieces.put((self.free_at[way] + DELAY_S, piece))
                if not piece:
                    return

        def write() -> None:
            while True:
                due, piece = pieces.get()
                time.sleep(max(0, due - time.monotonic()))
                try:
                    if not piece:
                        target.shutdown(socket.SHUT_WR)
                        return
                    target.sendall(piece)
                except OSError:
                    return

        threading.Thread(target=read, daemon=True).start()
        threading.Thread(target=write, daemon=True).start()


@contextmanager
def proxied(releases: Path, *options: str) -> Iterator[tuple[Link, SlowProxy]]:
    with Server(releases, *options) as server:
        proxy = SlowProxy(server.port)
        yield Link("proxy", "127.0.0.1", proxy.port, ()), proxy


def counters(link: Link, proxy: SlowProxy | None) -> tuple[int, int]:
    """(bytes to the device, bytes from it) so far; under netem with all headers, through the proxy without TCP's."""
    if proxy is not None:
        return proxy.counted["down"], proxy.counted["up"]
    read = "cat /sys/class/net/awb-device/statistics/rx_bytes /sys/class/net/awb-device/statistics/tx_bytes"
    done = subprocess.run([*link.device, "sh", "-c", read], check=True, capture_output=True, text=True)
    received, sent = map(int, done.stdout.split())
    return received, sent


def timed(link: Link, proxy: SlowProxy | None, *command: str, expect: str) -> Result:
    before = counters(link, proxy)
    start = time.monotonic()
    done = subprocess.run([*link.device, *command], capture_output=True, text=True, check=False)
    seconds = time.monotonic() - start
    if done.stdout.strip() != expect:
        raise SystemExit(f"{command[-2:]}: {done.stdout}{done.stderr}")
    after = counters(link, proxy)
    return Result(seconds, after[0] - before[0], after[1] - before[1])


def measure(link: Link, proxy: SlowProxy | None, releases: Path, note: str = "") -> None:
    results: dict[str, list[Result]] = {"here": [], "a connection a file": []}

    def here() -> float:
        with tempfile.TemporaryDirectory() as name:
            board = Board(Path(name), releases, "1.0.0").root
            script = OURS.format(
                client=str(DEVICE), host=link.host, port=link.port, flash=f"{board}/flash", sd=f"{board}/sd"
            )
            results["here"].append(timed(link, proxy, micropython(), "-c", script, expect="1.0.1 True"))
        return 60 / results["here"][-1].seconds

    def other() -> float:
        with tempfile.TemporaryDirectory() as plain:
            command = [micropython(), str(DEVICE / "bench" / "hundred.py"), link.host, str(link.port), plain]
            results["a connection a file"].append(timed(link, proxy, *command, expect=str(FILES)))
        return 60 / results["a connection a file"][-1].seconds

    part = Part("device-link")
    part.add("updates", *in_turn({"here": here, "a connection a file": other}, ROUNDS).values(), note=note)
    part.add("received", *([float(each.received) for each in found] for found in results.values()))
    part.write()


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        releases = Path(name)
        write_releases(releases)
        try:
            with namespaces(releases) as link:
                measure(link, None, releases)
                return
        except (subprocess.CalledProcessError, FileNotFoundError) as error:
            reason = (getattr(error, "stderr", None) or str(error)).strip().splitlines()[-1]
        with proxied(releases) as (link, proxy):
            measure(link, proxy, releases, f"through a proxy, as tc netem is not to be had here ({reason})")


if __name__ == "__main__":
    main()
