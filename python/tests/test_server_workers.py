"""H11: several processes that serve as one."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest
from conftest import Call
from content import noise, sha1, write
from server_support import Reply, Server, eventually, read_reply, serving, split
from serving import COMMAND, DEADLINE_SECONDS, serve, started

TWO = ("--settle", "0", "--workers", "2")
Connections = dict[int, http.client.HTTPConnection]


def processes(server: Server) -> list[int]:
    """Of the server, the first one first."""
    first = server.process.pid
    children = Path(f"/proc/{first}/task/{first}/children").read_text().split()
    return [first, *map(int, children)]


def owner(server: Server, connection: http.client.HTTPConnection) -> int:
    """The process that has accepted a connection."""
    ports = (server.port, connection.sock.getsockname()[1])
    table = [line.split() for line in Path("/proc/net/tcp").read_text().splitlines()[1:]]
    # The system may list a connection twice while others come and go.
    rows = [row for row in table if tuple(int(row[end].split(":")[1], 16) for end in (1, 2)) == ports]
    sockets = {f"socket:[{row[9]}]" for row in rows}
    for process in processes(server):
        with os.scandir(f"/proc/{process}/fd") as files:
            if any(_link(file.path) in sockets for file in files):
                return process
    raise AssertionError(f"nobody has the connection from port {ports[1]}")


def _link(path: str) -> str:
    try:
        return os.readlink(path)
    except FileNotFoundError:  # closed since the directory was listed
        return ""


@contextmanager
def one_to_each(server: Server) -> Iterator[Connections]:
    """A connection to each of the processes, which the system chooses."""
    found: Connections = {}
    with ExitStack() as stack:
        while len(found) < len(processes(server)):
            connection = stack.enter_context(server.client())
            ask(connection, "/healthz")
            found.setdefault(owner(server, connection), connection)
        yield found


def ask(connection: http.client.HTTPConnection, path: str, **headers: str) -> Reply:
    connection.request("GET", path, headers=headers)
    return read_reply(connection.getresponse())


def answers(connections: Connections, path: str, **headers: str) -> list[Reply]:
    return [ask(connection, path, **headers) for connection in connections.values()]


def all_gone(pids: list[int], seconds: float = DEADLINE_SECONDS) -> None:
    began = time.monotonic()
    eventually(lambda: [pid for pid in pids if os.path.exists(f"/proc/{pid}")], lambda left: not left)
    assert time.monotonic() - began < seconds


PATHS = [
    "/manifest.json",
    "/manifest.json?current_ver=1.0.0",
    "/manifest.json?current_ver=1.0.0&format=3",
    "/manifest.json?current_ver=9",
    "/healthz",
    "/_preview/listing.json",
    "/1.0.1/flash/main.py",
    "/1.0.2/flash/main.py",
    "/check.toml",
    "/nothing",
]


@pytest.mark.parametrize("count", [2, 3])
@pytest.mark.parametrize("options", [(), ("--checked",), ("--signed-only",), ("--serve-other", "--immutable")])
def test_each_gives_the_same_answers(root: Path, log: Path, options: tuple[str, ...], count: int) -> None:
    # The highest has an error, the one below a link out of it.
    write(root, {"1.0.2/flash/main.py": b"if:\n", "1.0.3/flash/main.py": b"three\n", "notes.txt": b"notes\n"})
    (root / "1.0.3/flash/link").symlink_to("../../notes.txt")
    with serving(root, log, "--settle", "0", "--workers", str(count), *options) as server:
        server.wait(lambda health: health["errors"] is not None)
        with one_to_each(server) as connections:
            assert len(connections) == count
            checked = eventually(lambda: answers(connections, "/healthz"), lambda found: len(set(map(str, found))) == 1)
            assert checked[0].json()["status"] == "ok"
            for path in PATHS:
                replies = answers(connections, path, Host="van.local")
                for reply in replies:
                    reply.headers.pop("date", None)
                assert replies.count(replies[0]) == count
        assert server.stop() == 0


def test_patches_are_made_once_and_offered_by_all(root: Path, log: Path) -> None:
    old = noise(20_000)
    write(root, {"1.0.0/flash/big.bin": old, "1.0.1/flash/big.bin": old[:10_000] + b"!" + old[10_000:]})
    with serving(root, log, *TWO, "--delta") as server, one_to_each(server) as connections:
        path = "/manifest.json?current_ver=1.0.0&format=3"
        eventually(lambda: [b"delta/" in reply.body for reply in answers(connections, path)], all)
        assert answers(connections, path)[0].body == answers(connections, path)[1].body
        server.stop()
    assert sum(line.startswith("airwaybill: patches: ") for line in server.said) == 1


def test_a_new_release_is_there_as_a_whole(root: Path, log: Path, tmp_path: Path) -> None:
    """Whoever names it, whoever is asked for its files."""
    last = 12
    stop = threading.Event()

    def follow_it() -> set[str]:
        seen = set()
        while not stop.is_set():
            manifest = server.get("/manifest.json", {"Host": "h"}).json()
            seen.add(manifest["version"])
            for entry in manifest["new"]:
                # On another connection, which any process may get.
                reply = server.get(entry["URL"].removeprefix("http://h"))
                assert (reply.status, sha1(reply.body)) == (200, entry["hash"])
        return seen

    with serving(root, log, *TWO) as server, ThreadPoolExecutor(4) as clients:
        asking = [clients.submit(follow_it) for _ in range(4)]
        for number in range(2, last + 1):
            version = f"1.0.{number}"
            write(tmp_path / "beside", {f"{version}/flash/{name}.py": noise(100, seed=number) for name in "abc"})
            (tmp_path / "beside" / version).rename(root / version)
            eventually(lambda: server.health()["releases"][-1], version.__eq__)
        stop.set()
        assert all(f"1.0.{last - 1}" in seen.result() or f"1.0.{last}" in seen.result() for seen in asking)


HELD = """
import os, sys, time
from airwaybill.server import create_app
from airwaybill.server.processes import Followed
from airwaybill.server.run import listen, listen_beside, run, urls_of

