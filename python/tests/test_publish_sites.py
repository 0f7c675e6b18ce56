"""A store answers what the server does, byte for byte; also to clients that send a query."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from random import Random
from typing import Any
from urllib.parse import quote

import pytest
from content import write
from stores import PAGE, Place, Site, behind_nginx, credentials, in_bucket
from test_objects import EXAMPLES, STRANGERS, asked_of, generate

import airwaybill
from airwaybill import _signing
from airwaybill.publish.items import Devices, Source
from airwaybill.publish.plan import Plan
from airwaybill.publish.record import Record
from airwaybill.publish.run import run
from airwaybill.publish.stores import open_store

URL = "http://a"
VERSIONS = ("-", "1.0.0", "1.0.1", "9.9.9+a")


@pytest.fixture
def bucket(storage: Site, monkeypatch: pytest.MonkeyPatch) -> Site:
    for name, value in credentials(storage).items():
        monkeypatch.setenv(name, value)
    return storage


def publish(root: Path, place: Place, settings: dict[str, Any]) -> list[str]:
    """Everything that a directory has, whatever the check finds; the keys."""
    documents = _signing.documents(str(root))
    source = Source(airwaybill.scan(root, **settings), str(root), documents, URL, "relative")
    items = source.items(Devices(None, STRANGERS, STRANGERS))
    run(open_store(place.destination), Plan.of(items, Record({}), {}, 0.0, 0.0), source.read, None)
    return [item.key for item in items]


@pytest.mark.parametrize("number", range(51))
def test_an_object_storage_answers_what_the_server_does(bucket: Site, tmp_path: Path, number: int) -> None:
    """The examples and fifty generated directories: each version, firmware and format."""
    root, settings = EXAMPLES, {}
    if number:
        root = tmp_path
        settings = generate(root, Random(number))
    place = in_bucket(bucket)
    keys = publish(root, place, settings)
    paths = [f"/{quote(key)}" for key in keys]
    served = asked_of(root, paths, settings)
    for path, server, store in zip(paths, served, place.site.get_all(paths)):
        assert (store.status, store.body) == (200, server.body), path
        assert store.headers["content-type"] == server.headers["content-type"], path


@pytest.fixture
def releases(tmp_path: Path) -> Path:
    """Versions with a `+`, which a query may have either way."""
    files = {f"{version}/flash/main.py": version.encode() for version in ("1.0.0", "1.0.1+a", "1.0.2")}
    write(tmp_path / "releases", {**files, "firmware_1.0.1+a.bin": b"\xe9one", "firmware_1.0.2.bin": b"\xe9two"})
    return tmp_path / "releases"


QUERIES = [
    "",
    "?",
    "?format=2",
    "?current_ver=1.0.0",
    "?current_ver=1.0.0&format=3",
    "?current_ver=1.0.1+a&format=2",
    "?current_ver=1.0.1%2Ba&format=2",
    "?current_ver=1.0.1%2ba&firmware_ver=1.0.1%2Ba&format=2",
    "?format=2&firmware_ver=1.0.1+a&current_ver=1.0.0&other=x",
    "?current_ver=1.0.2&firmware_ver=1.0.2&format=2",
    "?firmware_ver=1.0.2&format=2",
]
# And what nginx makes of them: without what is not known.
STRANGE = {
    "?current_ver=9.9.9&format=2": "?format=2",
    "?current_ver=1.0.0&firmware_ver=9.9.8&format=2": "?current_ver=1.0.0&format=2",
    "?current_ver=../1.0.0&format=2": "?format=2",
    "?current_ver=1.0.0%2F..%2F1.0.0&format=2": "?format=2",
    "?current_ver=1.0.0&firmware_ver=../../../../releases/1.0.0/flash/main&format=2": "?current_ver=1.0.0&format=2",
}


def test_nginx_answers_a_query(tmp_path: Path, releases: Path) -> None:
    with behind_nginx(tmp_path) as place:
        publish(releases, place, {})
        for query, server in zip(QUERIES, asked_of(releases, [f"/manifest.json{query}" for query in QUERIES], {})):
            store = place.site.get(f"/manifest.json{query}")
            assert (store.status, store.body) == (200, server.body), query
            assert store.headers["cache-control"] == "no-cache"
        for query, otherwise in STRANGE.items():
            (server,) = asked_of(releases, [f"/manifest.json{otherwise}"], {})
            assert place.site.get(f"/manifest.json{query}").body == server.body, query
        assert place.site.get("/manifest.json?format=4").status == 404


def test_a_function_of_cloudfront_makes_a_path_of_a_query(bucket: Site, releases: Path) -> None:
    place = in_bucket(bucket)
    publish(releases, place, {})
    for query, server in zip(QUERIES, asked_of(releases, [f"/manifest.json{query}" for query in QUERIES], {})):
        (path,) = rewritten([f"/manifest.json{query}"])
        store = place.site.get(path)
        assert (store.status, store.body) == (200, server.body), (query, path)
    others = ["/m/2/1.0.0%2Ba/-.json", "/1.0.0/flash/main.py", "/head.json", "/1.0.0/flash/manifest.json"]
    assert rewritten(others) == others
    for path in rewritten([f"/manifest.json{query}" for query in STRANGE]):
        assert place.site.get(path).status in (400, 404), path


def rewritten(urls: list[str]) -> list[str]:
    """Paths and queries as the function of the page leaves them."""
    (function,) = re.findall(r"```javascript\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    events = []
    for url in urls:
        path, _, query = url.partition("?")
        named = (part.partition("=") for part in query.split("&") if part)
        # Values are not decoded.
        values = {name: {"value": value} for name, _, value in named}
        events.append({"request": {"method": "GET", "uri": path, "querystring": values, "headers": {}, "cookies": {}}})
    script = f"{function}\nconsole.log(JSON.stringify({json.dumps(events)}.map(handler)));"
    done = subprocess.run(["node", "-e", script], capture_output=True, text=True, check=True)
    requests = json.loads(done.stdout)
    assert all(request["querystring"] == {} for request in requests)
    return [request["uri"] for request in requests]
