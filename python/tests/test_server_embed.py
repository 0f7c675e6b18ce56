"""What pages of other origins may read and show (rule H13), and the page that a directory has itself."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import FILES, Call
from content import write
from server_support import Reply, Server, ask, serving, split

from airwaybill import AirwaybillError
from airwaybill.server import create_app

TOOLS, LOCAL, OTHER = "https://tools.example", "http://localhost:5173", "https://other.example"
LISTING = "/_preview/listing.json"
# Of the releases, of the page, and errors.
SENT = [
    LISTING,
    "/manifest.json",
    "/head.json",
    "/1.0.1/flash/main.py",
    "/_preview/",
    "/_preview/nothing",
    "/nothing",
    "/healthz",
]
ASKING = {"Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "if-none-match"}


@pytest.fixture(scope="module")
def embedded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    top = tmp_path_factory.mktemp("embedded")
    write(top / "root", {"1.0.0/flash/main.py": b"one\n", "1.0.1/flash/main.py": b"two\n"})
    options = ("--embed-origin", TOOLS, "--embed-origin", LOCAL, "--trusted-proxy", "192.0.2.1")
    with serving(top / "root", top / "log", "--settle", "0", *options) as running:
        yield running


def cross_origin(headers: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.startswith("access-control-") or name == "vary"}


def varies(vary: str | None) -> list[str]:
    return [] if vary is None else [name.strip() for name in vary.split(",")]


@pytest.mark.parametrize("path", SENT)
def test_pages_of_these_origins_read_all_that_is_sent(embedded: Server, path: str) -> None:
    # Twice: what is remembered for one page is not sent to another.
    for origin in (TOOLS, LOCAL, OTHER, "null", TOOLS.upper(), "", None) * 2:
        reply = embedded.get(path, {} if origin is None else {"Origin": origin})
        allowed = {"access-control-allow-origin": origin, "access-control-expose-headers": "etag"}
        found = cross_origin(reply.headers)
        assert varies(found.pop("vary"))[-1] == "origin", origin
        assert found == (allowed if origin in (TOOLS, LOCAL) else {}), origin


def test_a_page_asks_whether_the_listing_has_changed(embedded: Server) -> None:
    first = embedded.get(LISTING, {"Origin": TOOLS})
    asked = embedded.get(LISTING, {"Origin": TOOLS, **ASKING}, method="OPTIONS")
    assert (asked.status, asked.body) == (204, b"")
    assert cross_origin(asked.headers) == {
        "access-control-allow-origin": TOOLS,
        "access-control-allow-methods": "GET, HEAD",
        "access-control-allow-headers": "if-none-match",
        "access-control-max-age": "86400",
        "vary": "origin",
    }
    again = embedded.get(LISTING, {"Origin": TOOLS, "If-None-Match": first.headers["etag"]})
    assert (again.status, again.headers["access-control-allow-origin"]) == (304, TOOLS)


@pytest.mark.parametrize("origin", [OTHER, None])
def test_others_may_not_even_ask(embedded: Server, origin: str | None) -> None:
    reply = embedded.get(LISTING, {**ASKING, **({} if origin is None else {"Origin": origin})}, method="OPTIONS")
    assert (reply.status, reply.json()["code"]) == (405, "method_not_allowed")
    assert cross_origin(reply.headers) == {"vary": "origin"}


def test_vary_is_one_line_that_names_all(embedded: Server) -> None:
    forwarded = ["x-forwarded-host", "x-forwarded-proto", "x-forwarded-prefix"]
    for path, names in ((LISTING, ["accept-encoding"]), ("/manifest.json", forwarded), ("/healthz", [])):
        assert varies(embedded.get(path).headers["vary"]) == [*names, "origin"], path


def test_an_old_client_still_gets_whole_hundreds(embedded: Server) -> None:
    answer = embedded.raw(f"GET /manifest.json HTTP/1.0\r\nHost: x\r\nOrigin: {TOOLS}\r\n\r\n".encode())
    assert split(answer).headers["access-control-allow-origin"] == TOOLS
    assert (len(answer.partition(b"\r\n\r\n")[0]) + 4) % 100 == 0


def framed_by(server: Server) -> list[str]:
    policy = server.get(LISTING).headers["content-security-policy"]
    return [rule for rule in policy.split("; ") if rule.startswith("frame-")]


def test_the_page_may_be_framed_by_them(embedded: Server) -> None:
    assert framed_by(embedded) == [f"frame-ancestors {TOOLS} {LOCAL}"]


def test_without_the_option_nothing_is_said_of_origins(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "0") as server:
        for path in SENT:
            assert "origin" not in str(cross_origin(server.get(path, {"Origin": TOOLS}).headers)), path
        assert server.get(LISTING, {"Origin": TOOLS, **ASKING}, method="OPTIONS").status == 405
        assert framed_by(server) == ["frame-ancestors 'none'"]


@pytest.mark.parametrize(
    "origin",
    [
        "https://tools.example",
        "http://localhost",
        "http://localhost:5173",
        "http://192.168.1.144:8080",
        "http://[::1]:8000",
        "https://a-b.c_d.example:1",
        "https://xn--bcher-kva.example",
        "http://van.local:443",
    ],
)
def test_an_origin_as_browsers_write_it(root: Path, origin: str) -> None:
    create_app(root, embed_origins=[origin])


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "*",
        "null",
        "tools.example",
        "//tools.example",
        "https://tools.example/",
        "https://tools.example/fleet",
        "https://tools.example?a",
        "https://tools.example#a",
        "https://user@tools.example",
        "https://Tools.example",
        "HTTPS://tools.example",
        "https://tools.example:443",
        "http://tools.example:80",
        "https://tools.example:",
        "https://tools.example:0",
        "https://tools.example:08000",
        "https://tools.example:65536",
        "https://*.example",
        "https://b\u00fccher.example",
        "https://999.1.1.1",
        "https://[::1",
        "https://[zz]",
        "https://",
        "file:///tmp",
        "chrome-extension://abcdef",
        "https://a.example https://b.example",
        "https://tools.example; script-src *",
        "https://tools.example\n",
    ],
)
def test_what_is_no_origin_is_refused(root: Path, origin: str) -> None:
    with pytest.raises(AirwaybillError, match=r"such as https://tools\.example or http://localhost:5173") as caught:
        create_app(root, embed_origins=[origin])
    assert caught.value.code == "origin_invalid"
    assert str(caught.value).startswith(f"embed origin {origin!r}: ")


def test_the_command_line_says_so(root: Path, call: Call) -> None:
    code, _, said = call("serve", root, "--port", 0, "--embed-origin", LOCAL, "--embed-origin", "*")
    assert code == 2
    assert "origin_invalid" in said
    assert "embed origin '*': expected an origin" in said


def test_the_environment_names_several(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "0", env={"AIRWAYBILL_EMBED_ORIGIN": f"{TOOLS} {LOCAL}"}) as server:
        for origin in (TOOLS, LOCAL):
            assert server.get(LISTING, {"Origin": origin}).headers["access-control-allow-origin"] == origin


INDEX = b"<!doctype html><title>Fleet</title>\n"
OTHERS, PAGELESS = {"serve_other": True}, {"preview": False}


@pytest.mark.parametrize(
    ("options", "has_page", "accept", "wanted"),
    [
        (OTHERS, True, "text/html", 200),
        (OTHERS, True, "*/*", 200),
        ({**OTHERS, **PAGELESS}, True, "text/html", 200),
        (OTHERS, False, "text/html", 307),
        (OTHERS, False, "*/*", 404),
        ({**OTHERS, **PAGELESS}, False, "text/html", 404),
        ({}, True, "text/html", 307),
        ({}, True, "*/*", 404),
        (PAGELESS, True, "text/html", 404),
    ],
)
def test_the_top_is_the_page_of_the_directory(
    root: Path, options: dict[str, bool], has_page: bool, accept: str, wanted: int
) -> None:
    if has_page:
        write(root, {"index.html": INDEX})
    reply = answer(root, "/", {"accept": accept}, **options)
    assert reply.status == wanted
    if wanted == 200:
        assert (reply.body, reply.headers["content-type"]) == (INDEX, "text/html")


def test_the_page_of_a_directory_is_asked_for_again(server: Server) -> None:
    first = server.get("/", {"Accept": "text/html"})
    assert first.body == FILES["index.html"]
    assert server.get("/", {"Accept": "text/html", "If-None-Match": first.headers["etag"]}).status == 304
    assert server.get("/", {"Accept": "text/html"}, method="HEAD").headers["content-length"] == str(len(first.body))


def test_a_link_out_of_the_directory_is_no_page_of_it(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside.html").write_bytes(INDEX)
    (root / "index.html").symlink_to(tmp_path / "outside.html")
    assert answer(root, "/", {"accept": "text/html"}, **OTHERS).status == 404


def answer(root: Path, path: str, headers: dict[str, str], **options: Any) -> Reply:
    """That of an application in this process."""

    async def asked() -> Reply:
        app = create_app(root, settle=0, **options)
        await app.startup()
        try:
            return await ask(app, path, headers)
        finally:
            await app.shutdown()

    return asyncio.run(asked())
