"""The whole update of a device over HTTP, beside nginx, a bare application, and the vendor's way."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from measure import Part, in_turn
from servers import HERE, QUERY, VENDOR, get, make_releases, need, nginx, requests_a_second
from serving import serve, started

# Of which one in ten is changed and one in ten new.
FILES = 300
FETCHED = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=int, default=2, help="of each run")
    arguments = parser.parse_args()
    need("wrk", "nginx")
    part = Part("update")
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        root = make_releases(Path(name) / "releases", FILES)
        ours = stack.enter_context(started(serve(root, "--settle", "0"))).url
        manifest = get(ours + QUERY)
        document = json.loads(manifest)
        entries = [*document["new"], *document["update"], document["firmware"]]
        paths = [QUERY, *(urlsplit(entry["URL"]).path for entry in entries)]
        assert len(paths) == FETCHED + 2
        listed = Path(name) / "paths"
        listed.write_text("".join(f"{path}\n" for path in paths))

        kept = Path(name) / "manifest.json"
        kept.write_bytes(manifest)

        peer = stack.enter_context(nginx(root, manifest))
        bare = stack.enter_context(started((sys.executable, str(HERE / "bare_app.py"), str(root), str(kept)))).url
        vendor = stack.enter_context(started(VENDOR, cwd=root)).url
        assert all(get(ours + path) == get(peer + path) == get(bare + path) for path in paths)

        def updates_a_second(url: str, connections: int) -> float:
            return requests_a_second(url + QUERY, connections, arguments.seconds, listed) / len(paths)

        found = in_turn(
            {
                f"updates, {connections} at once, {name}": partial(updates_a_second, url, connections)
                for name, url, connections in (
                    ("here", ours, 1),
                    ("nginx", peer, 1),
                    ("bare", bare, 1),
                    ("vendor's way", vendor, 1),
                    ("here", ours, 16),
                    ("nginx", peer, 16),
                    ("bare", bare, 16),
                )
            },
            arguments.rounds,
        )
    one, one_nginx, one_bare, one_vendor, sixteen, sixteen_nginx, sixteen_bare = found.values()
    part.add("one", one, one_nginx)
    part.add("one-bare", one, one_bare)
    part.add("one-vendor", one, one_vendor)
    part.add("sixteen", sixteen, sixteen_nginx)
    part.add("sixteen-bare", sixteen, sixteen_bare)
    part.write()


if __name__ == "__main__":
    main()
