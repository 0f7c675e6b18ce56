"""The release-preview page: what the server gives it."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from content import noise, write
from server_support import Server, eventually, serving, split
from serving import COMMAND

import airwaybill
from airwaybill.server import create_app
from airwaybill.server.answers import PIECE
from airwaybill.server.preview import BUILT

BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
LISTING = "/_preview/listing.json"
BUILT_HERE = Path(BUILT, "index.html").is_file()


@pytest.fixture
def served(root: Path, log: Path) -> Iterator[Server]:
    with serving(root, log, "--settle", "0") as running:
        yield running


def manifest_from(document: Any, current: str | None, **options: Any) -> bytes:
    """The manifest that the page makes of a listing."""
    earlier = airwaybill.Catalog.from_listing(document["remembered"])
    catalog = airwaybill.Catalog.from_listing(document["entries"], **document["options"], earlier=earlier)
    return catalog.manifest_json(document["base_url"], current, dst_paths=document["dst_paths"], **options)


@pytest.mark.parametrize(
    "options",
    [
        [],
        ["--dst-paths", "absolute"],
        ["--scheme", "semver"],
        ["--ignore", "*.py", "--protect", "sd/**"],
        ["--base-url", "https://example.org/ota"],
    ],
)
def test_the_listing_gives_the_servers_own_manifests(site: Path, log: Path, options: list[str]) -> None:
    with serving(site, log, "--settle", "0", *options) as server:
        reply = server.get(LISTING)
        assert reply.headers["content-type"] == "application/json"
        for current in (None, "1.0.0", "1.0.1", "0.9.0"):
            query = "" if current is None else f"?current_ver={current}"
            assert manifest_from(reply.json(), current) == server.get(f"/manifest.json{query}").body
            query += "&format=2" if query else "?format=2"
            assert manifest_from(reply.json(), current, format=2) == server.get(f"/manifest.json{query}").body


def test_the_listing_names_the_address_that_was_asked(served: Server) -> None:
    assert served.get(LISTING, {"Host": "ota.example:81"}).json()["base_url"] == "http://ota.example:81"
    assert served.get(LISTING).json()["base_url"] == f"http://127.0.0.1:{served.port}"
    assert served.get(LISTING, {"Host": "a b"}).json()["code"] == "host_invalid"


def test_a_release_that_still_changes_is_told_as_such(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "3600") as server:
        document = server.get(LISTING).json()
        assert document["options"]["unsettled"] == ["1.0.0", "1.0.1"]
        assert manifest_from(document, None) == server.get("/manifest.json").body == b"null"


def test_the_listing_follows_the_directory(served: Server, root: Path) -> None:
    first = served.get(LISTING)
    assert served.get(LISTING, {"If-None-Match": first.headers["etag"]}).status == 304
    write(root, {"1.0.2/flash/main.py": b"three\n"})
    served.wait(lambda health: "1.0.2" in health["releases"])
    second = served.get(LISTING, {"If-None-Match": first.headers["etag"]})
    assert second.status == 200
    assert "1.0.2/flash/main.py" in [entry["path"] for entry in second.json()["entries"]]


SETTINGS = """mounts = ["flash"]
[[accept]]
code = "start_mpy"
path = "1.0.1/flash/boot.mpy"
reason = "its main.py imports it"
"""


def found_in(server: Server) -> tuple[Any, list[tuple[str, str, str]]]:
    document = server.get(LISTING).json()
    return document["check"], shown(document["findings"])


def test_the_listing_has_what_the_server_found(root: Path, log: Path) -> None:
    write(
        root, {"1.0.0/flash/lib.py": b"lib\n", "1.0.1/flash/boot.mpy": b"M\x06\x00\x1f", "1.0.1/flash/gone.py": b"\0"}
    )
    with serving(root, log, "--settle", "0") as server:
        document = server.get(LISTING).json()
        found = json.loads(checked(root))
        assert shown(found) == [
            ("error", "start_mpy", "1.0.1/flash/boot.mpy"),
            ("error", "python_broken", "1.0.1/flash/gone.py"),
        ]
        assert (document["check"], document["findings"]) == ({}, found)

        # It follows its settings too.
        write(root, {"check.toml": SETTINGS.encode()})
        accepted, left = eventually(lambda: found_in(server), lambda found: found[0] != {})
        assert (accepted["mounts"], accepted["accept"][0]["code"]) == (["flash"], "start_mpy")
        assert left == [("error", "python_broken", "1.0.1/flash/gone.py")]

        for settings, why in (("mounts = 5", "mounts"), ("[[accept", "]]"), ("flash = 5", "flash_size")):
            write(root, {"check.toml": settings.encode()})
            eventually(lambda: server.get(LISTING).json()["findings"][0]["message"], partial(contains, why))
            assert found_in(server) == (accepted, [("error", "settings_invalid", "check.toml"), *left])


def contains(part: str, text: str) -> bool:
    return part in text


def checked(root: Path) -> bytes:
    return subprocess.run([*COMMAND, "check", "--json", str(root)], capture_output=True, timeout=60).stdout


def shown(findings: Any) -> list[tuple[str, str, str]]:
    return [(each["level"], each["code"], each["path"]) for each in findings]


def test_the_listing_names_documents_that_are_sent(root: Path, log: Path) -> None:
    names = ["1.0.1.waybill", "1.0.1.waybill.sig", "keys/1.waybill"]
    write(root, dict.fromkeys([*names, "keys/2.waybill.draft", "keys/2.waybill.draft.sig", "keys/notes"], b"any\n"))
    with serving(root, log, "--settle", "0") as server:
        assert server.get(LISTING).json()["documents"] == names


def test_what_the_server_hides_the_listing_hides(root: Path, log: Path) -> None:
    write(root, {".secret": b"x", ".git/config": b"x", "docs/.hidden": b"x", "1.0.1/flash/.config": b"kept\n"})
    os.symlink("../.secret", root / "1.0.0" / "out.txt")
    os.symlink("../docs/.hidden", root / "1.0.0" / "other.txt")
    with serving(root, log, "--settle", "0") as server:
        body = server.get(LISTING).body
        paths = [entry["path"] for entry in json.loads(body)["entries"]]
        assert "1.0.1/flash/.config" in paths
        assert b".secret" not in body
        assert b".git" not in body
        assert b".hidden" not in body
        assert manifest_from(json.loads(body), None) == server.get("/manifest.json").body


def test_names_of_every_kind_arrive(root: Path, log: Path) -> None:
    name = 'g\u00fcte \u2028 "quoted" \U0001f40d.txt'
    write(root, {f"1.0.1/{name}": b"x"})
    with open(os.fsencode(root / "1.0.0") + b"/bad-\xff.txt", "wb"):
        pass
    with serving(root, log, "--settle", "0") as server:
        document = server.get(LISTING).json()
        assert f"1.0.1/{name}" in [entry["path"] for entry in document["entries"]]
        assert manifest_from(document, "1.0.0") == server.get("/manifest.json?current_ver=1.0.0").body


def test_a_browser_at_the_root_is_led_to_the_page(served: Server) -> None:
    for path in ("/", "/_preview"):
        reply = served.get(path, BROWSER)
        assert (reply.status, reply.headers["location"]) == (307, "_preview/"), path
    assert served.get("/", BROWSER, method="HEAD").status == 307
    assert served.get("/").status == 404
    assert served.get("/", {"Accept": "application/json"}).status == 404
    old = served.raw(b"GET / HTTP/1.0\r\nHost: x\r\nAccept: text/html\r\n\r\n")
    assert split(old).status == 307
    assert (len(old.partition(b"\r\n\r\n")[0]) + 4) % 100 == 0


@pytest.mark.skipif(not BUILT_HERE, reason="the page is not built")
def test_the_page_and_all_it_names_is_there(served: Server) -> None:
    page = served.get("/_preview/", BROWSER)
    assert (page.status, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe-inline" not in policy
    assert page.headers["cache-control"] == "no-cache"
    assert served.get("/_preview/", {"If-None-Match": page.headers["etag"]}).status == 304
    kinds = {".js": "text/javascript; charset=utf-8", ".wasm": "application/wasm", ".css": "text/css; charset=utf-8"}
    assets = sorted(Path(BUILT, "assets").iterdir())
    assert {path.suffix for path in assets} == set(kinds)
    for path in assets:
        reply = served.get(f"/_preview/assets/{path.name}")
        assert reply.body == path.read_bytes()
        assert reply.headers["content-type"] == kinds[path.suffix]
        assert "immutable" in reply.headers["cache-control"]
        assert reply.headers["content-security-policy"] == policy
        assert reply.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["../__init__.py", "%2e%2e/__init__.py", "assets/", "assets", "nothing", "a%00b", "//"]
)
def test_nothing_else_is_there(served: Server, path: str) -> None:
    assert served.get(f"/_preview/{path}").status == 404


def test_without_its_build_the_page_is_missing_and_the_server_serves(root: Path, tmp_path: Path, log: Path) -> None:
    script = f"""
