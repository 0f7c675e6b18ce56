"""H12: manifests by path, and the list of what is offered."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from content import sha1, write
from server_support import Reply, Server, eventually, serving, split

import airwaybill

SAME = ["status", "content-type", "cache-control", "etag", "vary"]


def seen(reply: Reply) -> dict[str, object]:
    return {"status": reply.status, "body": reply.body, **{name: reply.headers.get(name) for name in SAME[1:]}}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("1/-/-", ""),
        ("2/-/-", "format=2"),
        ("3/1.0.0/-", "format=3&current_ver=1.0.0"),
        ("2/1.0.0/1.0.0", "format=2&current_ver=1.0.0&firmware_ver=1.0.0"),
        ("2/-/0.9", "format=2&firmware_ver=0.9"),
        ("2/1.0.1/1.0.1", "format=2&current_ver=1.0.1&firmware_ver=1.0.1"),
        # Of what no store has.
        ("2/0.1/-", "format=2&current_ver=0.1"),
        ("2/9.9.9/9.9.9", "format=2&current_ver=9.9.9&firmware_ver=9.9.9"),
        ("2/v1.0.0/-", "format=2&current_ver=v1.0.0"),
        ("2/1.0.0%2Ba/1.0%2bb", "format=2&current_ver=1.0.0%2Ba&firmware_ver=1.0%2Bb"),
        ("2/1.0.0+a/-", "format=2&current_ver=1.0.0%2Ba"),
        ("2/%31.0.0/%2D", "format=2&current_ver=1.0.0"),
        # What no device may say.
        ("2/latest/-", "format=2&current_ver=latest"),
        ("2/1.0.0%20a/-", "format=2&current_ver=1.0.0%20a"),
        ("2/1.0.0%252Ba/-", "format=2&current_ver=1.0.0%252Ba"),
        ("2/1.0.0/x", "format=2&current_ver=1.0.0&firmware_ver=x"),
        ("2/--/-", "format=2&current_ver=--"),
    ],
)
def test_by_path_as_by_query(server: Server, path: str, query: str) -> None:
    by_path, by_query = (server.get(address) for address in (f"/m/{path}.json", f"/manifest.json?{query}"))
    assert seen(by_path) == seen(by_query)
    assert by_path.status == 200 or by_path.json()["code"].startswith("version_")


def test_what_a_query_says_of_a_path_is_nothing(server: Server) -> None:
    plain = server.get("/m/2/-/-.json")
    for query in ("current_ver=1.0.0", "version=1.0.0", "format=9", "firmware_ver=1&firmware_ver=2"):
        assert seen(server.get(f"/m/2/-/-.json?{query}")) == seen(plain)


@pytest.mark.parametrize("form", ["0", "4", "02", "+2", "%2B2", "x", "-"])
def test_a_format_that_is_none(server: Server, form: str) -> None:
    reply = server.get(f"/m/{form}/-/-.json")
    assert (reply.status, reply.json()["code"]) == (400, "format_invalid")


@pytest.mark.parametrize(
    "path",
    [
        *(
            "m/2/1.0.0.json",
            "m/2/1.0.0/1.0.0/1.0.0.json",
            "m/2/-/-",
            "m/2/-/-.json/",
            "m/2//-.json",
            "m//-/-.json",
            "m/",
        ),
        *(
            "M/2/-/-.json",
            "m/2/../-.json",
            "m/2/%2e%2e/-.json",
            "m/2/1.0.0%2f1/-.json",
            "m/2/%ff/-.json",
            "m/2/%00/-.json",
        ),
        *("m%2F2/-/-/x.json", "m/2/a%5Cb/-.json", "head.json/", "HEAD.json"),
    ],
)
def test_what_is_no_key(server: Server, path: str) -> None:
    reply = server.get(f"/{path}")
    assert (reply.status, reply.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("path", ["/m/2/1.0.0/-.json", "/head.json"])
def test_conditions_and_methods(server: Server, path: str) -> None:
    whole = server.get(path)
    etag = whole.headers["etag"]
    assert (whole.status, etag) == (200, f'"{sha1(whole.body)}"')
    head = server.get(path, method="HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(whole.body)))
    assert head.headers["etag"] == etag
    for tags in (etag, f"W/{etag}", "*", f'"x", {etag}'):
        reply = server.get(path, {"If-None-Match": tags})
        assert (reply.status, reply.body, reply.headers["etag"]) == (304, b"", etag)
    assert server.get(path, {"If-None-Match": '"x"'}).body == whole.body
    refused = server.get(path, {"If-Match": '"x"'})
    assert (refused.status, refused.json()["code"]) == (412, "precondition_failed")
    assert server.get(path, method="POST").status == 405


def test_a_manifest_by_path_needs_a_host_and_the_list_does_not(server: Server) -> None:
    def status(path: str) -> int:
        return split(server.raw(f"GET {path} HTTP/1.1\r\nConnection: close\r\n\r\n".encode())).status

    assert [status(path) for path in ("/m/2/-/-.json", "/head.json")] == [400, 200]


def test_the_list_is_the_engines(server: Server, site: Path) -> None:
    reply = server.get("/head.json")
    assert reply.body == airwaybill.scan(site).head_json()
    assert [release["version"] for release in reply.json()["releases"]] == ["1.0.0", "1.0.1"]
    assert [image["path"] for image in reply.json()["firmware"]] == ["firmware_1.0.1.bin"]
    assert (reply.headers["content-type"], reply.headers["cache-control"]) == ("application/json", "public, no-cache")


def test_files_under_these_paths_are_not_sent(root: Path, log: Path) -> None:
    write(root, {"m/2/-/-.json": b"own", "m/notes.txt": b"own", "m/2/-.json": b"own", "head.json": b"own"})
    with serving(root, log, "--settle", "0", "--serve-other") as server:
        bodies = [server.get(f"/{path}").body for path in ("m/2/-/-.json", "head.json", "m/notes.txt", "m/2/-.json")]
    assert [body == b"own" for body in bodies] == [False, False, True, True]


@pytest.fixture
def changing(root: Path, log: Path, request: pytest.FixtureRequest) -> Iterator[Server]:
    with serving(root, log, "--settle", "0", *request.param) as server:
        yield server


@pytest.mark.parametrize("changing", [(), ("--workers", "2")], indirect=True)
def test_they_change_with_the_releases(changing: Server, root: Path) -> None:
    def highest() -> set[str]:
        """Of several connections: any process may answer."""
        lists = [changing.get("/head.json").json()["releases"][-1]["version"] for _ in range(8)]
        return {*lists, *(changing.get("/m/2/1.0.0/-.json").json()["version"] for _ in range(8))}

    assert highest() == {"1.0.1"}
    write(root, {"1.0.2/flash/main.py": b"three"})
    eventually(highest, {"1.0.2"}.__eq__)


def test_base_urls(site: Path, log: Path) -> None:
    options = ("--settle", "0", "--trusted-proxy", "127.0.0.1", "--root-path", "/fleet")
    with serving(site, log, *options) as server:

        def answer(path: str, headers: dict[str, str]) -> tuple[str, str | None]:
            reply = server.get(path, headers)
            return reply.json()["firmware"]["URL"], reply.headers.get("vary")

        vary = "x-forwarded-host, x-forwarded-proto, x-forwarded-prefix"
        for headers, base in (
            ({"Host": "b"}, "http://b/fleet"),
            ({"X-Forwarded-Host": "ota.example", "X-Forwarded-Proto": "https"}, "https://ota.example/fleet"),
        ):
            assert answer("/m/2/-/-.json", headers) == (f"{base}/firmware_1.0.1.bin", vary)
        assert "vary" not in server.get("/head.json").headers


def test_only_what_is_signed(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "0", "--signed-only") as server:
        assert server.get("/head.json").json() == {"firmware": [], "releases": []}
        assert server.get("/m/2/-/-.json").body == b"null"
