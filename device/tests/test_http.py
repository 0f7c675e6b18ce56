"""The package's HTTP against servers that play a part: what it asks, what it takes, what it says."""

from __future__ import annotations

import select
import socket
from pathlib import Path
from typing import Any

import pytest
from fetching import fetch
from scripted import drip, finish, hang, reset, response, scripted, then

HOST = "Host: 127.0.0.1:PORT"


def nothing(_: socket.socket) -> None:
    pass


def alone(connection: socket.socket) -> None:
    """Says whether another request has come after this one."""
    more = select.select([connection], [], [], 0.05)[0]
    connection.sendall(response(b"not alone" if more else b"alone"))


def get(path: str, *lines: str, minor: int = 1) -> str:
    return "\n".join([f"GET {path} HTTP/1.{minor}", HOST, *lines])


def partial(body: bytes, start: int, *lines: str) -> bytes:
    whole = start + len(body)
    return response(body, f"Content-Range: bytes {start}-{whole - 1}/{whole}", *lines, status="206 Partial Content")


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
TOO_FAR = response(b"no", "Content-Range: bytes */5", status="416 Range Not Satisfiable")
RANGE = "Range: bytes=5-"

# name: (what each connection of the server plays, what is fetched and how, what comes of it, what was asked)
ASKED: dict[str, tuple[list[list], dict[str, Any], list[str], list[list[str]]]] = {
    "kept alive": (
        [[response(b"1"), response(b"2")]],
        {"fetches": ["a", "b?c=1&d=2"]},
        ["1", "2"],
        [[get("/a"), get("/b?c=1&d=2")]],
    ),
    "closed by the server": (
        [[response(b"1", "Connection: Close")], [response(b"2")]],
        {"fetches": ["a", "b"]},
        ["1", "2"],
        [[get("/a")], [get("/b")]],
    ),
    "HTTP/1.0": (
        [[response(b"1").replace(b"/1.1", b"/1.0")], [response(b"2")]],
        {"fetches": ["a", "b"]},
        ["1", "2"],
        [[get("/a")], [get("/b")]],
    ),
    "no length": (
        [[then(response(b"1", length=False), finish)], [response(b"2")]],
        {"fetches": ["a", "b"]},
        ["1", "2"],
        [[get("/a")], [get("/b")]],
    ),
    "an idle connection that the server has closed": (
        [[response(b"1")], [response(b"2")]],
        {"fetches": ["a", "b"]},
        ["1", "2"],
        [[get("/a")], [get("/b")]],
    ),
    "chunks: asked for in HTTP/1.0 from then on": (
        [[CHUNKED], [response(b"1")], [response(b"2")]],
        {"fetches": ["a", "b"]},
        ["1", "2"],
        [[get("/a")], [get("/a", minor=0)], [get("/b", minor=0)]],
    ),
    "chunks, in HTTP/1.0 too": (
        [[CHUNKED], [CHUNKED]],
        {"fetches": ["a"]},
        ["http_header: Transfer-Encoding: chunked, even in HTTP/1.0"],
        [[get("/a")], [get("/a", minor=0)]],
    ),
    "505": (
        [[response(status="505 HTTP Version Not Supported")], [response(b"1")]],
        {"fetches": ["a"]},
        ["1"],
        [[get("/a")], [get("/a", minor=0)]],
    ),
    "eight requests ahead, once the server is known to keep the connection": (
        [[response(b"a"), *[nothing] * 7, b"".join(response(bytes([c])) for c in b"bcdefghi"), response(b"j")]],
        {"announce": [[name, None] for name in "abcdefghij"], "fetches": list("abcdefghij")},
        list("abcdefghij"),
        [[get(f"/{name}") for name in "abcdefghij"]],
    ),
    "asked for once more: what was announced after it still comes": (
        [[response(b"0"), response(b"1"), nothing], [nothing, response(b"2") + response(b"3")]],
        {"announce": [["m", None], ["a", None], ["b", None]], "fetches": ["m", "a", "a", "b"]},
        ["0", "1", "2", "3"],
        [[get("/m"), get("/a"), get("/b")], [get("/a"), get("/b")]],
    ),
    "the rest of a part": (
        [[partial(b"56", 5)]],
        {"fetches": ["a"], "have": {"a": "01234"}},
        ["0123456"],
        [[get("/a", RANGE)]],
    ),
    "a server without ranges": (
        [[response(b"whole")]],
        {"fetches": ["a"], "have": {"a": "01234"}},
        ["whole"],
        [[get("/a", RANGE)]],
    ),
    "a part that is the whole": (
        [[TOO_FAR, response(b"2")]],
        {"fetches": ["a", "b"], "have": {"a": "01234"}},
        ["01234", "2"],
        [[get("/a", RANGE), get("/b")]],
    ),
    "a part that is the whole, said without a length": (
        [[TOO_FAR.replace(b"Content-Length: 2\r\n", b"")], [response(b"2")]],
        {"fetches": ["a", "b"], "have": {"a": "01234"}},
        ["01234", "2"],
        [[get("/a", RANGE)], [get("/b")]],
    ),
    "a part that is too long": (
        [[TOO_FAR], [response(b"whole")]],
        {"fetches": ["a", "a"], "have": {"a": "012345"}},
        ["http_status: 416: http://127.0.0.1:PORT/a", "whole"],
        [[get("/a", "Range: bytes=6-")], [get("/a")]],
    ),
    "another part than the one asked for": (
        [[partial(b"6", 6)]],
        {"fetches": ["a"], "have": {"a": "01234"}},
        ["http_range: bytes 6-6/7"],
        [[get("/a", RANGE)]],
    ),
    "a part that nobody asked for": (
        [[partial(b"12", 0)]],
        {"fetches": ["a"]},
        ["http_range: bytes 0-1/2"],
        [[get("/a")]],
    ),
    "cut off in the body, and the rest of it": (
        [[then(response(b"0123456")[:-2], finish)], [partial(b"56", 5)]],
        {"fetches": ["a", "a"]},
        ["truncated: 2 bytes are missing", "0123456"],
        [[get("/a")], [get("/a", RANGE)]],
    ),
    "cut off in the header": (
        [[then(b"HTTP/1.1 200 OK\r\nContent-", finish)]],
        {"fetches": ["a"]},
        ["truncated: inside the header"],
        [[get("/a")]],
    ),
    "asked for ahead, and there is more of it than was thought": (
        [[response(b"0"), nothing, response(b"1") + response(b"whole")], [partial(b"56", 5)]],
        {"announce": [["m", None], ["a", None], ["b", None]], "fetches": ["m", "a", "b"], "have": {"b": "01234"}},
        ["0", "1", "0123456"],
        [[get("/m"), get("/a"), get("/b")], [get("/b", RANGE)]],
    ),
    "after three failures, one request at a time": (
        [[response(b"0"), finish], [finish], [finish], [finish], [alone, response(b"2")]],
        {"announce": [["m", None], ["a", None], ["b", None]], "fetches": ["m", "a", "a", "a", "a", "b"]},
        ["0", *["truncated: inside the header"] * 3, "alone", "2"],
        [[get("/m"), get("/a")], [get("/a")], [get("/a")], [get("/a")], [get("/a"), get("/b")]],
    ),
    "headers, and a prefix": (
        [[response(b"1"), response(b"2")]],
        {"fetches": ["a", "ota/v1/b"], "settings": {"headers": {"Authorization": "Bearer x"}, "prefix": "/ota/v1/"}},
        ["1", "2"],
        [[get("/ota/v1/a", "Authorization: Bearer x"), get("/ota/v1/b", "Authorization: Bearer x")]],
    ),
    "a number in headers": (
        [[response(b"1")]],
        {"fetches": ["a"], "settings": {"headers": {"X-Device": 7}}},
        ["1"],
        [[get("/a", "X-Device: 7")]],
    ),
    "a header that would be two": (
        [],
        {"fetches": ["a"], "settings": {"headers": {"X-Token": "x\r\nHost: y"}}},
        ["http_header: headers= has a line break in X-Token"],
        [],
    ),
}


