"""H2: what is served, and that nothing outside the root ever is."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from conftest import FILES, OUTSIDE
from content import sha1
from server_support import Server, split

RELEASED = [path for path in FILES if path.startswith(("1.0.1/", "firmware_"))]


def quoted(path: str) -> str:
    return "/" + quote(path)


@pytest.mark.parametrize("path", RELEASED)
def test_a_file_of_a_release_is_served_under_its_hash(server: Server, path: str) -> None:
    reply = server.get(quoted(path))
    assert (reply.status, reply.body) == (200, FILES[path])
    assert reply.headers["etag"] == f'"{sha1(FILES[path])}"'
    assert reply.headers["content-length"] == str(len(FILES[path]))
    assert reply.headers["accept-ranges"] == "bytes"
    assert reply.headers["last-modified"].endswith(" GMT")


@pytest.mark.parametrize("path", ["index.html", "big.iso", "docs/a/b.txt"])
def test_any_other_regular_file_is_served(server: Server, path: str) -> None:
    reply = server.get(f"/{path}")
    assert (reply.status, reply.body) == (200, FILES[path])
    assert reply.headers["etag"].strip('W/"') != sha1(FILES[path])


@pytest.mark.parametrize(
    ("path", "target"), [("1.0.1/flash/link.py", "1.0.1/flash/main.py"), ("docs/inside.txt", "docs/a/b.txt")]
)
def test_a_link_inside_is_followed(server: Server, path: str, target: str) -> None:
    reply = server.get(f"/{path}")
    assert (reply.status, reply.body) == (200, FILES[target])


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("index.html", "text/html"),
        ("1.0.1/flash/main.py", "text/x-python"),
        ("firmware_1.0.1.bin", "application/octet-stream"),
    ],
)
def test_content_type(server: Server, path: str, kind: str) -> None:
    assert server.get(f"/{path}").headers["content-type"] == kind


@pytest.mark.parametrize(
    "target",
    [
        "/../outside.txt",
        "/docs/../../outside.txt",
        "/1.0.1/../../outside.txt",
        "/%2e%2e/outside.txt",
        "/%2E%2E/outside.txt",
        "/.%2e/outside.txt",
        "/%2e%2e%2foutside.txt",
        "/..%2foutside.txt",
        "/..%5coutside.txt",
        "/%5c..%5coutside.txt",
        "/docs%5ca%5cb.txt",
        "/%252e%252e/outside.txt",
        "/..%c0%afoutside.txt",
        "/%c0%ae%c0%ae/outside.txt",
        "//etc/passwd",
        "/%2fetc%2fpasswd",
        "//../outside.txt",
        "/./index.html",
        "/docs/./a/b.txt",
        "/docs//a/b.txt",
        "/index.html/",
        "/index.html%00",
        "/index.html%00.txt",
        "/%00",
        "/index.html%0a",
        "/%ff",
        "/..;/outside.txt",
        "/C:/Windows/win.ini",
        "/docs/out.txt",
        "/docs/absolute.txt",
        "/docs/up/outside.txt",
        "/docs/up/root/index.html/../../outside.txt",
        "/docs/twin/x.txt",
        "/docs/loop",
        "/docs/fifo",
        "/docs",
        "/docs/",
        "/1.0.1",
        "/1.0.1/flash/",
        "/.secret",
        "/docs/.git/config",
        "/check.toml",
        "/%63heck.toml",
        "/docs/shown.txt",
        "/proc/self/environ",
        "/~root/.profile",
        "/" + "a/" * 3000 + "b",
        "/" + "a" * 300,
        "/" + "a" * 5000,
    ],
)
def test_not_found(server: Server, target: str) -> None:
    for method in (b"GET", b"HEAD"):
        request = b"%s %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % (method, target.encode())
        answer = server.raw(request)
        reply = split(answer)
        assert reply.status == 404
        assert OUTSIDE not in answer
        assert b"secret" not in answer or target == "/.secret"
        assert method == b"HEAD" or reply.json()["code"] == "not_found"


@pytest.mark.parametrize("target", [b"http://example.org/index.html", b"/index.html?x=../..", b"/index.html?"])
def test_the_same_file_by_another_target(server: Server, target: bytes) -> None:
    reply = split(server.raw(b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % target))
    assert (reply.status, reply.body) == (200, FILES["index.html"])


@pytest.mark.parametrize("target", [b"/\x00", b"/index.html\x00", b"/a b", b"index.html", b"/\x7f"])
def test_a_target_that_is_none_is_refused(server: Server, target: bytes) -> None:
    answer = server.raw(b"GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" % target)
    assert split(answer).status in (400, 404)
    assert server.health()["status"] == "ok"
