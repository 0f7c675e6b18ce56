"""Simulated devices: each asks for its manifest, fetches what that names, is cut off, comes back and goes on."""

from __future__ import annotations

import asyncio
import json
import random
import re
import time
from typing import Any
from urllib.parse import quote

from content import sha1
from ledger import Ledger
from link import HOST, Answer, BrokenError, Link, ask_as_of_old
from tree import Tree

FILE_TRIES = 8
CUT_SHARE = 0.25
# A device that is not done with one update by then does not move any more.
STUCK_SECONDS = 180.0
# Of a file that is in the catalog; others have one made of their time and size.
RELEASE_ETAG = re.compile(r'"[0-9a-f]{40}"')
UNKNOWN_VERSION = "0.0.1"
# What a device may be answered: all else is a fault, and 404, 412 and 503 are where nothing has changed.
EXPECTED = frozenset((200, 206, 304, 404, 412, 416, 503))


class Device:
    """One device. ``still`` are files that nothing ever happens to, by path, with their SHA-1."""

    def __init__(
        self, number: int, seed: int, port: int, tree: Tree, still: dict[str, str], rest: float, ledger: Ledger
    ) -> None:
        self._random = random.Random(f"{seed} device {number}")
        self._port = port
        self._tree = tree
        self._still = still
        self._rest = rest
        self._ledger = ledger
        self._link = Link(port, ledger)
        self._known: dict[str, tuple[str, Any]] = {}
        self._become_another()

    async def live(self) -> None:
        """Updates again and again."""
        try:
            await asyncio.sleep(self._random.uniform(0, self._rest))
            while True:
                await self._update_in_time()
                if self._random.random() < 0.3:
                    self._link.cut()
                await asyncio.sleep(self._random.expovariate(1 / self._rest))
        finally:
            self._link.cut()

    async def _update_in_time(self) -> None:
        try:
            await asyncio.wait_for(self._update(), STUCK_SECONDS)
        except asyncio.TimeoutError:
            self._link.cut()
            self._ledger.fail("a device got stuck")
        except (OSError, BrokenError) as error:
            self._link.cut()
            self._ledger.count("requests without an answer")
            if not self._ledger.down_allowed:
                self._ledger.fail("no answer from a server that was not killed", repr(error))

    async def _update(self) -> None:
        asked = time.monotonic()
        document = await self._manifest()
        if document is not None:
            entries = [*document["new"], *document["update"]]
            for entry in self._random.sample(entries, len(entries)):
                path = f"{document['version']}/{entry['dst_path']}"
                if not await self._fetch(path, entry["hash"], asked):
                    break
            if "firmware" in document:
                firmware = document["firmware"]
                await self._fetch(firmware["URL"].rpartition("/")[2], firmware["hash"], asked)
        if self._random.random() < 0.2:
            path = self._random.choice(sorted(self._still))
            if not await self._fetch(path, self._still[path], asked):
                self._ledger.fail("a file that nothing happened to was not to be had", path)
        if self._random.random() < 0.1:
            await self._fetch_other()

    # --- the manifest

    def _become_another(self) -> None:
        """Takes a version at random, of those that are there, were there, or never were."""
        releases = [name for name in self._tree.names() if name[0].isdigit()]
        self._current = self._random.choice([*releases, UNKNOWN_VERSION, None])
        query = [] if self._current is None else [f"current_ver={self._current}"]
        if self._random.random() < 0.3:
            query.append("firmware_ver=0.9")
        if self._random.random() < 0.3:
            query.append("format=2")
        self._manifest_path = f"/manifest.json?{'&'.join(query)}"

    async def _manifest(self) -> Any:
        if self._random.random() < 0.3:
            self._become_another()
        current, path = self._current, self._manifest_path
        etag, document = self._known.get(path, ("", None))
        headers = {"if-none-match": etag} if etag and self._random.random() < 0.5 else {}
        asked = time.monotonic()
        if self._random.random() < 0.1:
            answer = await ask_as_of_old(self._port, path, self._ledger)
        else:
            answer = await self._link.ask(path, headers)
        if not answer.whole:
            raise BrokenError(path)
        if answer.status == 304 and headers:
            self._ledger.count("manifests not modified")
        elif answer.status == 200:
            document = self._read_manifest(path, answer)
            self._known[path] = (answer.etag, document)
        else:
            self._ledger.fail("no manifest", f"{path}: {answer}")
            return None
        if document is None:
            return None
        problem = self._tree.judge(document, current, asked, time.monotonic())
        if problem is not None:
            self._ledger.fail("a wrong manifest", problem)
            return None
        self._ledger.count("manifests judged")
        return document

    def _read_manifest(self, path: str, answer: Answer) -> Any:
        if f'"{sha1(answer.body)}"' != answer.etag:
            self._ledger.fail("a manifest that does not have its ETag's hash", path)
        document = json.loads(answer.body)
        if document is None:
            return None
        entries = [*document["new"], *document["update"]]
        for entry in entries:
            wanted = f"http://{HOST}:{self._port}/{document['version']}/{quote(entry['dst_path'], safe='/~')}"
            if entry["URL"] != wanted:
                self._ledger.fail("a wrong URL", f"{entry['URL']} for {wanted}")
        if "format=2" in path:
            sizes = [entry["size"] for entry in entries]
            sizes += [document["firmware"]["size"]] if "firmware" in document else []
            if document["total_size"] != sum(sizes):
                self._ledger.fail("a wrong total_size", path)
        return document

    # --- files

    async def _fetch(self, path: str, promised: str, asked: float) -> bool:
        """Gets a file of a manifest, over as many connections as it takes. False when it is not to be had any more."""
        name = path.partition("/")[0]
        received, etag, resumed = b"", "", False
        for attempt in range(FILE_TRIES):
            if attempt and self._random.random() < 0.3:
                # Out of reach for a while: the file may be another one then.
                await asyncio.sleep(self._random.uniform(0, self._rest / 2))
            headers = {}
            guarded = self._random.random() < 0.7
            if received:
                headers["range"] = f"bytes={len(received)}-"
                if guarded:
                    headers["if-range"] = etag
            elif guarded:
                headers["if-match"] = f'"{promised}"'
            answer = await self._link.ask(f"/{quote(path)}", headers, self._cut())
            if answer.status == 200:
                received, etag, resumed = answer.body, answer.etag, False
            elif answer.status == 206 and received:
                start = len(received)
                if not answer.headers["content-range"].startswith(f"bytes {start}-"):
                    self._ledger.fail("another range than the one asked for", f"{path}: {answer.headers}")
                if answer.etag != etag:
                    if guarded:
                        self._ledger.fail("a part of another file in spite of If-Range", path)
                    received = b""
                    continue
                received += answer.body
                resumed = True
            elif answer.status == 416 and received:
                received = b""
                continue
            else:
                self._refused(path, name, asked, answer)
                return False
            if not answer.whole and etag.startswith("W/"):
                # Parts of what may still change do not go together.
                received = b""
            elif answer.whole:
                self._check(path, name, promised, asked, received, etag)
                self._ledger.count("whole bodies checked")
                if resumed:
                    self._ledger.count("whole bodies joined from parts")
                return True
        self._ledger.count("files given up: cut off too often")
        return True

    def _cut(self) -> int | None:
        if self._random.random() >= CUT_SHARE:
            return None
        self._ledger.count("cuts")
        return self._random.choice((0, 1, 100, 5_000, 100_000, 1_000_000))

    def _refused(self, path: str, name: str, asked: float, answer: Answer) -> None:
        self._ledger.count("files not to be had any more")
        code = json.loads(answer.body)["code"] if answer.whole and answer.body else ""
        if answer.status not in EXPECTED:
            self._ledger.fail("an unexpected status", f"{path}: {answer}")
        elif answer.status == 503 and (code not in ("file_changed", "") or "retry-after" not in answer.headers):
            self._ledger.fail("a 503 that is not documented", f"{path}: {answer}")
        elif not self._tree.was_touched(name, asked):
            self._ledger.fail("a promised file was refused though nothing happened to it", f"{path}: {answer}")

    def _check(self, path: str, name: str, promised: str, asked: float, received: bytes, etag: str) -> None:
        found = sha1(received)
        if RELEASE_ETAG.fullmatch(etag) and f'"{found}"' != etag:
            self._ledger.fail("a body that does not have its ETag's hash", f"{path}: {etag} but {found}")
        if found == promised:
            return
        self._ledger.count("whole bodies newer than their manifest")
        inner = path.partition("/")[2] or path
        if not self._tree.was_touched(name, asked):
            self._ledger.fail("a body that does not have the promised hash", f"{path}: {promised} but {found}")
        # A file that is just being written may be seen at any length, under a validator that says so.
        if not etag.startswith("W/") and not self._tree.knew(name, inner, found):
            self._ledger.fail("a body that was never there", f"{path}: {etag}, {found}")

    async def _fetch_other(self) -> None:
        """A file outside the releases: a complete response is one of the contents that it had."""
        others = [name for name in self._tree.names() if name.startswith("notes")]
        if not others:
            return
        name = self._random.choice(others)
        answer = await self._link.ask(f"/{name}", cut_after=self._cut())
        if answer.status != 200:
            self._refused(name, name, time.monotonic(), answer)
        elif answer.whole:
            self._ledger.count("whole bodies checked")
            if not self._tree.knew(name, name, sha1(answer.body)):
                self._ledger.fail("another file than any that was there", name)
