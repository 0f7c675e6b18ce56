"""H3: when what changes has settled, on two clocks."""

from __future__ import annotations

import time

import pytest

from airwaybill._settling import Settling

ARRIVED = {"came": True, "came_perhaps": False, "came_other": True}


class Clock:
    """What the settling sees of time: a wall clock that can be set, and one that cannot."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, settle: float = 2.0) -> None:
        self.wall, self.steady = 1_000_000.0, 100.0
        self.settling = Settling(settle, max_age=60.0 if settle else 0.0)
        self.content: dict[str, bool] = {}
        monkeypatch.setattr(time, "time", lambda: self.wall)

    def later(self, seconds: float) -> None:
        self.wall += seconds
        self.steady += seconds

    def unsettled(self, **ages: float) -> dict[str, float]:
        """The names that still change, for file times so many seconds before now."""
        return self.at(**{name: self.wall - age for name, age in ages.items()})

    def at(self, **stamps: float) -> dict[str, float]:
        waits = self.settling.judge(stamps, self.steady, self.steady, arrived=ARRIVED, is_as_offered=self.content.get)
        return {name: round(wait, 3) for name, wait in waits.items()}


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_at_the_first_look_file_times_count(clock: Clock) -> None:
    assert clock.unsettled(old=100, just=2, young=0.5) == {"young": 1.5}


def test_a_file_time_in_the_future_holds_a_release_for_the_settle_time_only(clock: Clock) -> None:
    stamp = clock.wall + 1e6
    assert clock.at(future=stamp) == {"future": 2.0}
    clock.later(1)
    assert clock.at(future=stamp) == {"future": 1.0}
    clock.later(1)
    assert clock.at(future=stamp) == {}


def test_what_changes_later_counts_from_when_it_was_seen(clock: Clock) -> None:
    assert clock.unsettled(a=100) == {}
    clock.later(10)
    # A time of long ago, from a clock that is not ours.
    assert clock.at(a=5.0) == {"a": 2.0}
    clock.later(1)
    assert clock.at(a=6.0) == {"a": 2.0}
    clock.later(2)
    assert clock.at(a=6.0) == {}


def test_a_directory_that_arrived_counts_at_once_and_what_is_the_same_stays(clock: Clock) -> None:
    assert clock.unsettled(same=100, gone=100, other=100) == {}
    clock.later(10)
    assert clock.unsettled(same=110, other=110) == {}
    clock.content = {"same": True, "gone": True}
    stamps = {"other": clock.wall, "came": clock.wall, "came_perhaps": clock.wall}
    assert clock.at(**stamps, same=clock.wall) == {"other": 2.0, "came_perhaps": 1.0}
    clock.later(1)
    # What was away and is back as it was, changed or not, may go on.
    assert clock.at(**stamps, same=clock.wall, gone=5.0) == {"other": 1.0}
    assert clock.at(**{**stamps, "came": clock.wall}) == {"other": 1.0, "came": 2.0}


def test_other_content_than_was_offered_outlasts_the_caches(clock: Clock) -> None:
    assert clock.unsettled(changed=100, gone=100) == {}
    clock.later(10)
    clock.content = {"changed": False, "came_other": False}
    stamps = {"changed": clock.wall, "came_other": clock.wall, "came": clock.wall}
    assert clock.at(**stamps) == {"changed": 60.0, "came_other": 60.0}
    assert [clock.settling.needs(name) for name in ("changed", "came", "unknown")] == [60.0, 0.0, 2.0]
    clock.later(59)
    assert clock.at(**stamps) == {"changed": 1.0, "came_other": 1.0}
    clock.later(1)
    assert clock.at(**stamps) == {}
    # Back to what caches may still have.
    clock.content = {"changed": True}
    assert clock.at(**{**stamps, "changed": clock.wall}) == {}


def test_a_wall_clock_that_is_set_settles_nothing(clock: Clock) -> None:
    clock.unsettled(a=100)
    clock.later(10)
    stamp = clock.wall
    assert clock.at(a=clock.wall - 110, b=stamp) == {"b": 2.0}
    clock.wall += 1e6
    clock.later(0.5)
    assert clock.at(a=clock.wall - 110, b=stamp)["b"] == 1.5


def test_a_settle_time_of_zero_holds_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch, settle=0)
    assert clock.unsettled(now=0) == {}
    assert clock.unsettled(now=0, new=0) == {}