root, method, go = sys.argv[1:]
first = os.getpid()
held = getattr(Followed, method)

def hold(self, *values):
    while self.current is not None and not os.path.exists(go) and os.getppid() == first:
        time.sleep(0.01)
    held(self, *values)

setattr(Followed, method, hold)
app, listener = create_app(root, settle=0), listen("127.0.0.1", 0)
app.fork(1, lambda follower: run(follower, listen_beside(listener), lambda: None))
url = urls_of(listener)[0]
run(app, listener, lambda: print("serving at", url, file=sys.stderr, flush=True), followers=app.followers)
"""


@pytest.mark.parametrize(
    ("method", "naming", "sending"),
    # The first process sends it before the other can, and nobody names it; when one names it, both send it.
    [("follow", [False, False], [True, False]), ("offer", [True, False], [True, True])],
)
@pytest.mark.parametrize("path", ["1.0.2/flash/main.py", "1.0.1/flash/main.py"], ids=["new", "changed"])
def test_nobody_names_what_another_cannot_send(
    root: Path, log: Path, tmp_path: Path, path: str, method: str, naming: list[bool], sending: list[bool]
) -> None:
    go, content = tmp_path / "go", b"new\n"
    with serving(root, log, command=(sys.executable, "-c", HELD, str(root), method, str(go))) as server:
        first, second = processes(server)
        with one_to_each(server) as found:
            connections = {first: found[first], second: found[second]}

            def sends() -> list[bool]:
                return [reply.body == content for reply in answers(connections, f"/{path}")]

            def names() -> list[bool]:
                return [sha1(content).encode() in reply.body for reply in answers(connections, "/manifest.json")]

            # All that can be remembered is.
            for _ in range(2):
                assert (names(), sends()) == ([False, False], [False, False])
            write(root, {path: content})
            eventually(sends, sending.__eq__)
            eventually(names, naming.__eq__)
            for _ in range(20):
                assert (names(), sends()) == (naming, sending)
            go.touch()
            eventually(names, [True, True].__eq__)
        assert server.stop() == 0


def test_what_changes_is_noticed_by_whoever_meets_it(root: Path, log: Path) -> None:
    with serving(root, log, *TWO) as server, one_to_each(server) as connections:
        path = "/1.0.1/flash/main.py"
        assert {reply.body for reply in answers(connections, path)} == {b"two\n"}
        (root / path[1:]).write_bytes(b"TWO\n")
        eventually(lambda: {reply.body for reply in answers(connections, path)}, {b"TWO\n"}.__eq__)
        root.rename(root.parent / "away")
        stale = {(200, "stale")}

        def health() -> set[tuple[int, str]]:
            return {(reply.status, reply.json()["status"]) for reply in answers(connections, "/healthz")}

        eventually(health, stale.__eq__)
        (root.parent / "away").rename(root)
        eventually(health, {(200, "ok")}.__eq__)


def test_what_is_said_once_is_said_once_by_all(root: Path, log: Path) -> None:
    write(root, {"notes.txt": b"notes\n"})
    with serving(root, log, *TWO) as server:
        with one_to_each(server) as connections:
            for _ in range(2):
                answers(connections, "/notes.txt")
                answers(connections, "/manifest.json", Via="1.1 proxy")
        assert server.stop() == 0
    assert [line.split()[1] for line in server.complaints if "--serve-other" in line] == ["notes.txt"]
    assert sum("--trusted-proxy 127.0.0.1" in line for line in server.said) == 1


def test_lines_of_the_access_log_stay_whole(root: Path) -> None:
    """Through a pipe that is full, where each process would go on in the middle of another's line."""
    reader, writer = os.pipe()
    each, long = 300, "/" + "\u00e9".encode().decode("latin-1") * 500
    with open(writer, "wb") as out, started(serve(root, *TWO), stdout=out) as running:
        server = Server(running, root)
        with one_to_each(server) as connections, ThreadPoolExecutor(2) as threads:

            def ask_often(connection: http.client.HTTPConnection) -> None:
                for _ in range(each):
                    ask(connection, long.replace("\u00c3\u00a9", "%C3%A9"))

            list(threads.map(ask_often, connections.values()))
        out.close()
        with open(reader, "rb") as lines, ThreadPoolExecutor(1) as threads:
            read = threads.submit(lines.readlines)
            assert server.stop() == 0
            assert [json.loads(line)["status"] for line in read.result()] == [404] * 2 * each


