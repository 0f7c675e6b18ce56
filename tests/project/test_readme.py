"""The README: its picture, and the packages that it names."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text("utf-8")
PICTURES = ["docs/preview-light.webp", "docs/preview-dark.webp"]
MAX_PICTURE_BYTES = 150_000


class Picture(HTMLParser):
    """The attributes of the README's <source> and <img>."""

    def __init__(self) -> None:
        super().__init__()
        self.source: dict[str, str | None] = {}
        self.image: dict[str, str | None] = {}
        self.feed(README)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "source":
            self.source = dict(attrs)
        if tag == "img":
            self.image = dict(attrs)


def dimensions(webp: bytes) -> tuple[int, int]:
    """From a WebP's extended header: width and height, less 1, have 24 bits each."""
    assert (webp[:4], webp[8:16]) == (b"RIFF", b"WEBPVP8X")
    return int.from_bytes(webp[24:27], "little") + 1, int.from_bytes(webp[27:30], "little") + 1


def test_the_page_is_shown_in_light_and_dark() -> None:
    picture = Picture()
    assert [picture.image["src"], picture.source["srcset"]] == PICTURES
    assert picture.source["media"] == "(prefers-color-scheme: dark)"
    assert len(picture.image["alt"] or "") > 100


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_small_and_sharp(name: str) -> None:
    """That it shows today's page is a test of the page: `wasm/preview/test/picture.test.ts`."""
    data = (ROOT / name).read_bytes()
    assert len(data) <= MAX_PICTURE_BYTES
    assert dimensions(data) == dimensions((ROOT / PICTURES[0]).read_bytes())
    assert dimensions(data)[0] >= 1.5 * int(Picture().image["width"] or 0)


def test_the_packages_are_installed_by_their_names() -> None:
    project = (ROOT / "python/pyproject.toml").read_text("utf-8")
    (name,) = re.findall(r'^name = "(.*)"$', project, re.MULTILINE)
    assert f"pip install {name}\n" in re.sub(" +#.*", "", README)
    package = json.loads((ROOT / "wasm/package.json").read_text("utf-8"))
    assert f"npm install {package['name']}\n" in re.sub(" +#.*", "", README)
    crate = re.search(r'^name = "(.*)"$', (ROOT / "core/Cargo.toml").read_text("utf-8"), re.MULTILINE)
    assert crate is not None
    assert f"cargo add {crate[1]}\n" in re.sub(" +#.*", "", README)
    (site,) = re.findall(r"^site_url: (.*)/$", (ROOT / "mkdocs.yml").read_text("utf-8"), re.MULTILINE)
    assert f"mip install --index {site}/mip airwaybill" in README


def test_the_readme_says_whether_there_is_a_release() -> None:
    is_released = re.search(r"^## \d", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE) is not None
    assert ("not published yet" in README) != is_released
