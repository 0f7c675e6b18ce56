"""Runs commands, each in a process of its own that is killed before its n-th change of the store.

A line of standard input is `[n, argument…]`, the answer `[exit code, changes]`, without changes if it was killed.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from collections.abc import Callable
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from threading import Lock
from typing import Any

import obstore

from airwaybill.cli import run
from airwaybill.publish import bucket, command, folder  # noqa: F401  (so that a child need not)


class Changes:
    """Counts calls, in all threads."""

    def __init__(self, last: int) -> None:
        self.count = 0
        self._last = last
        self._one = Lock()

    def counted(self, change: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **options: Any) -> Any:
            with self._one:
                self.count += 1
                if self.count == self._last:
                    os.kill(os.getpid(), signal.SIGKILL)
            return change(*arguments, **options)

        return call


def child(last: int, arguments: list[str], answer: int) -> int:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    # It is for power cuts, and takes long while others write.
    os.sync = lambda: None
    changes = Changes(last)
    for module, name in ((os, "replace"), (os, "remove"), (obstore, "put"), (obstore, "delete")):
        setattr(module, name, changes.counted(getattr(module, name)))
    code = run(arguments)
    os.write(answer, json.dumps(changes.count).encode())
    return code


def warm_up() -> None:
    """What a command imports and makes the first time its children have from here."""
    with tempfile.TemporaryDirectory() as top:
        release = Path(top, "releases", "1.0.0", "flash")
        release.mkdir(parents=True)
        (release / "main.py").write_text("one\n")
        options = ("--base-url", "http://a", "--settle", "0", "--json", "--dry-run")
        with open(os.devnull, "w") as nothing, redirect_stdout(nothing), redirect_stderr(nothing):
            assert run(["publish", str(release.parents[1]), str(Path(top, "www")), *options]) == 0


def main() -> None:
    warm_up()
    for line in sys.stdin:
        last, *arguments = json.loads(line)
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            os._exit(child(last, arguments, writing))
        os.close(writing)
        with open(reading, "rb") as answer:
            changes = answer.read()
        _, status = os.waitpid(pid, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), json.loads(changes or b"null")]), flush=True)


if __name__ == "__main__":
    main()
