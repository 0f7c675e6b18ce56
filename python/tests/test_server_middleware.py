"""The server's parts as ASGI applications, each alone: what they add to any application around which they stand."""

from __future__ import annotations

import asyncio
import errno
import io
import json
import os
from typing import Any

import pytest
from starlette.background import BackgroundTask
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from airwaybill.server.accesslog import AccessLog, AccessLogging, described
from airwaybill.server.answers import Answer, Methods
from airwaybill.server.cache import Answers, Entity, EntityCache, Memory, remember
from airwaybill.server.framing import Framing
from airwaybill.server.proxies import Proxies

PLAIN = [(b"content-type", b"text/plain"), (b"content-length", b"5")]
# As hyper writes them, `HTTP/1.0 416 Range Not Satisfiable`.
REASONS = {
    200: "OK",
    206: "Partial Content",
    304: "Not Modified",
    416: "Range Not Satisfiable",
    503: "Service Unavailable",
}


def ask(app: ASGIApp, method: str = "GET", http: str = "1.1", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of an answer."""
    sent: list[Message] = []

    async def receive() -> Message:
        return {"type": "http.request"}

    async def send(message: Message) -> None:
        sent.append(message)

    scope: dict[str, Any] = {"type": "http", "method": method, "http_version": http, "path": "/a", "query_string": b""}
    scope["headers"] = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def once() -> None:
        await app(scope, receive, send)

    asyncio.run(once())
    start, *bodies = sent
    found = {name.decode(): value.decode() for name, value in start["headers"]}
    return start["status"], found, b"".join(body.get("body", b"") for body in bodies)


@pytest.mark.parametrize("connection", ["", "close", "keep-alive", "Keep-Alive, TE"])
@pytest.mark.parametrize("http", ["1", "1.0"])
@pytest.mark.parametrize("status", REASONS)
def test_an_http_1_0_header_block_is_a_multiple_of_100_bytes(status: int, http: str, connection: str) -> None:
    _, headers, body = ask(Framing(Answer(status, PLAIN, b"hello")), http=http, connection=connection)
    headers |= {"server": "granian", "date": "Mon, 23 Nov 2026 12:11:06 GMT"}
    block = f"HTTP/1.0 {status} {REASONS[status]}\r\n" + "".join(f"{name}: {headers[name]}\r\n" for name in headers)
    assert len(f"{block}\r\n") % 100 == 0
    assert headers["connection"] == ("keep-alive" if "eep" in connection else "close")
    assert body == b"hello"


@pytest.mark.parametrize("http", ["1.1", "2"])
def test_later_http_is_left_alone(http: str) -> None:
    assert ask(Framing(Answer(200, PLAIN, b"hello")), http=http) == (200, decoded(PLAIN), b"hello")


def decoded(headers: list[tuple[bytes, bytes]]) -> dict[str, str]:
    return {name.decode(): value.decode() for name, value in headers}


@pytest.mark.parametrize(
    ("method", "status", "allow"),
    [("GET", 200, None), ("HEAD", 200, None), ("POST", 405, "GET, HEAD"), ("get", 405, "GET, HEAD")],
)
def test_only_get_and_head_go_through(method: str, status: int, allow: str | None) -> None:
    found, headers, _ = ask(Methods(Answer(200, PLAIN, b"hello")), method)
    assert (found, headers.get("allow")) == (status, allow)


@pytest.mark.parametrize(("method", "body"), [("GET", b"hello"), ("HEAD", b"")])
def test_an_answer_is_a_response(method: str, body: bytes) -> None:
    done: list[str] = []
    answer = Answer(200, PLAIN, b"hello")
    answer.headers["x-more"] = "1"
    answer.set_cookie("a", "b")
    answer.background = BackgroundTask(done.append, "after the body")
    status, headers, sent = ask(answer, method)
    assert (status, headers["content-length"], headers["x-more"], sent) == (200, "5", "1", body)
    assert headers["set-cookie"].startswith("a=b")
    assert done == ["after the body"]


class Counted:
    """An application that counts its requests, and keeps its body in ``bodies``."""

    def __init__(self, bodies: EntityCache) -> None:
        self.asked = 0
        self._bodies = bodies

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked += 1
        self._bodies.put("key", Entity(b"hello", '"tag"', None))
        remember(scope, self._bodies, "key")
        await Answer(200, PLAIN, b"hello")(scope, receive, send)


@pytest.mark.parametrize(
    ("second", "asked"),
    [
        ({}, 1),
        ({"http": "1.0"}, 2),
        ({"method": "HEAD"}, 2),
        ({"host": "b"}, 2),
        ({"accept": "x" * 3000}, 2),
    ],
)
def test_the_same_request_is_answered_from_memory(second: dict[str, str], asked: int) -> None:
    answers = Answers()
    app = Counted(EntityCache(10_000))
    memory = Memory(app, lambda: answers)
    first = ask(memory, host="a")
    again = ask(memory, **{"host": "a", **second})
    assert app.asked == asked
    assert again[:2] == first[:2] == (200, decoded(PLAIN))
    assert again[2] == (b"" if second.get("method") == "HEAD" else b"hello")


def test_an_answer_without_its_body_or_of_other_releases_is_made_again() -> None:
    answers: list[Answers | None] = [None, Answers(), Answers()]
    bodies = EntityCache(1500)
    app = Counted(bodies)
    memory = Memory(app, lambda: answers[0])
    for wanted in (1, 2):
        ask(memory)
        assert app.asked == wanted
    for wanted in (3, 4):
        del answers[0]
        for _ in range(2):
            ask(memory)
        assert app.asked == wanted
    bodies.put("another", Entity(b"hello", '"tag"', None))
    ask(memory)
    assert app.asked == 5


def test_more_requests_than_are_remembered_are_answered_from_memory_too() -> None:
    answers = Answers(limit=100)
    app = Counted(EntityCache(10_000))
    memory = Memory(app, lambda: answers)
    for _ in range(10):
        for number in range(150):
            ask(memory, host=f"h{number}")
        assert len(answers) <= 100
    # In rotation the least recently used would never be asked for again in time.
    assert app.asked < 1000


class Disk(io.RawIOBase):
    """A file on a disk with room for so many bytes."""

    def __init__(self, room: int) -> None:
        self.room = room
        self.content = b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        if not self.room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        taken = bytes(data[: self.room])
        self.room -= len(taken)
        self.content += taken
        return len(taken)


@pytest.mark.parametrize("buffered", [False, True])
@pytest.mark.parametrize("room", [0, 100, 155, 156, 157, 200, 400])
def test_the_log_goes_on_when_the_disk_has_room_again(
    room: int, buffered: bool, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Disk(room)
    log = AccessLog(io.BufferedWriter(disk) if buffered else disk)  # type: ignore[arg-type]
    line = described({"method": "GET", "path": "/a", "query_string": b"", "http_version": "1.1"}, 200, 5)
    for _ in range(3):
        for _ in range(2):
            log.add(0.0, "a", line)
        log.close()
    warnings = [record.message for record in caplog.records]
    assert warnings == ["the access log cannot be written: No space left on device; its lines are dropped until it can"]
    disk.room = 10_000
    for _ in range(2):
        log.add(0.0, "b", line)
        log.close()
    assert len(caplog.records) == 1
    *cut, first, dropped, second = disk.content.splitlines()
    whole = [json.loads(line) for line in (first, dropped, second)]
    assert [each.get("client", "") for each in whole] == ["b", "", "b"]
    complete = sum(line.endswith(b"}") for line in cut)
    assert whole[1]["left_out"] == 6 - complete
    assert len(cut) - complete <= 1


async def failing(scope: Scope, receive: Receive, send: Send) -> None:
    raise RuntimeError("without an answer")


@pytest.mark.parametrize(("app", "status", "size"), [(Answer(206, PLAIN, b"hello"), 206, 5), (failing, 500, 0)])
def test_each_answer_has_a_line_in_the_log(app: ASGIApp, status: int, size: int) -> None:
    written = io.BytesIO()
    log = AccessLog(written)
    try:
        ask(AccessLogging(app, log, Proxies().client))
    except RuntimeError:
        assert app is failing
    log.close()
    [line] = map(json.loads, written.getvalue().splitlines())
    assert (line["method"], line["path"], line["status"], line["bytes"], line["client"]) == (
        "GET",
        "/a",
        status,
        size,
        None,
    )
