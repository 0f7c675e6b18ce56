"""Redirects: followed to where the client can go, three at most, and never with `headers=` to another server."""

from __future__ import annotations

from pathlib import Path

import pytest
from fetching import fetch
from scripted import response, scripted

TOKEN = {"Authorization": "Bearer x"}


def moved(location: str, status: str = "302 Found") -> bytes:
    return response(b"moved", f"Location: {location}", status=status)


# From http://127.0.0.1:PORT/top/dir/a?b=c
LOCATIONS = {
    "/d": "/d",
    "d": "/top/dir/d",
    "d?e=/../f": "/top/dir/d?e=/../f",
    "./d/e": "/top/dir/d/e",
    "../d": "/top/d",
    "../../../d": "/d",
    "?e=f": "/top/dir/a?e=f",
    "/d?u=http://e/f": "/d?u=http://e/f",
    "d#part": "/top/dir/d",
    "http://127.0.0.1:PORT/d": "/d",
    "HTTP://127.0.0.1:PORT/d": "/d",
    "http://127.0.0.1:PORT": "/",
    "http://127.0.0.1:PORT?e=f": "/?e=f",
    "//127.0.0.1:PORT/d": "/d",
    "/" + "d" * 1500: "/" + "d" * 1500,
}


def test_locations(tmp_path: Path) -> None:
    """To the same server they are followed with the headers, over one socket at a time."""
    plays: list[list] = [step for location in LOCATIONS for step in ([moved(location)], [response(b"ok")])]
    with scripted(*plays) as server:
        for play, location in zip(plays[::2], LOCATIONS):
            play[0] = moved(location.replace("PORT", str(server.port)))
        requests = [f"top/dir/a?b={number}" for number in range(len(LOCATIONS))]
        requests[list(LOCATIONS).index("?e=f")] = "top/dir/a?b=c"
        got = fetch(tmp_path, server.port, *requests, settings={"headers": TOKEN})
    assert got.said == ["ok"] * len(LOCATIONS)
    assert [asked[0].split()[1] for asked in server.requests[1::2]] == list(LOCATIONS.values())
    assert all("Authorization: Bearer x" in asked[0] for asked in server.requests)


@pytest.mark.parametrize("status", ["301", "302", "303", "307", "308"])
def test_to_another_server(tmp_path: Path, status: str) -> None:
    """The headers stay; part and wait_ms go along; what was announced is fetched as before."""
    rest = response(b"56", "Content-Range: bytes 5-6/7", status="206 Partial Content")
    with (
        scripted([rest]) as other,
        scripted([moved(f"http://127.0.0.1:{other.port}/x", status)], [response(b"2")]) as one,
    ):
        got = fetch(
            tmp_path,
            one.port,
            *["a", "b"],
            have={"a": "01234"},
            announce=[["a", None], ["b", None]],
            settings={"headers": TOKEN, "prefix": "p"},
            wait_ms=0,
        )
        assert other.requests == [[f"GET /x HTTP/1.1\nHost: 127.0.0.1:{other.port}\nRange: bytes=5-"]]
        assert [asked[0].split()[1] for asked in one.requests] == ["/p/a", "/p/b"]
        assert all("Authorization: Bearer x" in asked[0] for asked in one.requests)
    assert got.said == ["0123456", "2"]
    assert got.longest == 0


URL = "http://127.0.0.1:PORT"
REFUSED = {
    "https://example.org/d": "302 to https://example.org/d: tls= is not set",
    "ftp://example.org/d": "302 to ftp://example.org/d: tls= is not set",
    "http:///d": "302 to http:///d: not a usable URL",
    "http://user@example.org/d": "302 to http://user@example.org/d: not a usable URL",
    "http://example.org:0/d": "302 to http://example.org:0/d: not a usable URL",
    "http://example.org:http/d": "302 to http://example.org:http/d: not a usable URL",
    "http://example.org/a b": "302 to http://example.org/a b: not a usable URL",
    "/a\rX-Evil: b": f"302 to {URL}/a\rX-Evil: b: not a usable URL",
}


def test_refused(tmp_path: Path) -> None:
    no_redirect = [moved("/d", "304 Not Modified"), response(status="302 Found")]
    with scripted(*[[moved(location)] for location in REFUSED], *[[one] for one in no_redirect]) as server:
        got = fetch(tmp_path, server.port, *["a"] * (len(REFUSED) + 2))
    said = [*REFUSED.values(), f"304: {URL}/a", f"302: {URL}/a"]
    assert got.said == ["http_refused: " + text for text in said]


@pytest.mark.parametrize(("times", "said"), [(3, "ok"), (4, f"http_refused: 302 to {URL}/a: too many redirects")])
def test_three_at_most(tmp_path: Path, times: int, said: str) -> None:
    with scripted(*[[moved("/a")]] * times, [response(b"ok")]) as server:
        assert fetch(tmp_path, server.port, "a").said == [said]


def test_what_is_wrong_there(tmp_path: Path) -> None:
    """The message names the server that said so."""
    with scripted([response(b"no", status="404")]) as other:
        with scripted([moved(f"http://127.0.0.1:{other.port}/x")]) as one:
            said = fetch(tmp_path, one.port, "a").said
        assert said == [f"http_refused: 404: http://127.0.0.1:{other.port}/x"]
