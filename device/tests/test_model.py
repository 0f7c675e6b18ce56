"""The random model tester in a bounded run, and that it finds what is wrong. `make device-model` runs it for longer."""

from __future__ import annotations

from pathlib import Path

import pytest
from board import DEVICE
from device_model import KINDS, build, edition, run
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


@pytest.mark.parametrize("bug", BUGS, ids=[bug.name for bug in BUGS])
def test_a_seeded_bug_is_found(client: Path, tmp_path: Path, bug: Bug) -> None:
    def rounds(built: Path, first: int, count: int) -> list[dict]:
        return run(built, edition(DEVICE), bug.kind, bug.features, first, count, stop=1).bad

    found = rounds(build(tmp_path, patches=[(bug.file, bug.old, bug.new)]), bug.seed, bug.rounds)
    assert found
    # It is the bug that was found: without it the same round is good.
    assert rounds(client, found[0]["seed"], 1) == []
