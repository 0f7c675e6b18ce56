"""Makes a site of what the repository has: the pages that mkdocs.yml names, where they are, and what is built."""

from __future__ import annotations

import posixpath
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
# What docs/build.py writes: the APIs, the preview on the examples, the index for mip.
BUILT = ROOT / "target/site"
LINK = re.compile(r"(?<=\]\()(?![a-z]+:|#|/)([^)#\s]+)")
# Of a page's own HTML.
IMAGE = re.compile(r'(?:src|srcset)="(?![a-z]+:)([^"]+)"')


def on_files(files: Files, config: MkDocsConfig) -> Files:
    pages = [path for path in _paths(config.nav) if path.endswith(".md")]
    images = {path for page in pages for path in _images(page)}
    ours = [File(path, str(ROOT), config.site_dir, config.use_directory_urls) for path in (*pages, *sorted(images))]
    return Files(ours + [file for file in files if not (file.src_dir or "").startswith(config.docs_dir)])


def on_post_build(config: MkDocsConfig) -> None:
    shutil.copytree(BUILT, config.site_dir, dirs_exist_ok=True)


def on_page_markdown(markdown: str, page: Page, files: Files, **_: Any) -> str:
    """A link to anything but a page of the site leads into the repository."""
    folder = posixpath.dirname(page.file.src_uri)

    def target(match: re.Match[str]) -> str:
        path = posixpath.normpath(posixpath.join(folder, match[1]))
        if files.get_file_from_path(path) is not None:
            return match[1]
        if not (ROOT / path).exists():
            raise ValueError(f"{page.file.src_uri}: there is no {match[1]}")
        return f"https://github.com/airwaybill/airwaybill/{'tree' if (ROOT / path).is_dir() else 'blob'}/main/{path}"

    return LINK.sub(target, markdown)


def _images(page: str) -> Iterator[str]:
    folder = posixpath.dirname(page)
    text = (ROOT / page).read_text("utf-8")
    for match in (*LINK.finditer(text), *IMAGE.finditer(text)):
        if match[1].endswith((".png", ".svg", ".webp")):
            yield posixpath.normpath(posixpath.join(folder, match[1]))


def _paths(nav: Any) -> Iterator[str]:
    if isinstance(nav, str):
        yield nav
    else:
        for item in nav.values() if isinstance(nav, dict) else nav:
            yield from _paths(item)
