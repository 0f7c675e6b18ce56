"""Counts events for the table, and keeps all failures."""

from __future__ import annotations

import sys
import threading
from collections import Counter

SHOWN = 20


class Ledger:
    """Counts from every task and thread. ``down_allowed`` is set while the server is killed again and again."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()
        self.statuses: Counter[int] = Counter()
        self.failures: Counter[str] = Counter()
        self.down_allowed = False
        self._lock = threading.Lock()

    def count(self, what: str, by: int = 1) -> None:
        with self._lock:
            self.counts[what] += by

    def fail(self, what: str, details: str = "") -> None:
        """``what`` is the same for the same fault; the details are shown the first few times."""
        self.failures[what] += 1
        if self.failures[what] <= SHOWN:
            print(f"WRONG: {what}{': ' if details else ''}{details}", file=sys.stderr, flush=True)
