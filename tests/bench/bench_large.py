"""Large releases: from the start of the server to its first manifest, and the memory that it takes."""

from __future__ import annotations

import argparse
import http.client
import re
import socket
import sys
import tempfile
import time
from contextlib import ExitStack
from functools import partial
from pathlib import Path

from measure import Part, in_turn
from servers import QUERY, VENDOR, get, make_releases
from serving import ServerProcess, serve, started

FILES = 10_000
MANIFESTS = 10_000
# In each of two releases.
LISTED = 100_000
CLIENTS = 100
LISTING = "/_preview/listing.json"


def first_manifest(command: tuple[str, ...], root: Path) -> float:
    began = time.perf_counter()
    with started(command, cwd=root) as server:
        assert len(get(server.url + QUERY)) > FILES
        return time.perf_counter() - began


def memory(root: Path) -> float:
    """MiB after many manifests: full installs and updates, under twenty host names."""
    with started(serve(root, "--settle", "0")) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        for number in range(MANIFESTS):
            path = "/manifest.json" if number % 2 else QUERY
            connection.request("GET", path, headers={"Host": f"van-{number % 20}.example"})
            assert connection.getresponse().read()
        connection.close()
        return resident(server)


def listing(root: Path) -> float:
    """MiB that clients cost who ask for the page's listing and read nothing of it."""
    with started(serve(root, "--settle", "0")) as server, ExitStack() as stack:
        get(server.url + LISTING)
        before = resident(server)
        clients = [stack.enter_context(socket.create_connection(("127.0.0.1", server.port))) for _ in range(CLIENTS)]
        for client in clients:
            client.sendall(f"GET {LISTING} HTTP/1.1\r\nHost: van\r\n\r\n".encode())
        for client in clients:
            assert client.recv(1, socket.MSG_PEEK)
        # By then it has handed over as much as it will.
        time.sleep(2)
        return resident(server) - before


def resident(server: ServerProcess) -> float:
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found is not None
    return int(found[1]) / 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    if not Path("/proc/self/status").exists():
        sys.exit("no /proc here that tells a process's memory")
    part = Part("large")
    with tempfile.TemporaryDirectory() as name:
        root = make_releases(Path(name) / "releases", FILES)
        found = in_turn(
            {
                "first manifest": partial(first_manifest, serve(root, "--settle", "0"), root),
                "vendor's way": partial(first_manifest, VENDOR, root),
            },
            rounds,
        )
        ours, vendor = found.values()
        part.add("start", ours, vendor)
        part.add("memory", in_turn({"memory": partial(memory, root)}, 1)["memory"])
        listed = make_releases(Path(name) / "listed", LISTED)
        part.add("listing", in_turn({"listing": partial(listing, listed)}, 1)["listing"])
    part.write()


if __name__ == "__main__":
    main()
