"""Flash and card that are full do not stop the way back."""

from __future__ import annotations

from pathlib import Path

from board import TESTS, compile_client, run_script


def test_full_file_systems_do_not_stop_the_way_back(tmp_path: Path) -> None:
    clients = [compile_client(tmp_path / "old"), compile_client(tmp_path / "new", "1.0.1/")]
    results = run_script(TESTS / "full.py", *clients, heap="64M", timeout=300)
    for kind, again, *found in results:
        assert found == ["1.0.0", "rolled back", None], (kind, again)
    assert len(results) == 4
