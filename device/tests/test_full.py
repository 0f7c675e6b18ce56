"""A flash that is full, that fails, or that loses the plan of the change, does not stop the way back."""

from __future__ import annotations

from pathlib import Path

import pytest
from board import TESTS, compile_client, run_script
from power_cuts import FILE_SYSTEMS

STEP = 29  # one in so many of the cuts in the way back, which are thousands


def test_a_full_flash_does_not_stop_the_way_back(tmp_path: Path) -> None:
    clients = [compile_client(tmp_path / "old"), compile_client(tmp_path / "new", "1.0.1/")]
    results = run_script(TESTS / "full.py", *clients, heap="64M")
    for kind, again, *found in results:
        assert found == ["1.0.0", "rolled back", "1.0.1", None], (kind, again)
    assert len(results) == 4


def test_a_way_back_that_fails_is_left_to_boot(tmp_path: Path) -> None:
    """Half a release is nothing for the application to go on with."""
    clients = [compile_client(tmp_path / "old"), compile_client(tmp_path / "new", "1.0.1/")]
    assert run_script(TESTS / "failing.py", *clients, heap="64M") == ["restarted", None, "1.0.0"]


@pytest.mark.parametrize("kind", FILE_SYSTEMS)
def test_a_lost_plan(tmp_path: Path, kind: str) -> None:
    """What has a .bak beside it goes back, or is what it should be, however often the power goes in between: a release
    is kept or left, and updates go on."""
    clients = [compile_client(tmp_path / "old"), compile_client(tmp_path / "new", "1.0.1/")]
    cuts, wrong = run_script(TESTS / "damaged.py", *clients, kind, STEP, heap="64M", timeout=600)
    assert wrong == []
    assert cuts > 500


def test_a_plan_that_cannot_be_read_for_a_moment(tmp_path: Path) -> None:
    """It is not lost: nothing changes, and the next try goes on with it."""
    clients = [compile_client(tmp_path / "old"), compile_client(tmp_path / "new", "1.0.1/")]
    found = run_script(TESTS / "unread.py", *clients, heap="64M")
    assert found == {"read": [None, None], "feed": [None, None], "damaged": None}