FIRST, OTHER = 0, 1


@pytest.mark.parametrize("signals", [[signal.SIGTERM], [signal.SIGINT], [signal.SIGHUP], [signal.SIGTERM] * 2])
@pytest.mark.parametrize("to", [FIRST, OTHER])
def test_a_signal_to_one_ends_all(root: Path, log: Path, to: int, signals: list[signal.Signals]) -> None:
    with serving(root, log, *TWO) as server:
        pids = processes(server)
        for number in signals:
            os.kill(pids[to], number)
        assert server.process.wait(DEADLINE_SECONDS) == 0
        all_gone(pids)
    assert server.complaints == []


@pytest.mark.parametrize(("interrupts", "code"), [(1, 0), (2, 130)])
def test_an_interrupt_as_from_a_terminal(root: Path, log: Path, interrupts: int, code: int) -> None:
    """The second one ends downloads that stall, of all processes."""
    with (root / "huge.bin").open("wb") as file:
        file.truncate(60 * 1024 * 1024)
    with serving(root, log, *TWO, "--serve-other") as server:
        pids = processes(server)
        with one_to_each(server) as connections:
            for connection in connections.values() if interrupts == 2 else ():
                connection.sock.sendall(b"GET /huge.bin HTTP/1.1\r\nHost: a\r\n\r\n")
                connection.sock.recv(1000)
            # Otherwise what the first passes on could come before it, and count as the second.
            assert os.getpgid(pids[OTHER]) != pids[FIRST]
            os.killpg(pids[FIRST], signal.SIGINT)
            if interrupts == 2:
                eventually(lambda: is_refused(server), bool)
                assert server.process.poll() is None
                os.killpg(pids[FIRST], signal.SIGINT)
            assert server.process.wait(5) == code
            # Downloads would have ten seconds.
            all_gone(pids, seconds=5)


def is_refused(server: Server) -> bool:
    try:
        server.connect().close()
    except ConnectionRefusedError:
        return True
    return False


def test_downloads_of_all_finish_after_sigterm(root: Path, log: Path) -> None:
    data = noise(4 * 1024 * 1024)
    write(root, {"1.0.1/flash/main.py": data})
    with serving(root, log, *TWO) as server, one_to_each(server) as connections:
        received = {}
        for pid, connection in connections.items():
            connection.sock.sendall(b"GET /1.0.1/flash/main.py HTTP/1.1\r\nHost: a\r\n\r\n")
            received[pid] = bytearray(connection.sock.recv(1000))
        server.process.terminate()
        eventually(lambda: is_refused(server), bool)
        for pid, connection in connections.items():
            while piece := connection.sock.recv(1 << 20):
                received[pid] += piece
            assert split(bytes(received[pid])).body == data
        assert server.process.wait(DEADLINE_SECONDS) == 0


