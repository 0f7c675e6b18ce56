"""H2: ranges, conditions and HEAD, for files that are kept in memory, large ones, and files of no release."""

from __future__ import annotations

import pytest
from conftest import FILES
from content import sha1
from server_support import Server, split

TEN = "1.0.1/flash/ten.txt"
LARGE = "1.0.1/sd/large.bin"
OTHER = "big.iso"
PATHS = [TEN, LARGE, OTHER]
LONG_AGO, LATER = "Thu, 01 Jan 1998 00:00:00 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-0", 0, 1),
        ("bytes=2-5", 2, 6),
        ("bytes=7-", 7, None),
        ("bytes=-3", -3, None),
        ("bytes=-999999999", 0, None),
        ("bytes=5-999999999999999999999999999", 5, None),
        ("BYTES=2-5", 2, 6),
    ],
)
def test_a_range(server: Server, path: str, asked: str, start: int, end: int | None) -> None:
    whole = FILES[path]
    wanted = whole[start:end]
    first = start % len(whole)
    reply = server.get(f"/{path}", {"Range": asked})
    assert (reply.status, reply.body) == (206, wanted)
    assert reply.headers["content-range"] == f"bytes {first}-{first + len(wanted) - 1}/{len(whole)}"
    assert reply.headers["content-length"] == str(len(wanted))


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "asked", ["bytes=999999999-", "bytes=999999999-1000000000", "bytes=-0", f"bytes={'9' * 5000}-"]
)
def test_a_range_that_cannot_be_satisfied(server: Server, path: str, asked: str) -> None:
    reply = server.get(f"/{path}", {"Range": asked})
    assert reply.status == 416
    assert reply.headers["content-range"] == f"bytes */{len(FILES[path])}"
    assert reply.json()["code"] == "range_not_satisfiable"


@pytest.mark.parametrize("path", [TEN, OTHER])
@pytest.mark.parametrize(
    "asked",
    ["bytes=0-1,3-4", "bytes=5-2", "bytes=-", "bytes=a-b", "bytes 0-1", "lines=0-1", "bytes=+1-2", "bytes=0x1-2", ""],
)
def test_several_ranges_or_none_that_is_understood_give_the_whole(server: Server, path: str, asked: str) -> None:
    reply = server.get(f"/{path}", {"Range": asked})
    assert (reply.status, reply.body) == (200, FILES[path])


def test_any_range_of_an_empty_file_is_unsatisfiable(server: Server) -> None:
    assert server.get("/1.0.1/flash/empty.txt", {"Range": "bytes=0-"}).status == 416


def test_a_range_of_a_head_request_does_not_count(server: Server) -> None:
    reply = server.get(f"/{TEN}", {"Range": "bytes=0-1"}, method="HEAD")
    assert (reply.status, reply.headers["content-length"]) == (200, "10")


@pytest.mark.parametrize("path", [*PATHS, "1.0.1/flash/empty.txt", "manifest.json?current_ver=1.0.0", "healthz"])
def test_head_says_what_get_says(server: Server, path: str) -> None:
    head, get = server.get(f"/{path}", method="HEAD"), server.get(f"/{path}")
    assert (head.status, head.body) == (200, b"")
    assert {**head.headers, "date": ""} == {**get.headers, "date": ""}
    assert len(get.body) == int(get.headers["content-length"])


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    ("condition", "status"),
    [
        ({"If-None-Match": "{etag}"}, 304),
        ({"If-None-Match": 'W/"x", W/{etag}'}, 304),
        ({"If-None-Match": "*"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": LATER}, 200),
        ({"If-Modified-Since": "{modified}"}, 304),
        ({"If-Modified-Since": LONG_AGO}, 200),
        ({"If-Modified-Since": "not a date"}, 200),
        ({"If-Match": "{etag}"}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-Unmodified-Since": LONG_AGO}, 412),
        ({"If-Unmodified-Since": LATER}, 200),
        ({"Range": "bytes=0-1", "If-Range": "{etag}"}, 206),
        ({"Range": "bytes=0-1", "If-Range": "{modified}"}, 206),
        ({"Range": "bytes=0-1", "If-Range": '"other"'}, 200),
        ({"Range": "bytes=0-1", "If-Range": "W/{etag}"}, 200),
        ({"Range": "bytes=0-1", "If-Range": LONG_AGO}, 200),
        ({"Range": "bytes=999999999-", "If-Range": '"other"'}, 200),
    ],
)
def test_conditions(server: Server, path: str, condition: dict[str, str], status: int) -> None:
    before = server.get(f"/{path}", method="HEAD").headers
    values = {"etag": before["etag"], "modified": before["last-modified"]}
    reply = server.get(f"/{path}", {name: value.format(**values) for name, value in condition.items()})
    assert reply.status == status
    if status == 304:
        assert (reply.body, reply.headers["etag"]) == (b"", before["etag"])
    if status == 412:
        assert reply.json()["code"] == "precondition_failed"


def test_a_manifest_is_not_sent_twice(server: Server) -> None:
    path = "/manifest.json?current_ver=1.0.0"
    first = server.get(path)
    second = server.get(path, {"If-None-Match": first.headers["etag"]})
    assert (second.status, second.body) == (304, b"")
    assert server.get(path, {"If-Match": '"other"'}).status == 412
    assert server.get("/manifest.json").headers["etag"] != first.headers["etag"]


@pytest.mark.parametrize("path", [*PATHS, "manifest.json", "nothing-here", "healthz"])
@pytest.mark.parametrize("connection", [None, b"close", b"TE, x", b"keep-alive", b"Keep-Alive", b"TE, keep-alive, x"])
@pytest.mark.parametrize("method", [b"GET", b"HEAD", b"POST"])
def test_http_1_0(server: Server, path: str, connection: bytes | None, method: bytes) -> None:
    """H5: the header block is a multiple of 100 bytes, and the connection closes unless the request asks to keep it."""
    header = b"" if connection is None else b"Connection: %s\r\n" % connection
    request = b"%s /%s HTTP/1.0\r\nHost: x:1\r\n%s\r\n" % (method, path.encode(), header)
    kept = connection is not None and b"keep-alive" in connection.lower()
    # The second one, without the header, closes the connection that was kept.
    answer = server.raw(request + b"GET /healthz HTTP/1.0\r\n\r\n" if kept else request)
    block, _, rest = answer.partition(b"\r\n\r\n")
    reply = split(answer)
    length = 0 if method == b"HEAD" else int(reply.headers["content-length"])
    assert answer.startswith(b"HTTP/1.0 ")
    assert len(block + b"\r\n\r\n") % 100 == 0
    assert reply.headers["connection"] == ("keep-alive" if kept else "close")
    assert rest[length : length + 15] == (b"HTTP/1.0 200 OK" if kept else b"")


@pytest.mark.parametrize("headers", [b"Range: bytes=1-3\r\n", b"Range: bytes=99999999-\r\n", b"If-None-Match: *\r\n"])
def test_http_1_0_with_another_status(server: Server, headers: bytes) -> None:
    answer = server.raw(b"GET /%s HTTP/1.0\r\nHost: x:1\r\n%s\r\n" % (TEN.encode(), headers))
    assert (answer.index(b"\r\n\r\n") + 4) % 100 == 0


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_a_large_file_is_whole(server: Server, version: bytes) -> None:
    answer = server.raw(b"GET /%s HTTP/%s\r\nHost: x\r\nConnection: close\r\n\r\n" % (LARGE.encode(), version))
    reply = split(answer)
    assert f'"{sha1(reply.body)}"' == reply.headers["etag"]
