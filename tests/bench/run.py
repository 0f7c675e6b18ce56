"""``make bench``: runs every part, or those that are named, and shows all figures: python run.py [PART]…

A part that cannot run is named in the table, with its last error or its last line of output.
"""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
import sys
import time
from pathlib import Path

import figures
from measure import RESULTS, ROOT

PYTHON = sys.executable
HERE = Path(__file__).parent

# What fills the disk, and takes longest, comes last.
PARTS: dict[str, tuple[str, ...]] = {
    "npm-size": ("node", "tests/bench/npm/size.mjs"),
    "fuel": (PYTHON, f"{HERE}/bench_fuel.py"),
    "delta": (PYTHON, f"{HERE}/bench_delta.py"),
    "engine": (PYTHON, f"{HERE}/bench_engine.py"),
    "npm-plan": ("node", "tests/bench/npm/plan.mjs"),
    "npm-sha1": ("node", "tests/bench/npm/sha1.mjs"),
    "device-memory": (PYTHON, "device/bench/memory.py"),
    "device-signed": (PYTHON, "device/bench/signed.py"),
    "device-patches": (PYTHON, "device/bench/patches.py"),
    "device-flash": (PYTHON, "device/bench/flash.py"),
    "device-link": (PYTHON, "device/bench/link.py"),
    "server": (PYTHON, f"{HERE}/bench_server.py"),
    "before": (PYTHON, f"{HERE}/bench_before.py"),
    "update": (PYTHON, f"{HERE}/bench_update.py"),
    "large": (PYTHON, f"{HERE}/bench_large.py"),
    "check": (PYTHON, f"{HERE}/bench_check.py"),
    "publish": (PYTHON, f"{HERE}/bench_publish.py"),
    "preview": ("npm", "run", "--silent", "--prefix", "wasm/preview", "bench"),
    "scan": (PYTHON, f"{HERE}/bench_scan.py"),
    "cost": (PYTHON, f"{HERE}/bench_cost.py"),
}

VERSIONS = {
    "rustc": ("rustc", "--version"),
    "node": ("node", "--version"),
    "micropython": (
        str(Path(PYTHON).with_name("micropython")),
        "-c",
        "import sys; print('%d.%d.%d' % sys.implementation[1][:3])",
    ),
    "nginx": ("nginx", "-v"),
    "openssl": ("openssl", "version"),
    "coreutils": ("sha1sum", "--version"),
    "chromium": ("chromium", "--version"),
}


def run(part: str) -> float:
    """Seconds that a part took. Its output goes to stderr as it comes; figures from before a failure are kept."""
    began, last, error_said = time.monotonic(), "", ""
    file = RESULTS / f"{part}.json"
    file.unlink(missing_ok=True)
    environment = {**os.environ, "AIRWAYBILL_PYTHON": PYTHON, "NO_COLOR": "1"}
    try:
        process = subprocess.Popen(
            PARTS[part], cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        assert process.stdout is not None
        for line in process.stdout:
            print(line, end="", file=sys.stderr)
            last = line.strip() or last
            if "error" in line.lower():
                error_said = last
        failed = process.wait() != 0
    except OSError as error:
        failed, last = True, str(error)
    if failed:
        kept = json.loads(file.read_text()) if file.exists() else {}
        file.write_text(json.dumps({**kept, "why": error_said or last}, indent=2) + "\n")
    return time.monotonic() - began


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.split(":", 1)[1].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()


def version(*command: str) -> str:
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return "missing"
    found = re.search(r"[0-9]+(\.[0-9]+)+", done.stdout + done.stderr)
    return found[0] if found else "unknown"


def machine() -> dict[str, object]:
    return {
        "processors": os.cpu_count(),
        "processor": processor(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "load": os.getloadavg()[0],
        "versions": {
            "Python": platform.python_version(),
            **{name: version(*command) for name, command in VERSIONS.items()},
        },
    }


def main() -> None:
    chosen = sys.argv[1:] or list(PARTS)
    if unknown := set(chosen) - PARTS.keys():
        sys.exit(f"no such part: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    RESULTS.mkdir(parents=True, exist_ok=True)
    document = machine()
    took = {}
    for part in chosen:
        print(f"--- {part}", file=sys.stderr, flush=True)
        took[part] = run(part)
    if len(took) == len(PARTS):
        (RESULTS / "machine.json").write_text(json.dumps({**document, "seconds": took}, indent=2) + "\n")
    figures.main()


if __name__ == "__main__":
    main()
