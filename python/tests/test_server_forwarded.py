"""What headers of a proxy do (rules H1, H10), and whose."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from server_support import eventually, serving
from serving import started
from test_command_line import over, place, serve_at

from airwaybill import AirwaybillError
from airwaybill.server import create_app
from airwaybill.server.answers import RequestError
from airwaybill.server.proxies import Proxies
from airwaybill.server.requests import manifest_request

__all__ = ["place"]

FOR = "x-forwarded-for"


def scope(client: tuple[str, int] | None, *headers: tuple[str, str], root_path: str = "") -> dict[str, Any]:
    encoded = [(name.encode(), value.encode()) for name, value in (("host", "a"), *headers)]
    return {"client": client, "headers": encoded, "root_path": root_path, "query_string": b""}


NEAR, FAR = ("10.0.0.1", 1), ("192.0.2.1", 1)


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded", "client"),
    [
        ((), NEAR, ["198.51.100.1"], "10.0.0.1"),
        (("10.0.0.0/8",), NEAR, [], "10.0.0.1"),
        (("10.0.0.0/8",), NEAR, ["198.51.100.1"], "198.51.100.1"),
        (("10.0.0.0/8",), ("::ffff:10.0.0.1", 1), ["198.51.100.1"], "198.51.100.1"),
        (("10.0.0.0/8",), FAR, ["198.51.100.1"], "192.0.2.1"),
        # The client's own comes first, then each proxy's.
        (("10.0.0.0/8",), NEAR, ["203.0.113.9, 198.51.100.1"], "198.51.100.1"),
        (("10.0.0.0/8",), NEAR, ["203.0.113.9", "198.51.100.1"], "198.51.100.1"),
        (("10.0.0.0/8",), NEAR, ["203.0.113.9, 198.51.100.1, 10.0.0.2"], "198.51.100.1"),
        (("10.0.0.0/8",), NEAR, ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        (("10.0.0.0/8",), NEAR, ["198.51.100.1, unknown, 10.0.0.2"], "10.0.0.2"),
        (("10.0.0.0/8",), NEAR, ['"x\ny"'], "10.0.0.1"),
        (("10.0.0.0/8",), NEAR, ["2001:db8::1"], "2001:db8::1"),
        (("unix",), None, ["198.51.100.1"], "198.51.100.1"),
        (("unix",), NEAR, ["198.51.100.1"], "10.0.0.1"),
        (("10.0.0.0/8",), None, ["198.51.100.1"], None),
    ],
)
def test_the_client_is_the_nearest_that_is_no_proxy(
    trusted: tuple[str, ...], peer: tuple[str, int] | None, forwarded: list[str], client: str | None
) -> None:
    assert Proxies(trusted).client(scope(peer, *((FOR, value) for value in forwarded))) == client


PREFIX = "x-forwarded-prefix"


@pytest.mark.parametrize(
    ("peer", "root_path", "mounted", "prefixes", "base"),
    [
        (NEAR, "", "", ["/updates"], "http://a/updates"),
        (NEAR, "", "", ["/updates/"], "http://a/updates"),
        (NEAR, "", "", ["/"], "http://a"),
        (NEAR, "", "", [""], "http://a"),
        (NEAR, "", "", ["/evil", "/a/b"], "http://a/a/b"),
        (NEAR, "", "", ["/evil, /a%20b"], "http://a/a%20b"),
        (NEAR, "", "/fleet", ["/updates"], "http://a/updates/fleet"),
        (NEAR, "/own/", "", [], "http://a/own"),
        (NEAR, "/own", "", ["/updates"], "http://a/updates"),
        (FAR, "", "", ["/evil"], "http://a"),
        (FAR, "/own", "", ["/evil"], "http://a/own"),
    ],
)
def test_what_a_proxy_takes_off_the_path_is_in_the_urls(
    tmp_path: Path, peer: tuple[str, int], root_path: str, mounted: str, prefixes: list[str], base: str
) -> None:
    config = create_app(tmp_path, trusted_proxies=["10.0.0.0/8"], root_path=root_path)._config
    asked = manifest_request(scope(peer, *((PREFIX, value) for value in prefixes), root_path=mounted), config)
    assert asked.base_url == base


@pytest.mark.parametrize(
    "path", ["updates", "//evil.example", "/a//b", "/a b", "/a/..", "/./a", "/a?b", "/a#b", "/%zz", "/ü"]
)
def test_what_is_no_path_of_a_url(tmp_path: Path, path: str) -> None:
    with pytest.raises(AirwaybillError) as found:
        create_app(tmp_path, root_path=path)
    assert found.value.code == "prefix_invalid"
    config = create_app(tmp_path, trusted_proxies=["10.0.0.0/8"])._config
    with pytest.raises(RequestError) as refused:
        manifest_request(scope(NEAR, (PREFIX, path)), config)
    assert (refused.value.status, refused.value.code) == (400, "prefix_invalid")


@pytest.mark.parametrize("name", [FOR, "x-forwarded-host", "x-forwarded-proto", PREFIX, "forwarded", "via"])
def test_a_proxy_that_is_not_trusted_is_named_once(name: str) -> None:
    proxies = Proxies(["10.0.0.0/8"])
    asked = [scope(peer, *headers) for peer in (NEAR, FAR, ("192.0.2.2", 1)) for headers in ((), ((name, "anything"),))]
    [said] = filter(None, map(proxies.warning, asked))
    assert said.startswith("warning: 192.0.2.1 sends the headers of a proxy and is not trusted")
    assert said.endswith("--trusted-proxy 192.0.2.1")


def test_the_server_says_so(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "0", "--root-path", "/updates") as server:
        for _ in range(2):
            manifest = server.get("/manifest.json", {"X-Forwarded-Host": "evil"}).json()
            assert manifest["new"][0]["URL"].startswith(f"http://127.0.0.1:{server.port}/updates/1.0.1/")
        server.stop()
        assert len([line for line in server.said if "--trusted-proxy 127.0.0.1" in line]) == 1


def test_a_proxy_on_a_unix_socket(root: Path, log: Path, place: Path) -> None:
    with log.open("wb") as out, started((*serve_at(place, root), "--trusted-proxy", "unix"), stdout=out):
        headers = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "192.0.2.1"}
        document = json.loads(over(place, "/manifest.json", headers)[1])
        assert document["new"][0]["URL"].startswith("https://localhost/")
        [line] = eventually(lambda: log.read_text().splitlines(), bool)
        assert json.loads(line)["client"] == "192.0.2.1"


def test_the_log_leaves_out_that_all_is_well(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "0") as server:
        for path in ("/healthz", "/manifest.json", "/1.0.1/healthz"):
            server.get(path)
        server.get("/healthz", method="POST")
        server.stop()
    logged = [json.loads(line) for line in log.read_text().splitlines()]
    assert [(line["path"], line["status"]) for line in logged] == [
        ("/manifest.json", 200),
        ("/1.0.1/healthz", 404),
        ("/healthz", 405),
    ]
