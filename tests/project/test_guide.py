"""The guides and the README: their commands print what they say, one after the other, in one directory."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from serving import DEADLINE_SECONDS, ServerProcess

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"```(console|log)\n(.*?)```", re.DOTALL)
PROGRAMS = Path(sys.executable).parent
PORT = ":8000"


def steps(block: str) -> Iterator[tuple[str, str]]:
    """Each command of a block, here-documents included, and what it prints."""
    for step in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = step.splitlines(keepends=True)
        count = lines.index("END\n") + 1 if "<<'END'" in lines[0] else 1
        yield "".join(lines[:count]).rstrip(), "".join(lines[count:])


class Shell:
    """Runs the guide in a directory, its server on a port that the system chooses."""

    def __init__(self, place: Path) -> None:
        self._place = place
        self._server: ServerProcess | None = None

    def run(self, command: str) -> str:
        if command.startswith("airwaybill serve "):
            return self._serve(command)
        # As after a checkout that is some seconds old.
        settled = {"AIRWAYBILL_SETTLE": "0"}
        environment = {**os.environ, **settled, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}"}
        done = subprocess.run(
            ["bash", "-c", command.replace(PORT, self._port)],
            cwd=self._place,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=DEADLINE_SECONDS,
        )
        printed = done.stdout.replace(self._port, PORT)
        return printed if printed.endswith("\n") or not printed else f"{printed}\n"

    def hears(self, lines: str) -> None:
        """Waits until the server has said these lines."""
        deadline = time.monotonic() + DEADLINE_SECONDS
        assert self._server is not None
        while self._server.said[-1] != lines:
            assert time.monotonic() < deadline, self._server.said
            time.sleep(0.02)

    def end(self) -> None:
        if self._server is not None:
            self._server.end()

    @property
    def _port(self) -> str:
        return PORT if self._server is None else f":{self._server.port}"

    def _serve(self, command: str) -> str:
        arguments = command.partition(" >")[0].split()[1:]
        command_line = [str(PROGRAMS / "airwaybill"), *arguments, "--port", "0"]
        # When patches are made is a matter of time.
        self._server = ServerProcess(command_line, cwd=self._place, env={"AIRWAYBILL_DELTA": "no"})
        self._server.wait()
        return "".join(self._server.said).replace(self._port, PORT)


@pytest.mark.parametrize(
    ("guide", "before"),
    [
        ("docs/FLEET.md", ""),
        ("docs/KEYS.md", ""),
        ("docs/PUBLISH.md", ""),
        ("README.md", "airwaybill serve examples/releases --settle 0"),
    ],
)
def test_the_guide_is_what_happens(guide: str, before: str, tmp_path: Path) -> None:
    """``before`` is the server that ``make serve`` starts, for files that were copied just now."""
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shell = Shell(tmp_path)
    try:
        if before:
            shell.run(before)
        for kind, block in BLOCK.findall((ROOT / guide).read_text("utf-8")):
            if kind == "log":
                shell.hears(block)
                continue
            for command, printed in steps(block):
                assert shell.run(command) == printed, command
    finally:
        shell.end()
