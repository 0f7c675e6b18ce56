"""How often the client's loops in Python go round, counted under CPython: the same each time, on any machine.

python loops.py CLIENT BESIDE MANIFEST… prints how often they do for each manifest that the package reads.
"""

from __future__ import annotations

import ast
import io
import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType, SimpleNamespace
from typing import Any


def passes(work: Callable[[], Any], client: Path) -> int:
    """How often a body of a loop is entered, in the files of the directory `client`, while `work` runs."""
    bodies: dict[str, set[int]] = {}
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        name = frame.f_code.co_filename
        if name not in bodies:
            bodies[name] = first_lines(Path(name)) if client in Path(name).parents else set()
        if not bodies[name]:
            return None
        if event == "line" and frame.f_lineno in bodies[name]:
            count += 1
        return trace

    sys.settrace(trace)
    try:
        work()
    finally:
        sys.settrace(None)
    return count


def first_lines(code: Path) -> set[int]:
    """Of the body of each loop."""
    loops = [node for node in ast.walk(ast.parse(code.read_text("utf-8"))) if isinstance(node, (ast.For, ast.While))]
    return {loop.body[0].lineno for loop in loops}


def main() -> None:
    client, beside, *manifests = map(Path, sys.argv[1:])
    sys.path[:0] = [str(client), str(beside)]
    sys.modules["micropython"] = SimpleNamespace(const=int)
    from airwaybill.manifest import Reader

    counts = []
    for manifest in manifests:
        stream = io.BytesIO(manifest.read_bytes())
        counts.append(passes(lambda stream=stream: list(Reader().read(stream)), client))
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
