"""Fuel a file, as `tests/tests/fuel.rs` counts it: the same at each run."""

from __future__ import annotations

import json
import os
import subprocess
import tempfile
from pathlib import Path

from measure import ROOT, Part

FEW, SOME, MANY = "1000", "10000", "100000"


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        file = Path(name) / "fuel.json"
        command = ["cargo", "test", "-q", "-p", "airwaybill-tests", "--test", "fuel"]
        environment = {**os.environ, "FUEL_FIGURES": str(file)}
        subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, check=True)
        today = json.loads(file.read_text())
    kept = json.loads((ROOT / "tests" / "fuel.json").read_text())
    part = Part("fuel")
    for step, row in today.items():
        part.add(step, [row[MANY]], [row[FEW]], note=f"{row[SOME]:,} at {int(SOME):,}")
    pairs = [(fuel, kept[step][files]) for step, row in today.items() for files, fuel in row.items()]
    now, before = max(pairs, key=lambda pair: pair[0] / pair[1])
    part.add("kept", [now], [before])
    part.write()


if __name__ == "__main__":
    main()