import airwaybill.server.preview as preview
preview.BUILT = {str(tmp_path / "nowhere")!r}
from airwaybill.cli import main
main()
"""
    arguments = ("serve", str(root), "--host", "127.0.0.1", "--port", "0", "--settle", "0")
    with serving(root, log, command=(sys.executable, "-c", script, *arguments)) as server:
        reply = server.get("/_preview/", BROWSER)
        assert (reply.status, reply.json()["code"]) == (404, "preview_missing")
        assert server.get("/manifest.json").status == 200
        assert server.get(LISTING).status == 200


@pytest.mark.parametrize(
    ("accepted", "packed"),
    [
        (None, False),
        ("gzip, deflate, br", True),
        ("br;q=1.0, GZIP;q=0.5", True),
        ("gzip;q=0", False),
        ("gzip; q=0.000", False),
        ("x-gzip2, identity", False),
    ],
)
def test_the_listing_is_compressed_for_those_who_take_it(server: Server, accepted: str | None, packed: bool) -> None:
    plain = server.get(LISTING)
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    for _ in range(2):
        reply = server.get(LISTING, headers)
        assert reply.headers["vary"] == "accept-encoding"
        assert (reply.headers.get("content-encoding") == "gzip") is packed
        assert (gzip.decompress(reply.body) if packed else reply.body) == plain.body
        assert len(reply.body) == int(reply.headers["content-length"])
        # Of two bodies no client may take one for the other.
        assert (reply.headers["etag"] == plain.headers["etag"]) is not packed
        assert server.get(LISTING, {**headers, "If-None-Match": reply.headers["etag"]}).status == 304
        other = server.get(LISTING, {**headers, "Host": "van.local"})
        document = json.loads(gzip.decompress(other.body) if packed else other.body)
        assert document["base_url"] == "http://van.local"


def test_without_the_preview(root: Path, log: Path) -> None:
    with serving(root, log, "--settle", "0", "--no-preview") as server:
        for path in ("/", "/_preview", "/_preview/", "/_preview/listing.json", "/_preview/index.html"):
            assert server.get(path, BROWSER).status == 404
        assert server.get("/manifest.json").status == 200


def test_a_large_listing_is_rendered_once(tmp_path: Path, log: Path) -> None:
    write(
        tmp_path / "big",
        {f"1.0.{part}/flash/{name}.py": noise(10, seed=name) for part in (0, 1) for name in range(500)},
    )
    with serving(tmp_path / "big", log, "--settle", "0") as server:
        first, second = server.get(LISTING), server.get(LISTING)
        assert first.body == second.body
        assert len(first.json()["entries"]) == 1000


async def asked(app: Any, *headers: tuple[bytes, bytes], method: str = "GET") -> tuple[int, dict[bytes, bytes], int]:
    """Status, headers and length of the listing's answer, and nothing between the test and the application."""
    starts: list[Any] = []
    lengths: list[int] = []

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        if message["type"] == "http.response.start":
            starts.append(message)
        lengths.append(len(message.get("body", b"")))

    scope = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": LISTING,
        "raw_path": LISTING.encode(),
        "root_path": "",
        "query_string": b"",
        "headers": [(b"host", b"localhost"), *headers],
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 80),
    }
    await app(scope, receive, send)
    (start,) = starts
    return start["status"], dict(start["headers"]), sum(lengths)


