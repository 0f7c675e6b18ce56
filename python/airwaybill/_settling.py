"""Which releases are still being copied in (rule H3)."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

# A directory that came by a rename, perhaps, counts when nothing in it has changed for so long.
UNSURE_SECONDS = 1.0


class Settling:
    """Decides which top-level names are still changing.

    A name that exists at the first scan is judged by its file times. One that changed later is judged by when that was
    noticed, on the monotonic clock: file times may be from another machine, in the future, or from a clock that was
    set in between. A directory that arrived whole is settled at once, and so is whatever has the content that was last
    offered under its name. Other content there takes ``max_age`` seconds, if that is longer: caches may have the files
    that it had.
    """

    def __init__(self, settle: float, max_age: float = 0.0) -> None:
        self._settle = settle
        self._max_age = max_age
        self._seen: dict[str, Seen] | None = None

    def judge(
        self,
        changed: dict[str, float],
        started: float,
        ended: float,
        arrived: Mapping[str, bool],
        is_as_offered: Callable[[str], bool | None],
    ) -> dict[str, float]:
        """Seconds until each unsettled name can be settled.

        ``changed`` has the newest change of each name; the scan ran from ``started`` to ``ended``. ``arrived`` has the
        names of directories that came by a rename, and whether that is certain; ``is_as_offered`` says whether the
        content of a name is what was last offered, None if nothing was.
        """
        before, now = self._seen, time.time()
        self._seen, waits = {}, {}
        for name, stamp in changed.items():
            old = None if before is None else before.get(name)
            if old is not None and old.stamp == stamp:
                seen = old
            else:
                as_offered = is_as_offered(name)
                needs = self._settle
                if as_offered:
                    needs = 0.0
                elif as_offered is False:
                    needs = max(self._settle, self._max_age)
                elif before is not None and old is None and name in arrived:
                    needs = 0.0 if arrived[name] else min(self._settle, UNSURE_SECONDS)
                age = now - stamp if before is None and stamp <= now else 0.0
                seen = Seen(stamp, ended - age, needs)
            self._seen[name] = seen
            if seen.needs and started - seen.since < seen.needs:
                waits[name] = seen.needs - (ended - seen.since)
        return waits

    def needs(self, name: str) -> float:
        """For how many seconds nothing may change in what is there, to be settled."""
        seen = (self._seen or {}).get(name)
        return self._settle if seen is None else seen.needs


class Seen(NamedTuple):
    """A name at a scan: its newest change, when it was noticed, and for how long nothing may change from then on."""

    stamp: float
    since: float
    needs: float
