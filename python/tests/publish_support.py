"""Places that are published to, and what a device finds there."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from stores import Answer, Site, web_server

PAGE = Path(__file__).resolve().parents[2] / "docs/PUBLISH.md"
PREFIXES = count()


class Place(NamedTuple):
    """A destination of `publish`, and where devices find it."""

    destination: str
    site: Site

    def get(self, key: str, **headers: str) -> Answer:
        return self.site.get(f"/{quote(key)}", **headers)

    def json(self, key: str) -> Any:
        answer = self.get(key)
        assert answer.status == 200, (key, answer)
        return json.loads(answer.body)


def in_bucket(storage: Site) -> Place:
    """A prefix under which nothing is."""
    prefix = f"a {next(PREFIXES)}"
    return Place(f"s3://fleet/{prefix}", storage._replace(prefix=f"{storage.prefix}/{quote(prefix)}"))


@contextmanager
def behind_nginx(top: Path) -> Iterator[Place]:
    """A folder that is not there, and nginx with the configuration of the page."""
    (block,) = re.findall(r"```nginx\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    with web_server(block.replace("/srv/fleet", str(top / "www")), top) as site:
        yield Place(str(top / "www"), site)
