"""The power is cut at every block write and erase of an update, its recovery, its confirmation and its rollback."""

from __future__ import annotations

import re

from power_cuts import prove


def test_no_cut_breaks_a_device() -> None:
    for line in prove():
        print(line)
        assert re.fullmatch(r"(littlefs|FAT): \d+ cuts, \d+ old, \d+ new, 0 bad", line), line