def test_who_has_the_listing_costs_no_copy_of_it(tmp_path: Path) -> None:
    write(tmp_path / "big", {f"1.0.0/flash/{name}.py": b"content" for name in range(5000)})

    async def measured() -> tuple[int, list[tuple[int, int, int]]]:
        app = create_app(tmp_path / "big", settle=0)
        await app.startup()
        try:
            _, headers, length = await asked(app)
            found = []
            for method, more in (("GET", ((b"if-none-match", headers[b"etag"]),)), ("HEAD", ()), ("GET", ())):
                tracemalloc.start()
                status, _, sent = await asked(app, *more, method=method)
                found.append((status, sent, tracemalloc.get_traced_memory()[1]))
                tracemalloc.stop()
            return length, found
        finally:
            await app.shutdown()

    length, [unchanged, head, whole] = asyncio.run(measured())
    assert length > 400_000
    assert [unchanged[:2], head[:2], whole[:2]] == [(304, 0), (200, 0), (200, length)]
    # Of the whole one, a piece that is on its way.
    assert max(unchanged[2], head[2], whole[2] - PIECE) < length / 4


MOUNTED = """
import sys
from starlette.applications import Starlette
from starlette.routing import Mount
from airwaybill.server import create_app
from airwaybill.server.run import listen, run, urls_of

class Host(Starlette):
    async def startup(self):
        pass

    async def shutdown(self):
        pass

host = Host(routes=[Mount("/fleet/ota", app=create_app(sys.argv[1], settle=0))])
listener = listen("127.0.0.1", 0)
url = urls_of(listener)[0]
run(host, listener, lambda: print("serving at", url, file=sys.stderr, flush=True))
"""


def test_the_page_is_in_a_mounted_application_too(root: Path, log: Path) -> None:
    with serving(root, log, command=(sys.executable, "-c", MOUNTED, str(root))) as server:
        document = server.get(f"/fleet/ota{LISTING}").json()
        assert document["base_url"] == f"http://127.0.0.1:{server.port}/fleet/ota"
        assert manifest_from(document, "1.0.0") == server.get("/fleet/ota/manifest.json?current_ver=1.0.0").body
        assert server.get("/fleet/ota/", BROWSER).headers["location"] == "_preview/"
        assert server.get("/fleet/ota/_preview/", BROWSER).status == (200 if BUILT_HERE else 404)
