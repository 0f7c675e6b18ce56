"""A flash that is full, that fails, or that loses the plan of the change, does not stop the way back."""

from __future__ import annotations

from pathlib import Path

from board import TESTS, compile_client, run_script


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


def test_a_lost_plan(tmp_path: Path) -> None:
    """What has a .bak beside it goes back, or is what it should be: a release is kept or left, and updates go on."""
    clients = [compile_client(tmp_path / "old"), compile_client(tmp_path / "new", "1.0.1/")]
    found = run_script(TESTS / "damaged.py", *clients, heap="64M")
    assert found == dict.fromkeys(found)
    assert len(found) == 12