@pytest.mark.parametrize("to", [FIRST, OTHER])
def test_one_that_is_killed_takes_the_others_with_it(root: Path, log: Path, to: int) -> None:
    with serving(root, log, *TWO) as server:
        pids = processes(server)
        os.kill(pids[to], signal.SIGKILL)
        assert server.process.wait(DEADLINE_SECONDS) == (1 if to == OTHER else -signal.SIGKILL)
        all_gone(pids)
        server.stop()
    wanted = [f"airwaybill: a worker, process {pids[OTHER]}, ended with SIGKILL: the server ends\n"]
    wanted += ["airwaybill: server_failed: the server exited unexpectedly\n"]
    assert server.complaints == (wanted if to == OTHER else [])


BROKEN = """
from airwaybill.__main__ import main
from airwaybill.server.processes import Followed

def follow(self, found):
    raise ValueError("broken")

Followed.follow = follow
main()
"""


def test_one_that_cannot_follow_ends_the_server(root: Path) -> None:
    command = [sys.executable, "-c", BROKEN, *serve(root, *TWO)[len(COMMAND) :]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    assert (done.returncode, "ValueError: broken" in done.stderr) == (1, True)
    assert ", ended with exit code 1: the server ends\n" in done.stderr


def test_one_worker_is_one_process_with_a_port_of_its_own(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "0", "--workers", "1") as server:
        assert processes(server) == [server.process.pid]
        assert server.stop() == 0


def test_several_do_not_share_the_port_of_another_server(root: Path, log: Path) -> None:
    with serving(root, log, *TWO) as server:
        again = serve(root, *TWO, port=server.port)
        done = subprocess.run(again, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
        assert done.returncode == 2
        assert "address_unavailable: cannot listen on 127.0.0.1:" in done.stderr


def test_several_on_a_unix_socket(root: Path, tmp_path: Path) -> None:
    place = tmp_path / "socket"
    with started((*serve(root, *TWO), "--uds", str(place))) as running:
        first = running.process.pid
        others = Path(f"/proc/{first}/task/{first}/children").read_text().split()
        assert len(others) == 1
        with socket.socket(socket.AF_UNIX) as stream:
            stream.connect(str(place))
            stream.sendall(b"GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
            assert stream.recv(12) == b"HTTP/1.1 200"
        assert running.end(signal.SIGTERM) == 0
        all_gone([first, *map(int, others)])
    assert not place.exists()


@pytest.mark.parametrize(
    ("where", "given"),
    [
        *(("option", given) for given in ("0", "-1", "65", "1.5", "abc", "")),
        *(("environment", given) for given in ("0", "abc")),
    ],
)
def test_a_number_that_is_none(root: Path, call: Call, monkeypatch: pytest.MonkeyPatch, where: str, given: str) -> None:
    if where == "environment":
        monkeypatch.setenv("AIRWAYBILL_WORKERS", given)
    options = (f"--workers={given}",) if where == "option" else ()
    outcome = call("serve", root, *options)
    assert outcome.code == 2
    assert "'--workers'" in outcome.err
    assert f": {given!r}: expected a whole number from 1 to 64" in outcome.err
    assert len(outcome.err.splitlines()) == 1


NO_ROOM = """
import errno, os, sys
fork, done = os.fork, []

def fork_once():
    if done:
        raise BlockingIOError(errno.EAGAIN, os.strerror(errno.EAGAIN))
    done.append(fork())
    if done[0]:
        print(done[0], flush=True)
    return done[0]

os.fork = fork_once
from airwaybill.__main__ import main
main()
"""


def test_a_system_without_room_for_them(root: Path) -> None:
    command = [sys.executable, "-c", NO_ROOM, *serve(root, "--workers", "3")[len(COMMAND) :]]
    done = subprocess.run(command, capture_output=True, text=True, timeout=DEADLINE_SECONDS)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1] == (
        "airwaybill: workers_unavailable: cannot start 3 processes, as --workers says: "
        "Resource temporarily unavailable; give a lower number"
    )
    all_gone([int(done.stdout)])
