"""Workflows, container and systemd unit: checked by the tools that judge such files, and against the project."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
WORKFLOWS = sorted((ROOT / ".github/workflows").glob("*.yml"))
UNIT = ROOT / "examples/airwaybill.service"


def run(*command: str | Path) -> str:
    done = subprocess.run([*map(str, command)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def tracked(*patterns: str) -> list[str]:
    return run("git", "ls-files", *patterns).splitlines()


def loaded(path: Path) -> Any:
    return yaml.safe_load(path.read_text())


def steps(workflow: Path) -> list[dict[str, Any]]:
    return [step for job in loaded(workflow)["jobs"].values() for step in job["steps"]]


def test_yaml_is_well_formed() -> None:
    files = tracked("*.yml", "*.yaml")
    assert {"compose.yaml", ".github/workflows/ci.yml", ".github/workflows/release.yml"} <= set(files)
    run(BIN / "yamllint", "--strict", *files)


@pytest.mark.parametrize(
    ("schema", "files"),
    [
        ("github-workflows", WORKFLOWS),
        ("dependabot", [ROOT / ".github/dependabot.yml"]),
        ("compose-spec", [ROOT / "compose.yaml"]),
    ],
)
def test_files_follow_their_schema(schema: str, files: list[Path]) -> None:
    run(BIN / "check-jsonschema", "--builtin-schema", f"vendor.{schema}", *files)


def test_workflows_are_safe() -> None:
    """No token that lies about, no text of strangers in a shell, no more rights than a job needs."""
    run(BIN / "zizmor", "--offline", "--no-progress", "--quiet", ".github")


def test_workflows_call_what_is_there() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    called = {
        target
        for workflow in WORKFLOWS
        for step in steps(workflow)
        for line in re.findall(r"^ *make ([a-z -]+)$", step.get("run", ""), re.MULTILINE)
        for target in line.split()
    }
    called |= set(loaded(ROOT / ".github/workflows/monthly.yml")["jobs"]["long"]["strategy"]["matrix"]["target"])
    assert {"test", "npm", "preview", "docs", "consumers", "test-lowest"} <= called <= targets
    named = {
        name
        for workflow in WORKFLOWS
        for name in re.findall(r"(?:python/)?tests?/[\w/.]+\.(?:py|ts)", workflow.read_text())
    }
    assert named
    for name in named:
        assert any((ROOT / folder / name).is_file() for folder in ("", "python", "wasm")), name


def test_what_one_job_takes_another_has_left() -> None:
    kept = [
        step["with"]["name"]
        for step in steps(ROOT / ".github/workflows/release.yml")
        if "upload-artifact" in step.get("uses", "")
    ]
    taken = [
        step["with"]
        for step in steps(ROOT / ".github/workflows/release.yml")
        if "download-artifact" in step.get("uses", "")
    ]
    assert kept == ["page", "npm", "npm-preview", "python-${{ matrix.name }}", "python-sdist"]
    assert [what["name"] for what in taken if "name" in what] == ["page", "page"]


def test_a_release_is_checked_before_anything_is_published() -> None:
    jobs = loaded(ROOT / ".github/workflows/release.yml")["jobs"]
    for name in ("cargo", "pypi", "npm"):
        assert set(jobs[name]["needs"]) == {"wheels", "sdist"}
        assert jobs[name]["permissions"]["id-token"] == "write"
        assert f"`{jobs[name]['environment']}`" in (ROOT / "RELEASE.md").read_text()
    assert jobs["wheels"]["needs"] == jobs["sdist"]["needs"] == "prepare"
    names = {row["name"] for row in jobs["wheels"]["strategy"]["matrix"]["include"]}
    assert names == {"linux-x86_64", "linux-aarch64", "macos-x86_64", "macos-aarch64", "windows-x86_64"}


def test_the_oldest_versions_are_those_that_ci_tries() -> None:
    """As the policy in RELEASE.md says them."""
    jobs = loaded(ROOT / ".github/workflows/ci.yml")["jobs"]
    table = dict(
        re.findall(r"^\| (Rust|CPython|Node)[^|]* \| ([^|]*) \|", (ROOT / "RELEASE.md").read_text(), re.MULTILINE)
    )
    assert table == {"Rust": "`rust-version` in `Cargo.toml`", "CPython": "3.9", "Node": "20.19"}
    assert "oldest" in jobs["rust"]["strategy"]["matrix"]["rust"]
    assert jobs["python"]["strategy"]["matrix"]["python"][0] == table["CPython"]
    assert f'requires-python = ">={table["CPython"]}"' in (ROOT / "python/pyproject.toml").read_text()
    assert jobs["node"]["strategy"]["matrix"]["node"][0] == table["Node"]
    assert json.loads((ROOT / "wasm/package.json").read_text())["engines"]["node"] == f">={table['Node']}"
    assert f"Node from {table['Node']} on" in (ROOT / "wasm/README.md").read_text()
    major, minor = table["Node"].split(".")
    assert f"major == {major} && minor >= {minor}" in (ROOT / "Makefile").read_text()


def test_the_container_copies_what_is_there() -> None:
    text = (ROOT / "Dockerfile").read_text()
    for source in re.findall(r"^COPY (\S+) ", text, re.MULTILINE):
        assert (ROOT / source).exists(), source
    # What a build in the container must not take from the machine that it is built on.
    ignored = (ROOT / ".dockerignore").read_text().split()
    assert {".git", ".venv", "target", "**/node_modules", "python/airwaybill/preview"} <= set(ignored)
    service = loaded(ROOT / "compose.yaml")["services"]["airwaybill"]
    assert service["ports"] == ["${PORT:-8000}:8000"]
    assert service["volumes"] == ["${RELEASES:-./examples/releases}:/releases:ro"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze: Debian's package systemd")
def test_the_systemd_unit(tmp_path: Path) -> None:
    program = "/opt/airwaybill/bin/airwaybill"
    unit = tmp_path / UNIT.name
    # The same, with a program that is here.
    unit.write_text(UNIT.read_text().replace(f"={program} ", f"={BIN / 'airwaybill'} "))
    run("systemd-analyze", "verify", unit)
    run("systemd-analyze", "security", "--offline=true", "--threshold=20", unit)
    command = re.search(rf"^ExecStart={program} (\w+) (\S+) (--\w+) (\d+)$", UNIT.read_text(), re.MULTILINE)
    assert command is not None
    assert command[3] in run(BIN / "airwaybill", command[1], "--help")
