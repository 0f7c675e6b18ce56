"""The power is cut at every block write and erase of an update, its recovery, its confirmation and its rollback."""

from __future__ import annotations

import re

import pytest
from power_cuts import prove


def test_no_cut_breaks_a_device(capsys: pytest.CaptureFixture[str]) -> None:
    for line in prove():
        with capsys.disabled():
            print("\n" + line)
        assert re.fullmatch(r"[^:]+: \d+ cuts, \d+ old, \d+ new, 0 bad", line), line