@pytest.mark.parametrize("name", ASKED)
def test_asked(tmp_path: Path, name: str) -> None:
    connections, spec, said, asked = ASKED[name]
    with scripted(*connections) as server:
        got = fetch(tmp_path, server.port, **spec)
        assert got.said == said
        assert [[one.replace(str(server.port), "PORT") for one in each] for each in server.requests] == asked


URL = "http://127.0.0.1:PORT/a"
LONG = "X-Long: " + "x" * 4096
JSON = "Content-Type: text/html; charset=utf-8"
PAGE = b" \n<!doctype html><title>Sign in</title>"
LOGIN = "http_refused: http://127.0.0.1:PORT/%s answered with a web page: is a login needed?"

# (what the server says, what comes of it)
ANSWERS: list[tuple[bytes, str]] = [
    # D17: only what matters is read.
    (response(b"ok", LONG), "ok"),
    (response(b"ok", *[f"X-{n}: {n}" for n in range(80)]), "ok"),
    (response(b"ok", "Set-Cookie: caf\xe9=1").replace(b"\xc3\xa9", b"\xe9"), "ok"),
    (response(b"ok", "no colon", " folded: line", ": no name", "X:"), "ok"),
    (response(b"ok").replace(b"\r\n", b"\n"), "ok"),
    (response(b"ok", *[LONG] * 15), "ok"),
    (response(b"ok", *[LONG] * 16), "http_header: over 65536 bytes"),
    (response(b"ok", "Content-Length: 3"), "http_header: two values for content-length"),
    (response(b"ok", "Content-Length: 2"), "ok"),
    (response(b"ok", "Content-Length: 0x2", length=False), "http_header: Content-Length: 0x2"),
    (response(b"ok", "Content-Length: -1", length=False), "http_header: Content-Length: -1"),
    (response(b"ok", "Content-Length: " + "9" * 16, length=False), "http_header: Content-Length: " + "9" * 16),
    (response(b"ok", "Location: " + "x" * 3000), "http_header: location of over 2048 bytes"),
    (response(b"ok", 'ETag: "\xe9"').replace(b"\xc3\xa9", b"\xe9"), "http_header: not UTF-8"),
    (b"SSH-2.0-OpenSSH_9.2\r\n", "http_header: b'SSH-2.0-OpenSSH_9.2\\r\\n'"),
    (b"\x16\x03\x01\x00\n", "http_header: b'\\x16\\x03\\x01\\x00\\n'"),
    # 1xx
    (response(status="103 Early Hints", length=False) + response(b"ok"), "ok"),
    (response(status="100 Continue", length=False) * 3 + response(b"ok"), "ok"),
    (response(status="103 Early Hints", length=False) * 4000, "http_header: over 65536 bytes"),
    (response(status="101 Switching Protocols", length=False), f"http_status: 101: {URL}"),
    # Other statuses
    *[(response(b"no", status=str(n)), f"http_refused: {n}: {URL}") for n in (400, 401, 403, 404, 410, 511, 300, 304)],
    *[(response(b"no", status=str(n)), f"http_status: {n}: {URL}") for n in (204, 408, 429, 500, 502, 503, 999)],
    # What is not what was asked for
    (response(b"\x1f\x8b", "Content-Encoding: gzip"), f"http_refused: {URL} is sent with gzip: serve it plain"),
    (response(b"ok", "Content-Encoding: Identity"), "ok"),
    (response(PAGE, JSON), LOGIN % "a"),
    (response(PAGE), PAGE.decode()),
    (response(b'{"version": "1.0.1"}', JSON), '{"version": "1.0.1"}'),
    (response(b"null", JSON), "null"),
    (response(b"", JSON), ""),
]


