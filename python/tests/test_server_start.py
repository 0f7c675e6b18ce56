"""H9: what a server answers while it starts, and the signals that end it."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_support import Server, eventually, serving
from serving import COMMAND, DEADLINE_SECONDS, ServerProcess, serve, started

SLOW = """
import os, sys, time
from airwaybill import Listing
from airwaybill.server import app, create_app, releases
from airwaybill.server.run import listen, listen_beside, run, urls_of

class Slow:
    @staticmethod
    def scan(root, progress, **options):
        while not os.path.exists(sys.argv[2]):
            progress(0, 1)
            time.sleep(0.01)
        return Listing.scan(root, progress=progress, **options)

releases.Listing = Slow
app.PATIENCE_SECONDS = 0.05
listener = listen("127.0.0.1", 0)
print("serving at", urls_of(listener)[0], file=sys.stderr, flush=True)
served = create_app(sys.argv[1], settle=0)
served.fork(int(sys.argv[3]) - 1, lambda follower: run(follower, listen_beside(listener), lambda: None))
run(served, listener, lambda: print("ready", file=sys.stderr, flush=True), followers=served.followers)
"""


@pytest.fixture
def go(tmp_path: Path) -> Path:
    """Lets the first scan of a slow server end, once it is there."""
    return tmp_path / "go"


@pytest.fixture(params=["1", "2"])
def slow(root: Path, log: Path, go: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of one process or two whose port is known, and whose first scan goes on."""
    with serving(root, log, command=(sys.executable, "-c", SLOW, str(root), str(go), request.param)) as server:
        yield server


@pytest.mark.parametrize("path", ["/manifest.json", "/1.0.1/flash/main.py", "/_preview/listing.json"])
def test_until_all_is_hashed_the_answer_is_to_come_back(slow: Server, go: Path, path: str) -> None:
    reply = slow.get(path)
    assert (reply.status, reply.json()["code"], reply.headers["retry-after"]) == (503, "starting", "3")
    health = slow.get("/healthz")
    assert (health.status, health.json()) == (503, {"status": "starting", "error": None})
    assert "ready\n" not in slow.said
    go.touch()
    eventually(lambda: slow.said, lambda said: "ready\n" in said)
    assert slow.get("/manifest.json").status == 200
    assert slow.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_ends_a_server_that_still_hashes(slow: Server, number: signal.Signals) -> None:
    assert slow.health()["status"] == "starting"
    slow.process.send_signal(number)
    assert slow.process.wait(DEADLINE_SECONDS) == 0


def test_a_hangup_that_is_ignored_at_the_start_stays_ignored(root: Path, log: Path) -> None:
    command = ("sh", "-c", 'trap "" HUP; exec "$@"', "sh", *serve(root))
    with serving(root, log, command=command) as server:
        server.process.send_signal(signal.SIGHUP)
        for _ in range(3):
            assert server.health()["status"] == "ok"
        assert server.stop() == 0


def test_a_second_interrupt_ends_it_at_once(root: Path, log: Path) -> None:
    with (root / "huge.bin").open("wb") as file:
        file.truncate(60 * 1024 * 1024)
    with serving(root, log, "--settle", "0", "--serve-other") as server, server.connect() as stream:
        stream.sendall(b"GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n")
        stream.recv(1000)

        def ends() -> bool:
            try:
                server.connect().close()
            except ConnectionRefusedError:
                return True
            return False

        server.process.send_signal(signal.SIGINT)
        eventually(ends, bool)
        assert server.process.poll() is None
        server.process.send_signal(signal.SIGINT)
        # Without the second one a download that stalls has ten seconds.
        assert server.process.wait(5) == 130


BEFORE_THE_IMPORTS = """
import signal, sys, time, types
from airwaybill import __main__

# Shells have what they run in the background ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)

def wait():
    print("serving at http://127.0.0.1:1", file=sys.stderr, flush=True)
    # Not one long sleep: a signal just before it would be handled after it.
    while True:
        time.sleep(0.1)

sys.modules["airwaybill.cli"] = types.SimpleNamespace(main=wait)
__main__.main()
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP])
@pytest.mark.parametrize("moment", ["before the imports", "while it serves", "while two serve"])
def test_signals_count_for_process_1(root: Path, moment: str, number: signal.Signals) -> None:
    alone = ("unshare", "--pid", "--fork", "--kill-child")
    if shutil.which("unshare") is None or subprocess.run([*alone, "true"], capture_output=True).returncode:
        pytest.skip("this machine lets no process be process 1")
    command: tuple[str, ...] = (sys.executable, "-c", BEFORE_THE_IMPORTS)
    if serves := moment != "before the imports":
        command = serve(root, "--workers", "2" if "two" in moment else "1")
    with started((*alone, *command)) as running:
        init = children(running)
        assert len(init) == 1
        subprocess.run(["kill", f"-{number.name[3:]}", *init], check=True)
        assert running.process.wait(DEADLINE_SECONDS) == (0 if serves else 128 + number)


def test_an_interrupt_before_the_imports_is_no_error(root: Path) -> None:
    with started((sys.executable, "-c", BEFORE_THE_IMPORTS)) as running:
        assert running.end(signal.SIGINT) == 130
        assert running.said == ["serving at http://127.0.0.1:1\n"]


def children(running: ServerProcess) -> list[str]:
    pid = running.process.pid
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def test_as_a_module(root: Path) -> None:
    done = subprocess.run([sys.executable, "-m", "airwaybill", "plan", root], capture_output=True, text=True)
    assert (done.returncode, done.stdout.splitlines()[-1][:23]) == (0, "nothing -> 1.0.1: 0 del")
    assert done.stdout == subprocess.run([*COMMAND, "plan", root], capture_output=True, text=True).stdout
