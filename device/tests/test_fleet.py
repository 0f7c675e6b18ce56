"""Five devices of the fleet; `make fleet` runs twenty."""

from __future__ import annotations

import pytest
from fleet import MENDED, NEWEST, OLD, fleet, show


def test_a_fleet_ends_on_the_newest_release_and_comes_back_from_a_bad_one(capsys: pytest.CaptureFixture[str]) -> None:
    devices = fleet(5, seed=1)
    with capsys.disabled():
        print()
        show(devices)
    assert {device.started_on for device in devices} == set(OLD)
    assert [device.ended_on for device in devices] == [[NEWEST, NEWEST, MENDED]] * 5
    assert all(device.cuts for device in devices)
    assert any(device.faults for device in devices)