def test_answers(tmp_path: Path) -> None:
    with scripted(*[[answer] for answer, _ in ANSWERS]) as server:
        got = fetch(tmp_path, server.port, *[f"a?{number}" for number in range(len(ANSWERS))])
    said = [text.replace(f"/a?{number}", "/a") for number, text in enumerate(got.said)]
    assert said == [text for _, text in ANSWERS]


def test_a_page_that_was_asked_for(tmp_path: Path) -> None:
    with scripted([response(PAGE, JSON)]) as server:
        assert fetch(tmp_path, server.port, "www/index.html?x").data == [PAGE]


@pytest.mark.parametrize("body", [PAGE[2:], b"null", b""])
def test_html_without_a_length(tmp_path: Path, body: bytes) -> None:
    with scripted([then(response(body, JSON, length=False), finish)]) as server:
        said = fetch(tmp_path, server.port, "a").said
    assert said == [LOGIN % "a" if body[:1] == b"<" else body.decode()]


def test_a_login_page_leaves_the_part(tmp_path: Path) -> None:
    with scripted([response(PAGE, JSON)], [partial(b"56", 5)]) as server:
        got = fetch(tmp_path, server.port, "a", "a", have={"a": "01234"})
    assert got.said == [LOGIN % "a", "0123456"]
    assert got.data[0] == b"01234"


def test_etag(tmp_path: Path) -> None:
    digest = "0123456789abcdef0123456789abcdef01234567"
    tags = [f'"{digest}"', f'W/"{digest}"', '"x"', digest]
    with scripted([response(b"1", f"ETag: {tag}") for tag in tags]) as server:
        assert fetch(tmp_path, server.port, *"abcd").etags == [digest, None, None, None]


