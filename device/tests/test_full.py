"""A flash that is full, or that fails, does not stop the way back."""

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
