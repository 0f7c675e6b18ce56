"""The random model tester in a bounded run, and that it finds what is wrong. `make device-model` runs it for longer."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from board import DEVICE, micropython
from device_model import HEAP, KINDS, build, edition, run
from seeded import BUGS, Bug

ROUNDS = 12


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("model"))


@pytest.mark.parametrize("kind", KINDS)
def test_no_round_is_bad(client: Path, kind: str) -> None:
    outcome = run(client, edition(DEVICE), kind, rounds=ROUNDS)
    assert outcome.bad == []
    assert outcome.sums["updates"] >= 3 * ROUNDS
    assert outcome.sums["cuts"] + outcome.sums["faults"] > 5 * ROUNDS


def test_a_round_is_the_same_each_time(client: Path) -> None:
    first, again = (run(client, edition(DEVICE), "littlefs", rounds=2) for _ in range(2))
    assert (first.bad, first.sums) == (again.bad, again.sums)


def test_a_bad_round_is_exported_and_starts_again(tmp_path: Path) -> None:
    """As `make device-model REPLAY=1 EXPORT=…` does it, of a client whose trials never end."""
    source = tmp_path / "device"
    shutil.copytree(DEVICE, source, ignore=shutil.ignore_patterns("tests", "bench"))
    trial = source / "airwaybill_boot" / "trial.py"
    trial.write_text(trial.read_text().replace("> TRIAL_STARTS", "> 99"))
    chosen = ["--features", "second", "--seed", "5", "--kind", "littlefs", "--source", source]
    command = [sys.executable, DEVICE / "tests" / "device_model.py", *chosen, "--replay", "--export", tmp_path / "bad"]
    said = subprocess.run(command, capture_output=True, text=True, check=False)
    assert said.returncode == 1, said.stdout + said.stderr
    start = [micropython(), "-X", HEAP, DEVICE / "tests" / "model" / "start.py", tmp_path / "bad"]
    again = subprocess.run(start, capture_output=True, text=True, check=True).stdout
    assert "boot.py: ran through" in again
    assert "'state': 'trial'" in again


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_a_seeded_bug_is_found(client: Path, tmp_path: Path, bug: Bug) -> None:
    def rounds(built: Path, first: int, count: int) -> list[dict]:
        return run(built, edition(DEVICE), bug.kind, bug.features, first, count, stop=1).bad

    found = rounds(build(tmp_path, patches=[(bug.file, bug.old, bug.new)]), bug.seed, bug.rounds)
    assert found
    # It is the bug that was found: without it the same round is good.
    assert rounds(client, found[0]["seed"], 1) == []
