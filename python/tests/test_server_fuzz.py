"""Requests of all kinds over real sockets: the right answer to each, and the server lives."""

from __future__ import annotations

import os
import re
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeVar
from urllib.parse import quote, unquote_to_bytes

import pytest
from conftest import FILES, SOME_TIME
from content import sha1
from hypothesis import given, settings
from hypothesis import strategies as st
from server_support import Reply, Server, eventually, serving

import airwaybill
from airwaybill import AirwaybillError
from airwaybill.server.conditions import http_date

T = TypeVar("T")
bounded = settings(max_examples=250, deadline=None, derandomize=True, database=None)


@pytest.fixture(scope="module")
def server(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server for ``site`` that has to be as it was after all requests."""
    with serving(site, tmp_path_factory.mktemp("log") / "access", "--settle", "0", "--serve-other") as running:
        running.get("/1.0.1/flash/main.py")
        checked = running.wait(lambda health: health["errors"] is not None)
        health, descriptors = checked, count_descriptors(running)
        yield running
        reply = running.get("/1.0.1/flash/main.py")
        assert (reply.status, reply.body) == (200, FILES["1.0.1/flash/main.py"])
        assert running.health() == health
        eventually(lambda: count_descriptors(running), lambda count: count <= descriptors)
    assert running.complaints == []


def mostly(likely: st.SearchStrategy[T], other: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    return st.integers(0, 4).flatmap(lambda choice: likely if choice else other)


def count_descriptors(server: Server) -> int:
    return len(os.listdir(f"/proc/{server.process.pid}/fd"))


def read_answer(stream: BinaryIO, method: str) -> Reply:
    """The next answer on a connection; that its frame is whole is checked."""
    version, status = re.fullmatch(rb"(HTTP/1\.[01]) ([1-5][0-9][0-9]) [A-Za-z -]+\r\n", stream.readline()).groups()  # type: ignore[union-attr]
    headers: dict[str, str] = {}
    while line := stream.readline().decode("latin-1").removesuffix("\r\n"):
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    assert version in (b"HTTP/1.0", b"HTTP/1.1")
    has_body = method != "HEAD" and status != b"304"
    size = int(headers["content-length"]) if has_body else 0
    body = stream.read(size)
    assert len(body) == size
    return Reply(int(status), headers, body)


def exchange(server: Server, pieces: Sequence[bytes], methods: Sequence[str]) -> list[Reply]:
    """Sends the pieces one by one and reads an answer for each method, after which the server closes."""
    with server.connect() as connection, connection.makefile("rb") as stream:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A server that refuses closes; its answer is there to read nonetheless.
        with suppress(BrokenPipeError, ConnectionResetError):
            for piece in pieces:
                connection.sendall(piece)
        answers = [read_answer(stream, method) for method in methods]
        assert stream.read() == b""
        return answers


# --- what RFC 9110 says of each conditional header, for a file of this tag that was modified at SOME_TIME


def dates(earlier: bool, same: bool, later: bool, none: bool) -> dict[str, bool]:
    days = {-1: earlier, 0: same, 1: later}
    known = {http_date(SOME_TIME + day * 86_400): holds for day, holds in days.items()}
    return {**known, "yesterday": none, "": none, "Sun, 99 Foo 2020 00:00:00 GMT": none}


def meanings(tag: str) -> dict[str, dict[str, bool]]:
    some = {"*": True, tag: True, f'"x", {tag}': True, '"x"': False, "x": False, "": False}
    return {
        "If-Match": {**some, f"W/{tag}": False},
        "If-None-Match": {**some, f"W/{tag}": True, f'W/"x",W/{tag}': True},
        "If-Modified-Since": dates(False, True, True, False),
        "If-Unmodified-Since": dates(False, True, True, True),
        "If-Range": {tag: True, f"W/{tag}": False, '"x"': False, **dates(False, True, False, False)},
    }


class Range(NamedTuple):
    """A ``Range`` header and what it asks for of a file of some size: start and end, or the whole."""

    text: str
    first: int | None = None
    last: int | None = None

    def part(self, size: int) -> tuple[int, int] | None:
        if self.first is None:
            return None if self.last is None else (max(0, size - self.last), size)
        if self.last is None:
            return self.first, size
        return None if self.last < self.first else (self.first, min(self.last + 1, size))


NUMBERS = st.none() | st.integers(0, 12) | st.integers(0, 110_000) | st.integers(0, 6_000_000) | st.just(10**30)
RANGES = st.one_of(
    st.builds(
        lambda unit, first, last: Range(
            f"{unit}={'' if first is None else first}-{'' if last is None else last}", first, last
        ),
        st.sampled_from(["bytes", "Bytes"]),
        NUMBERS,
        NUMBERS,
    ),
    st.sampled_from(["bytes=0-1,3-4", "lines=0-1", "bytes=a-b", "bytes=1", "", "bytes 0-1", "bytes=--1"]).map(Range),
)
RELEASED = ["1.0.1/flash/ten.txt", "1.0.1/flash/empty.txt", "firmware_1.0.1.bin", "1.0.1/sd/large.bin"]


class Asked(NamedTuple):
    """A request for a file of a release, and what its conditions come to."""

    path: str
    method: str
    version: str
    headers: dict[str, str]
    holds: dict[str, bool]
    range: Range | None

    def data(self) -> bytes:
        lines = [f"{self.method} /{quote(self.path)} HTTP/{self.version}", "Host: x"]
        lines += [f"{name}: {value}" for name, value in self.headers.items()]
        return "\r\n".join([*lines, "", ""]).encode()

    def check(self, reply: Reply) -> None:
        content = FILES[self.path]
        status, (start, end) = self.expected(len(content))
        assert reply.status == status, self
        if status in (200, 206):
            assert reply.body == (content[start:end] if self.method == "GET" else b""), self
            assert reply.headers["content-length"] == str(end - start), self
            assert reply.headers["etag"] == f'"{sha1(content)}"'
        if status in (206, 416):
            part = f"{start}-{end - 1}" if status == 206 else "*"
            assert reply.headers["content-range"] == f"bytes {part}/{len(content)}", self

    def expected(self, size: int) -> tuple[int, tuple[int, int]]:
        whole = (0, size)
        if not self.holds.get("If-Match", self.holds.get("If-Unmodified-Since", True)):
            return 412, whole
        if self.holds.get("If-None-Match", self.holds.get("If-Modified-Since", False)):
            return 304, whole
        part = self.range.part(size) if self.range is not None and self.holds.get("If-Range", True) else None
        if part is None or self.method == "HEAD":
            return 200, whole
        return (206 if part[0] < part[1] else 416), part


@st.composite
def asked(draw: st.DrawFn, last: bool) -> Asked:
    path = draw(st.sampled_from(RELEASED))
    version = draw(st.sampled_from(["1.1", "1.0"])) if last else "1.1"
    headers: dict[str, str] = {"Connection": "close"} if last else {}
    holds = {}
    for name, outcomes in meanings(f'"{sha1(FILES[path])}"').items():
        if draw(st.integers(0, 1 if name == "If-Range" else 6)) == 0:
            headers[name] = draw(st.sampled_from([*outcomes]))
            holds[name] = outcomes[headers[name]]
    part = draw(mostly(RANGES, st.none()))
    if part is not None:
        headers["Range"] = part.text
    return Asked(path, draw(st.sampled_from(["GET", "GET", "HEAD"])), version, headers, holds, part)


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    places = sorted({cut % (len(data) + 1) for cut in cuts} | {0, len(data)})
    return [data[start:end] for start, end in zip(places, places[1:])]


@bounded
@given(st.lists(asked(last=False), max_size=3), asked(last=True), st.lists(st.integers(0, 2_000), max_size=4))
def test_ranges_and_conditions_pipelined(server: Server, first: list[Asked], last: Asked, cuts: list[int]) -> None:
    requests = [*first, last]
    sent = pieces(b"".join(request.data() for request in requests), cuts)
    for request, reply in zip(requests, exchange(server, sent, [request.method for request in requests])):
        request.check(reply)


# --- targets

LINKS = {"1.0.1/flash/link.py": "1.0.1/flash/main.py", "docs/inside.txt": "docs/a/b.txt"}
OWN = re.compile(r"manifest\.json|healthz|_preview(/.*)?|")
HIDDEN = {".secret", "docs/.git/config", "check.toml"}
SERVED = {**{path: FILES[path] for path in FILES if path not in HIDDEN}, **{link: FILES[LINKS[link]] for link in LINKS}}
# Put between the segments of a path, or before or after it.
INSERTS = ["/", "/./", "/../", "/%2e%2e/", "/docs/../", "%2f", "%5c", "\\", "%00", "%ff", ";a=b", "%20", ".", "%252e"]
ENDS = ["", "", "", "?", "?a=b", "?current_ver=1.0.0", "?../..", "/", "/..", "%0a", "#part"]


@st.composite
def targets(draw: st.DrawFn) -> str:
    """A path that exists, written in some way, most often with something in it that makes it another."""
    path = draw(st.sampled_from([*SERVED, *HIDDEN, "docs/out.txt", "docs/up/outside.txt", "docs/fifo", "1.0.1"]))
    encoded = draw(st.sets(st.integers(0, 60), max_size=4))
    text = "".join(
        "".join(f"%{byte:02x}" for byte in letter.encode()) if place in encoded else quote(letter)
        for place, letter in enumerate(path)
    )
    for insert in draw(mostly(st.just([]), st.lists(st.sampled_from(INSERTS), max_size=2))):
        place = draw(st.integers(0, len(text)))
        text = text[:place] + insert + text[place:]
    return draw(st.sampled_from(["/", "/", "/", "//", "http://x/"])) + text + draw(st.sampled_from(ENDS))


def named(target: str) -> str | None:
    """The path that a target names, decoded once and not otherwise changed."""
    path = re.sub("^http://x", "", target).partition("#")[0].partition("?")[0]
    try:
        return unquote_to_bytes(path[1:]).decode()
    except UnicodeDecodeError:
        return None


TOKENS = st.from_regex(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,12}", fullmatch=True)
METHODS = mostly(
    st.just("GET"), st.sampled_from(["HEAD", "HEAD", "POST", "get", "OPTIONS", "TRACE", "CONNECT"]) | TOKENS
)
HEADER_NAMES = TOKENS | st.sampled_from(["Range", "If-None-Match", "If-Match", "Accept", "Cookie", "Expect", "Upgrade"])
HEADER_VALUES = mostly(
    st.text(st.characters(min_codepoint=32, max_codepoint=126)), st.text(st.characters(max_codepoint=255))
)
HEADERS = st.lists(st.tuples(HEADER_NAMES, HEADER_VALUES), max_size=3)


@bounded
@given(METHODS, targets(), HEADERS)
def test_any_method_target_and_headers(
    server: Server, method: str, target: str, headers: list[tuple[str, str]]
) -> None:
    fields = [("Host", "x"), ("Connection", "close"), *headers]
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in fields)]
    (reply,) = exchange(server, ["\r\n".join([*lines, "", ""]).encode("latin-1")], [method])
    content = SERVED.get(named(target) or "")
    if reply.status in (200, 206) and not OWN.fullmatch(named(target) or ""):
        assert method in ("GET", "HEAD")
        assert content is not None
        start, end = 0, len(content)
        if reply.status == 206:
            start, end = (int(place) for place in re.findall("[0-9]+", reply.headers["content-range"])[:2])
            end += 1
        assert reply.body == (b"" if method == "HEAD" else content[start:end])
    elif not headers and "\\" not in target and method in ("GET", "HEAD"):
        assert reply.status == (404 if content is None else 200)
    else:
        assert 200 <= reply.status < 500


# --- manifests

VERSIONS = st.sampled_from(["1.0.0", "1.0.1", "1.0", "0.9", "1.0.1+b", "v2"])
NO_VERSIONS = st.sampled_from(["", "x", "1/2", "1.0.0\n", "é", "3"]) | st.text(max_size=5)
PARAMETERS = {
    "current_ver": mostly(VERSIONS, NO_VERSIONS),
    "firmware_ver": mostly(VERSIONS, NO_VERSIONS),
    "format": mostly(st.sampled_from(["1", "2"]), NO_VERSIONS),
    "more": NO_VERSIONS,
}
QUERIES = st.lists(
    st.sampled_from([*PARAMETERS]).flatmap(lambda name: st.tuples(st.just(name), PARAMETERS[name])), max_size=4
)
HOSTS = st.sampled_from(["x", "192.168.1.144:8000", "[::1]:1", "a.b."])
NO_HOSTS = ["x:99999", "x/y", "a b", "1.2.3", "u@x", "é"]


def expected_manifest(catalog: airwaybill.Catalog, host: str, parameters: list[tuple[str, str]]) -> bytes | str:
    """A document, or an error's code."""
    if host in NO_HOSTS:
        return "host_invalid"
    if host == "":
        return "host_missing"
    counted = [(name, value) for name, value in parameters if name != "more"]
    asked = dict(counted)
    if len(asked) < len(counted):
        return "parameter_repeated"
    if asked.get("format", "1") not in ("1", "2"):
        return "format_invalid"
    try:
        return catalog.manifest_json(
            f"http://{host}",
            asked.get("current_ver"),
            firmware_version=asked.get("firmware_ver"),
            format=int(asked.get("format", "1")),
        )
    except AirwaybillError as error:
        return error.code


@bounded
@given(mostly(HOSTS, st.sampled_from(["", *NO_HOSTS])), QUERIES, st.booleans())
def test_any_manifest_request(
    server: Server, site: Path, host: str, parameters: list[tuple[str, str]], is_raw: bool
) -> None:
    safe = "!$'()*+,/:;@" if is_raw else ""
    query = "&".join(f"{name}={quote(value, safe=safe)}" for name, value in parameters)
    request = f"GET /manifest.json?{query} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n"
    (reply,) = exchange(server, [request.encode("latin-1")], ["GET"])
    expected = expected_manifest(airwaybill.scan(site), host, parameters)
    if isinstance(expected, bytes):
        assert (reply.status, reply.body) == (200, expected)
        assert reply.headers["etag"] == f'"{sha1(expected)}"'
    else:
        assert (reply.status, reply.json()["code"]) == (400, expected)


# --- no requests

PARTS = st.sampled_from(
    [
        *(
            b"GET",
            b"HEAD",
            b" ",
            b"/",
            b"/1.0.1/flash/main.py",
            b" HTTP/1.1",
            b" HTTP/1.0",
            b" HTTP/2.0",
            b"\r\n",
            b"\n",
        ),
        *(
            b"Host: x\r\n",
            b"Host",
            b":",
            b"\r\n\r\n",
            b"Content-Length: 3\r\n",
            b"Content-Length: -1\r\n",
            b"\0",
            b"\xff",
        ),
        *(
            b"Transfer-Encoding: chunked\r\n",
            b"3\r\nabc\r\n",
            b"0\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"a" * 9000,
        ),
    ]
)


@bounded
@given(st.lists(PARTS | st.binary(max_size=9), max_size=12), st.lists(st.integers(0, 200), max_size=3))
def test_what_is_no_request(server: Server, parts: list[bytes], cuts: list[int]) -> None:
    with server.connect() as connection, connection.makefile("rb") as stream:
        received = b""
        # The server may have closed before the last piece.
        with suppress(OSError):
            for piece in pieces(b"".join(parts), cuts):
                connection.sendall(piece)
            connection.shutdown(socket.SHUT_WR)
            received = stream.read()
    assert not re.search(rb"HTTP/1\.[01] 5", received)
