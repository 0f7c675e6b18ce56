"""A directory of releases that changes all the time, and what it held when: the oracle's memory."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ledger import Ledger

from airwaybill import Version

# Changes are noticed without a restart (rule H3); after this time no response may be from before the change.
STALE_SECONDS = 30.0
# Copying pauses for less than the settle time. When the machine held it up for longer, the server may be right to offer
# what it sees, and is not judged for that release.
STALLED_SHARE = 0.7

Files = dict[str, str]


@dataclass
class State:
    """What a release was, whole, from ``since`` until ``until``: device paths and their SHA-1."""

    files: Files
    since: float
    until: float = math.inf


@dataclass
class History:
    """All that was ever under one top-level name."""

    states: list[State] = field(default_factory=list)
    ever: set[tuple[str, str]] = field(default_factory=set)
    touched: float = 0.0
    written: float | None = None
    stalled: float = -math.inf

    def recent(self, asked: float, arrived: float) -> Iterator[State]:
        for state in self.states[::-1]:
            if state.since <= arrived and state.until >= asked - STALE_SECONDS:
                yield state


class Tree:
    """The histories of all names below ``root``. Each name is changed by one thread; any may look."""

    def __init__(self, root: Path, settle: float, ledger: Ledger) -> None:
        self.root = root
        self._ledger = ledger
        self._settle = settle
        self._names: dict[str, History] = {}

    def names(self) -> list[str]:
        return list(self._names)

    def files(self, name: str) -> Files:
        """What the last whole state of a name holds."""
        return self._names[name].states[-1].files

    def learn(self, name: str, contents: Iterable[tuple[str, str]]) -> None:
        """Path and SHA-1 of files that are going to be under ``name``."""
        self._names.setdefault(name, History()).ever.update(contents)

    def at_once(self, name: str, files: Files | None) -> None:
        """To be called before a change that happens in one step; ``files`` is what is there then, if it is whole.

        ``done`` is to be called after it.
        """
        history = self._names.setdefault(name, History())
        history.touched = time.monotonic()
        if files is not None:
            history.ever.update(files.items())
            history.states.append(State(files, history.touched))

    def done(self, name: str, *, gone: bool) -> None:
        """After the change: the states before the last one are over, and with ``gone`` the last one too."""
        history = self._names[name]
        history.touched = time.monotonic()
        for state in history.states if gone else history.states[:-1]:
            state.until = min(state.until, history.touched)

    def begin(self, name: str) -> None:
        """A change in many steps begins: until ``end`` the name is never whole."""
        history = self._names.setdefault(name, History())
        history.written = history.touched = time.monotonic()
        for state in history.states:
            state.until = min(state.until, history.touched)

    def step(self, name: str) -> None:
        history, now = self._names[name], time.monotonic()
        if history.written is not None and now - history.written > STALLED_SHARE * self._settle:
            history.stalled = now
        history.written = history.touched = now

    def end(self, name: str, files: Files | None) -> None:
        self.step(name)
        history = self._names[name]
        history.written = None
        if files is not None:
            history.states.append(State(files, history.touched))

    def was_touched(self, name: str, asked: float) -> bool:
        """Whether an answer about ``name`` may differ from what a manifest said that was asked for at ``asked``."""
        return self._names[name].touched >= asked - STALE_SECONDS

    def knew(self, name: str, path: str, digest: str) -> bool:
        return (path, digest) in self._names[name].ever

    def judge(self, document: dict[str, Any], current: str | None, asked: float, arrived: float) -> str | None:
        """What is wrong with a manifest: the release or image in it must have been there, whole, and at that time."""
        if document["previous_version"] != current:
            return f"previous_version {document['previous_version']!r} for current_ver {current!r}"
        if document["new"] or document["update"] or document["delete"]:
            problem = self._judge_release(document, current, asked, arrived)
            if problem is not None:
                return problem
        elif "firmware" not in document:
            return "neither a file nor firmware to change"
        if "firmware" in document:
            name = document["firmware"]["URL"].rpartition("/")[2]
            wanted = {name: document["firmware"]["hash"]}
            if not self._matches(name, lambda state: state.files == wanted, asked, arrived):
                return f"{name} was never whole with hash {wanted[name]}"
        return None

    def _judge_release(self, document: dict[str, Any], current: str | None, asked: float, arrived: float) -> str | None:
        version = document["version"]
        if current is not None and not Version(version) > Version(current):
            return f"a downgrade from {current} to {version}"
        entries = {entry["dst_path"]: entry["hash"] for entry in [*document["new"], *document["update"]]}
        # A copy: the thread that changes it goes on.
        source = set(self._names[current].ever) if current in self._names else set()
        source_paths = {path for path, _ in source}

        def fits(state: State) -> bool:
            # What the manifest does not mention is on the device already.
            kept = state.files.items() - entries.items()
            return (
                entries.items() <= state.files.items()
                and kept <= source
                and not entries.keys() & {path for path, _ in kept}
                and source_paths.issuperset(document["delete"])
                and state.files.keys().isdisjoint(document["delete"])
            )

        if self._matches(version, fits, asked, arrived):
            return None
        return f"{version} for {current} was never whole with {len(entries)} of the manifest's files: {sorted(entries)}"

    def _matches(self, name: str, fits: Callable[[State], bool], asked: float, arrived: float) -> bool:
        history = self._names.get(name)
        if history is None:
            return False
        written = history.written
        if written is not None and arrived - written > STALLED_SHARE * self._settle:
            history.stalled = arrived
        if any(map(fits, history.recent(asked, arrived))):
            return True
        if history.stalled >= asked - STALE_SECONDS:
            self._ledger.count("not judged: a copy stalled")
            return True
        return False