def test_a_part_of_what_is_announced(tmp_path: Path) -> None:
    """The file that has a part of it is looked at when the request goes out."""
    (tmp_path / "n1").write_bytes(b"01234")
    announced = [["a", None], ["b", str(tmp_path / "n1")], ["c", str(tmp_path / "n2")]]
    with scripted([response(b"1"), nothing, partial(b"56", 5) + response(b"3")]) as server:
        got = fetch(tmp_path, server.port, *"abc", announce=announced, have={"b": "01234"})
        assert [request.split("\n")[2:] for request in server.requests[0]] == [[], [RANGE], []]
    assert got.said == ["1", "0123456", "3"]


def test_a_link_that_dies_after_so_many_bytes(tmp_path: Path) -> None:
    """Each try goes on where the one before ended."""
    body = bytes(range(256)) * 400
    plays = []
    for start in range(0, len(body), 40_000):
        answer = partial(body[start:], start) if start else response(body)
        cut = len(answer) - max(0, len(body) - start - 40_000)
        plays.append([then(answer[:cut], finish)])
    with scripted(*plays) as server:
        got = fetch(tmp_path, server.port, *["a"] * len(plays))
    assert [len(data) for data in got.data] == [40_000, 80_000, len(body)]
    assert got.data[-1] == body


def test_a_reset(tmp_path: Path) -> None:
    """What came in the buffer's last, unfilled KB may be lost with it, and no more."""
    body = bytes(40_000)
    with scripted([then(response(body + b"x")[:-1], reset)]) as server:
        got = fetch(tmp_path, server.port, "a")
    assert got.said[0].startswith("OSError: [Errno 104]")
    assert len(body) - 1024 < len(got.data[0]) <= len(body)


def test_nothing_is_read_past_the_end(tmp_path: Path) -> None:
    """After the length that was announced the server says nothing and does not hang up."""
    with scripted([then(response(b"1"), hang)]) as server:
        assert fetch(tmp_path, server.port, "a", timeout_ms=60_000).said == ["1"]


@pytest.mark.parametrize("head", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: ", response(bytes(1000))[:-1000]])
def test_a_byte_now_and_then(tmp_path: Path, head: bytes) -> None:
    with scripted([then(head, drip)]) as server:
        said = fetch(tmp_path, server.port, "a", timeout_ms=300).said
    assert said == ["timeout: under 256 bytes in 300 ms"]


def test_no_server(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    assert fetch(tmp_path, port, "a").said == ["OSError: [Errno 111] ECONNREFUSED"]


def test_a_name_is_looked_up_once_unless_it_fails(tmp_path: Path) -> None:
    last = response(b"1", "Connection: close")
    for plays, lookups in [([[last], [last]], 1), ([[finish], [last]], 2)]:
        with scripted(*plays) as server:
            got = fetch(tmp_path, server.port, "a", "a")
        assert got.said[1] == "1"
        assert got.lookups == lookups


def test_no_such_host(tmp_path: Path) -> None:
    said = fetch(tmp_path, 1, "a", host="http://example").said[0]
    assert said.startswith("link: no address for http://example: ")


def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    """Its queue is full, so a connection never comes about. `fetch` sees that a watchdog is fed meanwhile."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        waiting = []
        try:
            while not waiting or waiting[-1].connect_ex(("127.0.0.1", port)) == 0:
                waiting.append(socket.socket())
                waiting[-1].settimeout(1)
            got = fetch(tmp_path, port, "a", timeout_ms=1200)
        finally:
            for one in waiting:
                one.close()
    assert got.said == ["timeout: no connection to http://127.0.0.1:PORT in 1200 ms"]


def test_nothing_waits_where_something_else_runs(tmp_path: Path) -> None:
    """With wait_ms 0, each wait is a yield."""
    with scripted([then(response(b"12")[:-1], hang)]) as server:
        got = fetch(tmp_path, server.port, "a", settings={}, wait_ms=0, timeout_ms=200)
    assert got.said == ["timeout: under 256 bytes in 200 ms"]
    assert got.yields > 2
    assert got.longest == 0


def test_ipv6(tmp_path: Path) -> None:
    with scripted([response(b"1")], host="::1") as server:
        assert fetch(tmp_path, server.port, "a", host="::1").said == ["1"]
        assert server.requests == [[f"GET /a HTTP/1.1\nHost: [::1]:{server.port}"]]
