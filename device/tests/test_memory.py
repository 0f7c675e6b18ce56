"""An update fits into the heap that a board has: the bars for the client as .mpy, on the 64-bit port."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from board import DEVICE, Server, compile_client

sys.path.insert(0, str(DEVICE / "bench"))

import memory


@pytest.mark.parametrize("count", memory.BARS_KB)
def test_an_update_fits(tmp_path: Path, count: int) -> None:
    memory.write_releases(tmp_path / "releases", count)
    client = compile_client(tmp_path / "mpy")
    with Server(tmp_path / "releases") as server:
        assert memory.completes(tmp_path / "releases", client, server.port, memory.BARS_KB[count])
