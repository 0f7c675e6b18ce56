"""Fetches by the package's HTTP in MicroPython, alone, into a sink in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from board import TESTS, run_script

BOOT = """
BUFFER = memoryview(bytearray(1024))


def feed():
    pass
"""


@dataclass
class Fetched:
    """For each fetch: a text, the content or `code: detail`; what its sink has; the ETag. `longest`: the ms that it
    blocked at most."""

    said: list[str]
    data: list[bytes]
    etags: list[str | None]
    yields: int
    longest: int
    lookups: int


def fetch(tmp_path: Path, port: int, *requests: str, **spec: Any) -> Fetched:
    (tmp_path / "airwaybill_boot.py").write_text(BOOT)
    (tmp_path / "spec.json").write_text(json.dumps({"port": port, "fetches": requests, **spec}))
    found = run_script(TESTS / "http_client.py", tmp_path / "spec.json")
    # Whatever happens: every socket is closed, and a watchdog is fed at least each second.
    assert found["open"] == 0
    assert found["longest"] <= 1000
    results = found["results"]
    data = [bytes.fromhex(one.get("hex", "")) for one in results]
    said = [
        f"{one['code']}: {one['detail']}" if "code" in one else got.decode("latin-1") for one, got in zip(results, data)
    ]
    etags = [one.get("etag") for one in results]
    return Fetched(
        [text.replace(str(port), "PORT") for text in said],
        data,
        etags,
        found["yields"],
        found["longest"],
        found["lookups"],
    )
