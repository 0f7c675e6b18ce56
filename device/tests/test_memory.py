"""An update fits into the heap that a board has: the bars for the client as .mpy, on the 64-bit port."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from board import DEVICE, Server, compile_client

sys.path.insert(0, str(DEVICE / "bench"))

import memory
from rows import ROWS

BARS_KB = {row.key: row.bar for row in ROWS if row.part == "device-memory" and row.bar is not None}


@pytest.mark.parametrize("key", BARS_KB)
def test_an_update_fits(tmp_path: Path, key: str) -> None:
    count, bar = int(key.removeprefix("mpy-")), int(BARS_KB[key])
    memory.write_releases(tmp_path / "releases", count)
    client = compile_client(tmp_path / "mpy")
    with Server(tmp_path / "releases") as server:
        assert memory.completes(tmp_path / "releases", client, server.port, bar)
