"""The documentation site that `make docs` built: its links, and the index from which a device installs the client."""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from html.parser import HTMLParser
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

import pytest

ROOT = Path(__file__).resolve().parents[2]
SITE = ROOT / "target/docs"
MICROPYTHON = Path(sys.executable).with_name("micropython")
# What a page fetches by itself from another host.
LOADED = re.compile(
    r"""<(?:script|img|iframe)[^>]* src="(https?:[^"]*)|<link[^>]* rel="stylesheet"[^>]* href="(https?:[^"]*)"""
)


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture(scope="module")
def site() -> Iterator[str]:
    """The site's address on loopback; not at the top, as on GitHub Pages."""
    assert (SITE / "index.html").is_file(), "`make docs` builds the site"
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=SITE.parent)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/docs/"
        server.shutdown()


class Links(HTMLParser):
    """What a page leads to and loads, and the places in it that one can lead to."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: set[str] = set()
        self.places: set[str] = {""}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in ("href", "src") and value is not None:
                self.links.add(value)
            if name in ("id", "name") and value is not None:
                self.places.add(value)


def get(url: str) -> tuple[str, str, str]:
    """Where it led, content type, text."""
    with urllib.request.urlopen(url) as response:
        return response.url, response.headers.get_content_type(), response.read().decode("utf-8", "replace")


def walk(site: str) -> tuple[dict[str, Links], list[str]]:
    """Every page that one reaches from the first one, and the links that lead nowhere."""
    pages: dict[str, Links] = {}
    broken: list[str] = []
    others: set[str] = set()
    wanted = [(site, "the start")]
    while wanted:
        url, origin = wanted.pop()
        page, place = urldefrag(url)
        if page not in pages and page not in others:
            try:
                led, kind, text = get(page)
            except urllib.error.HTTPError as error:
                broken.append(f"{origin}: {url} ({error.code})")
                continue
            if kind != "text/html":
                others.add(page)
                continue
            pages[page] = Links(text)
            wanted += [
                (urljoin(led, link), page) for link in sorted(pages[page].links) if urljoin(led, link).startswith(site)
            ]
        # rustdoc makes some places of a page when it is shown, and judges its links itself.
        if page in pages and "/api/rust/" not in page and unquote(place) not in pages[page].places:
            broken.append(f"{origin}: {url} (no such place)")
    return pages, broken


def test_every_link_inside_the_site_leads_somewhere(site: str) -> None:
    pages, broken = walk(site)
    assert broken == []
    reached = {urlsplit(page).path.removeprefix("/docs/") for page in pages}
    assert {"", "device/", "python/", "wasm/", "docs/DESIGN/", "example/_preview/", "api/python/"} <= reached
    assert {"api/javascript/", "api/rust/airwaybill/"} <= reached


def test_no_page_is_loaded_from_elsewhere(site: str) -> None:
    pages, _ = walk(site)
    assert len(pages) > 20
    for url in pages:
        _, _, text = get(url)
        assert LOADED.findall(text) == [], url


def test_the_example_is_what_the_server_gives(site: str) -> None:
    document = json.loads(get(urljoin(site, "example/_preview/listing.json"))[2])
    assert document["options"]["unsettled"] == []
    files = [entry for entry in document["entries"] if "size" in entry]
    # Waybills, signatures and keys are there, and no entry of theirs has content.
    assert len(files) == 12
    for entry in files:
        data = (ROOT / "examples/releases" / entry["path"]).read_bytes()
        with urllib.request.urlopen(urljoin(site, f"example/{entry['path']}")) as response:
            assert response.read() == data
        assert entry["size"] == len(data)


@pytest.mark.parametrize(("bytecode", "suffix"), [(True, ".mpy"), (False, ".py")])
def test_mip_installs_the_client(site: str, tmp_path: Path, bytecode: bool, suffix: str) -> None:
    index = urljoin(site, "mip")
    code = f"import mip; mip.install('airwaybill', index={index!r}, target={str(tmp_path)!r}, mpy={bytecode})"
    done = subprocess.run([MICROPYTHON, "-c", code], capture_output=True, text=True)
    assert done.stdout.endswith("Done\n"), done.stdout + done.stderr
    package = json.loads((ROOT / "device/package.json").read_text())
    # What starts a device is source in both.
    names = {re.sub(r"^(airwaybill/.*)\.py$", rf"\1{suffix}", target) for target, _ in package["urls"]}
    assert {path.relative_to(tmp_path).as_posix() for path in tmp_path.rglob("*") if path.is_file()} == names
    code = "import OTA; print(OTA.part('names').__file__)"
    done = subprocess.run([MICROPYTHON, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.strip().endswith(f"airwaybill/names{suffix}"), done.stderr
