"""The first edition of the client, as devices in the field have it: taken from this repository's history."""

from __future__ import annotations

import subprocess
from pathlib import Path

from board import ROOT

FILES = (
    "OTA.py",
    "ota_firmware.py",
    "ota_http.py",
    "ota_manifest.py",
    "ota_names.py",
    "ota_plan.py",
    "ota_update.py",
    "ota_verify.py",
    "ota_wifi.py",
)


def git(*arguments: str) -> bytes:
    shown = subprocess.run(["git", *arguments], cwd=ROOT, capture_output=True, check=False)
    if shown.returncode:
        raise FileNotFoundError(f"this needs a git checkout with its history: {shown.stderr.decode()}")
    return shown.stdout


def write_first(directory: Path) -> Path:
    """Its files, in `directory`: in no release of this project, but in its history."""
    directory.mkdir(parents=True, exist_ok=True)
    gone = git("rev-list", "-1", "HEAD", "--", "device/ota_update.py").decode().strip()
    for name in FILES:
        (directory / name).write_bytes(git("show", f"{gone}^:device/{name}"))
    return directory
