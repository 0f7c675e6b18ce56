"""Joining a WiFi, with drivers that behave as boards' do: one that fails is left, or no later join works."""

from __future__ import annotations

import re

import pytest
from board import TESTS, run_script

BROKEN = "wifi: van: OSError: WiFi Out of Memory"

# What is said, how often a join was begun, what is joined or still tried afterwards.
EXPECTED = {
    "no driver": ["wifi: van: ImportError: no module named 'network'", 0, None],
    "joined": [None, 1, "van"],
    "already": [None, 0, "van"],
    "another": [None, 1, "yard"],
    "wrong password": ["wifi: van not joined in 5000 ms: wrong password", 1, None],
    "then the right one": [None, 1, "van"],
    "not there": ["wifi: depot not joined in 5000 ms: no ap found", 1, None],
    "there again": [None, 1, "depot"],
    "something else runs": ["wifi: van not joined in 400 ms: no ap found", 1, None],
    "connect()": [None, 1, "van"],
    "connect() again": [None, 0, "van"],
    "beside other tasks": [None, 1, 0],
    "an application tries": [None, 1, "van"],
    "broken: active": [BROKEN, 0, None],
    "broken: connect": [BROKEN, 1, None],
    "broken: isconnected": [BROKEN, 0, None],
    "broken: disconnect": [None, 1, "van"],
}


@pytest.mark.parametrize("shape", ["mainline", "if", "old", "pycom"])
def test_join(shape: str) -> None:
    """WLAN(STA_IF), WLAN(WLAN.IF_STA), the same with `essid` for `ssid`; Pycom's WLAN(mode=) has no status()."""
    said = run_script(TESTS / "wifi.py", shape)
    expected = EXPECTED
    if shape == "pycom":
        expected = {name: [text and re.sub(" ms: .*", " ms", text), *rest] for name, (text, *rest) in EXPECTED.items()}
    assert said["found"] == expected
    assert said["longest"] <= 1000  # ms between two feeds of a watchdog
