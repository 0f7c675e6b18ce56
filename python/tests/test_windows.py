"""What the package does on Windows, as far as another system can show it: without what Windows has not."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

# The standard library and the dependencies have their own ways there: they are imported as they are here.
WITHOUT_POSIX = """
import sys

import granian.server.embed, rich.console, rich.table, starlette.applications, typer, watchfiles, zoneinfo
import os

for name in ("O_CLOEXEC", "O_DIRECTORY", "O_NOCTTY", "O_NOFOLLOW", "O_NONBLOCK", "pread"):
    delattr(os, name)
os.supports_dir_fd.clear()
sys.platform = "win32"
sys.modules["resource"] = None

import airwaybill.cli
import airwaybill.server.run

sys.exit(airwaybill.cli.run(sys.argv[1:]))
"""


def run(*arguments: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-c", WITHOUT_POSIX, *arguments], capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


def test_commands_that_read_work(tmp_path: Path) -> None:
    (tmp_path / "1.0.0/flash").mkdir(parents=True)
    (tmp_path / "1.0.0/flash/main.py").write_bytes(b"print()")
    code, out, err = run("plan", str(tmp_path))
    assert (code, err) == (0, "")
    assert "nothing -> 1.0.0: 0 deleted, 1 new" in out


def test_serve_says_what_it_needs(tmp_path: Path) -> None:
    code, out, err = run("serve", str(tmp_path))
    assert (code, out) == (2, "")
    assert err == "airwaybill: platform_unsupported: serving files needs a POSIX system; on Windows, WSL is one\n"
