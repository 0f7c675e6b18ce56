"""H1: the manifest, its parameters, and the base URL of its answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from server_support import Server, serving, split

import airwaybill


def ask(server: Server, *headers: str, query: str = "", version: str = "1.1") -> tuple[int, dict[str, str]]:
    """Status and document, for a request with exactly these headers."""
    lines = [f"GET /manifest.json{query} HTTP/{version}", *headers, "Connection: close", "", ""]
    reply = split(server.raw("\r\n".join(lines).encode("utf-8", "surrogateescape")))
    assert reply.headers["content-type"] == "application/json"
    return reply.status, reply.json()


def base_of(document: dict[str, str]) -> str:
    url = document["firmware"]["URL"]  # type: ignore[index]
    assert isinstance(url, str)
    return url.removesuffix("/firmware_1.0.1.bin")


@pytest.mark.parametrize("current", [None, "1.0.0", "1.0.1", "9.9.9", "0.9"])
@pytest.mark.parametrize("firmware", [None, "1.0.0", "1.0.1"])
@pytest.mark.parametrize("form", [1, 2])
def test_the_answer_is_the_engines(
    server: Server, site: Path, current: str | None, firmware: str | None, form: int
) -> None:
    query = f"?format={form}"
    query += "" if current is None else f"&current_ver={current}"
    query += "" if firmware is None else f"&firmware_ver={firmware}"
    reply = server.get(f"/manifest.json{query}", {"Host": "192.168.1.144:8000"})
    expected = airwaybill.scan(site).manifest_json(
        "http://192.168.1.144:8000", current, firmware_version=firmware, format=form
    )
    assert (reply.status, reply.body) == (200, expected)
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["cache-control"] == "public, no-cache"


@pytest.mark.parametrize("current", [None, "0.9", "1.0.0", "v1.0.0", "1.0.00", "1.0.1", "9.9"])
@pytest.mark.parametrize("firmware", [None, "0.8", "0.9", "1.0.1", "2.0"])
def test_requests_that_come_to_the_same_share_a_body(site: Path, current: str | None, firmware: str | None) -> None:
    """What is the same decision is the same manifest, and the other way round."""
    catalog = airwaybill.scan(site)
    mine = catalog.decide(current, firmware_version=firmware)
    for other in (None, "0.9", "1.0.0", "1.0.00", "1.0.1"):
        for image in (None, "0.9", "1.0.1"):
            theirs = catalog.decide(other, firmware_version=image)
            bodies = {
                catalog.manifest_json("http://a", version, firmware_version=has)
                for version, has in ((current, firmware), (other, image))
            }
            assert (mine == theirs) is (len(bodies) == 1)
    with pytest.raises(airwaybill.AirwaybillError):
        catalog.decide("x")


@pytest.mark.parametrize(
    "host",
    [
        "192.168.1.144:8000",
        "192.168.1.144",
        "example.org",
        "Example.ORG:80",
        "localhost:0",
        "my_host-1.local.",
        "[::1]",
        "[fe80::1]:8000",
        "[::ffff:10.0.0.1]:65535",
        "xn--grte-5qa.example",
        "a" * 63 + ".example",
    ],
)
def test_a_host_is_the_base_url(server: Server, host: str) -> None:
    status, document = ask(server, f"Host: {host}")
    assert (status, base_of(document)) == (200, f"http://{host}")


@pytest.mark.parametrize(
    "host",
    [
        "a b",
        "a/b",
        "a\\b",
        "a?b",
        "a#b",
        "a@b",
        "user:pw@a",
        "a:b",
        "a:99999",
        "a:-1",
        "a:80:80",
        ":80",
        ".",
        "a..b",
        ".a",
        '"',
        "<script>",
        "a,b",
        "a;b",
        "a%20b",
        "[::1",
        "::1",
        "[::1]x",
        "[1.2.3.4]",
        "[fe80::1%25eth0]",
        "[zz::1]",
        "1.2.3.4.5",
        "1.2.3.999",
        "256.256.256.256:80",
        "höst",
        "\udcff",
        "a" * 64 + ".example",
        "a." * 200 + "example",
        "http://a",
    ],
)
def test_a_host_that_is_none(server: Server, host: str) -> None:
    status, document = ask(server, f"Host: {host}")
    assert (status, document["code"]) == (400, "host_invalid")


@pytest.mark.parametrize("host", ["a\x7fb", "a\x00b", "a\rb"])
def test_a_host_with_control_characters(server: Server, host: str) -> None:
    answer = server.raw(f"GET /manifest.json HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
    assert split(answer).status == 400


@pytest.mark.parametrize("headers", [(), ("Host:",), ("X-Host: a",)])
@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_no_host(server: Server, headers: tuple[str, ...], version: str) -> None:
    status, document = ask(server, *headers, version=version)
    assert (status, document["code"]) == (400, "host_missing")


@pytest.mark.parametrize("second", ["b", "a", ""])
def test_more_than_one_host(server: Server, second: str) -> None:
    status, document = ask(server, "Host: a", f"Host: {second}")
    assert (status, document["code"]) == (400, "host_invalid")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("current_ver=", "version_empty"),
        ("current_ver", "version_empty"),
        ("current_ver=" + "1" * 65, "version_too_long"),
        ("current_ver=" + "1" * 10_240, "version_too_long"),
        ("current_ver=1%00", "version_character"),
        ("current_ver=1%0d%0aX-Evil:%201", "version_character"),
        ("current_ver=%1b[2J", "version_start"),
        ("current_ver=1%20", "version_character"),
        ("current_ver=1%7f", "version_character"),
        ("current_ver=1%ff", "version_character"),
        ("current_ver=%C3%A9", "version_start"),
        ("current_ver=../../etc/passwd", "version_start"),
        ("current_ver=1.0.0&firmware_ver=", "version_empty"),
        ("firmware_ver=x", "version_start"),
        ("format=4", "format_invalid"),
        ("format=", "format_invalid"),
        ("format=02", "format_invalid"),
        ("format=%EF%BC%91", "format_invalid"),
        ("current_ver=1.0.0&current_ver=1.0.0", "parameter_repeated"),
        ("current_ver=1.0.0&current%5Fver=1.0.0", "parameter_repeated"),
        ("format=1&format=2", "parameter_repeated"),
    ],
)
def test_a_parameter_that_is_none(server: Server, query: str, code: str) -> None:
    status, document = ask(server, "Host: a", query=f"?{query}")
    assert (status, document["code"]) == (400, code)
    assert set(document) == {"code", "message"}
    assert document["message"].isprintable()


@pytest.mark.parametrize(
    ("query", "previous"),
    [
        ("current_ver=1.0.0", "1.0.0"),
        ("current_ver=1%2E0.0", "1.0.0"),
        ("current%5fver=1.0.0", "1.0.0"),
        ("current_ver=1.0.0+build.7", "1.0.0+build.7"),
        ("current_ver=1.0.0%2Bbuild.7", "1.0.0+build.7"),
        ("_=17&current_ver=1.0.0&x=1&x=2", "1.0.0"),
        ("&&current_ver=1.0.0&", "1.0.0"),
        ("current_ver=1.0.0&CURRENT_VER=9.9.9&version=9.9.9", "1.0.0"),
        ("sysname=WiPy&wmac=240ac4&cver=1&current=1.0.0&curr=1&versions=1&firmware_version=1", None),
        ("", None),
    ],
)
def test_how_parameters_are_read(server: Server, query: str, previous: str | None) -> None:
    """A `+` is a `+`, escaped or not: version names hold it."""
    status, document = ask(server, "Host: a", query=f"?{query}")
    assert (status, document["previous_version"]) == (200, previous)


@pytest.mark.parametrize(
    "name",
    [
        "CURRENT_VER",
        "current-ver",
        "Current%5fVer",
        "currentver",
        "curent_ver",
        "current_vre",
        "current_vers",
        "current__ver",
        "_current_ver_",
        "version",
        "Version",
        "ver",
        "current_version",
        "current-version",
    ],
)
def test_a_name_that_is_nearly_the_one_is_no_full_install(server: Server, name: str) -> None:
    status, document = ask(server, "Host: a", query=f"?sysname=WiPy&{name}=1.0.0&firmware_ver=1.0.0")
    assert (status, document["code"]) == (400, "parameter_unknown")
    assert document["message"].endswith(": expected current_ver")


def test_an_empty_port_is_left_out(server: Server) -> None:
    for host in ("example.org", "[::1]", "10.0.0.1"):
        status, document = ask(server, f"Host: {host}:")
        assert (status, base_of(document)) == (200, f"http://{host}")


def test_the_host_of_an_absolute_target_counts_where_there_is_no_other(server: Server) -> None:
    answer = server.raw(b"GET http://example.org/manifest.json HTTP/1.1\r\nConnection: close\r\n\r\n")
    assert base_of(split(answer).json()) == "http://example.org"


def test_a_raw_byte_that_is_not_utf_8(server: Server) -> None:
    answer = server.raw(b"GET /manifest.json?current_ver=1\xff HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    assert split(answer).status == 400


@pytest.fixture(scope="module")
def behind_proxy(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("log") / "access"
    with serving(
        site, log, "--settle", "0", "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "127.0.0.1"
    ) as running:
        yield running


@pytest.mark.parametrize(
    ("headers", "base"),
    [
        (("Host: a",), "http://a"),
        (("Host: a", "X-Forwarded-Proto: https"), "https://a"),
        (("Host: a", "X-Forwarded-Host: ota.example"), "http://ota.example"),
        (("Host: a", "X-Forwarded-Host: ota.example", "X-Forwarded-Proto: HTTPS"), "https://ota.example"),
        (("X-Forwarded-Host: ota.example:8443", "X-Forwarded-Proto: https"), "https://ota.example:8443"),
        (("Host: a", "X-Forwarded-Host: evil, ota.example"), "http://ota.example"),
        (("Host: a", "X-Forwarded-Host: evil", "X-Forwarded-Host: ota.example"), "http://ota.example"),
    ],
)
def test_a_trusted_proxy_says_where_the_request_went(behind_proxy: Server, headers: tuple[str, ...], base: str) -> None:
    for _ in range(2):
        status, document = ask(behind_proxy, *headers)
        assert (status, base_of(document)) == (200, base)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        ("X-Forwarded-Host: a b", "host_invalid"),
        ("X-Forwarded-Host: ", "host_invalid"),
        ("X-Forwarded-Host: a/b", "host_invalid"),
        ("X-Forwarded-Proto: ftp", "proto_invalid"),
        ("X-Forwarded-Proto: javascript:", "proto_invalid"),
    ],
)
def test_a_trusted_proxy_is_held_to_the_same_rules(behind_proxy: Server, header: str, code: str) -> None:
    status, document = ask(behind_proxy, "Host: a", header)
    assert (status, document["code"]) == (400, code)


def test_no_other_is_believed(server: Server) -> None:
    status, document = ask(server, "Host: a", "X-Forwarded-Host: evil", "X-Forwarded-Proto: https")
    assert (status, base_of(document)) == (200, "http://a")


def test_settings(site: Path, log: Path) -> None:
    options = (
        "--base-url",
        "https://ota.example/fleet/",
        "--dst-paths",
        "absolute",
        "--protect",
        "boot.py",
        "--ignore",
        "*.txt",
    )
    with serving(site, log, "--settle", "0", *options) as server:
        for headers in ((), ("Host: a",)):
            status, document = ask(server, *headers, query="?current_ver=1.0.0")
            assert (status, base_of(document)) == (200, "https://ota.example/fleet")
        assert ask(server, "Host: a b")[0] == 400
        text = json.dumps(document)
        assert document["new"][0]["dst_path"] == "/flash/.config"  # type: ignore[index]
        assert "boot.py" not in text
        assert ".txt" not in text
