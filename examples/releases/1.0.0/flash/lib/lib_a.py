"""The meter's own parts: counting pulses, keeping the total through power cuts, reading the settings."""

import hashlib
import os
import struct
import time

BOUNCE_MS = 20  # an S0 pulse, and the pause after it, last 30 ms or more
COUNT_MASK = 0x3FFFFFFF  # keeps the count a small integer, so that the interrupt handler allocates nothing


class PulseCounter:
    """Counts pulses by interrupt: hand `pulse` to the pin, and call `take` for what came since the last call."""

    def __init__(self):
        self._seen = 0
        self._taken = 0
        self._last_ms = time.ticks_ms()

    def pulse(self, _pin):
        now = time.ticks_ms()
        # Below zero: so long without a pulse that the clock wrapped.
        if 0 <= time.ticks_diff(now, self._last_ms) < BOUNCE_MS:
            return
        self._last_ms = now
        self._seen = (self._seen + 1) & COUNT_MASK

    def take(self):
        seen = self._seen  # read once: the interrupt may come between two reads
        count = (seen - self._taken) & COUNT_MASK
        self._taken = seen
        return count


class Register:
    """The meter's total of pulses, in two files written in turn.

    Each holds a sequence number, the total and a check. A write that the power cuts short spoils the older
    of the two; the newer one still says what the total was.
    """

    def __init__(self, stem="/flash/total"):
        self._paths = (stem + "_0.bin", stem + "_1.bin")
        self._sequence, self.total = max(_read_slot(path) for path in self._paths)

    def add(self, pulses):
        """Add to the total. Once this returns, it is in flash."""
        sequence = self._sequence + 1
        total = (self.total + pulses) & 0xFFFFFFFF
        record = struct.pack(">II", sequence, total)
        _write_slot(self._paths[sequence % 2], record + _check(record))
        self._sequence = sequence
        self.total = total


def _check(record):
    return hashlib.sha256(record).digest()[:4]


def _read_slot(path):
    try:
        with open(path, "rb") as file:
            data = file.read(12)
    except OSError:
        return 0, 0
    record = data[:8]
    if len(data) < 12 or data[8:] != _check(record):
        return 0, 0
    return struct.unpack(">II", record)


def _write_slot(path, data):
    try:
        os.stat(path)
        mode = "r+b"  # in place, so that FAT need not find room for it anew
    except OSError:
        mode = "wb"
    with open(path, mode) as file:
        file.write(data)


def settings(path, defaults):
    """The defaults, with the whole numbers above 0 that a file of `name value` lines gives; `#` starts a comment."""
    found = dict(defaults)
    try:
        with open(path) as file:
            for line in file:
                words = line.split("#")[0].split()
                if len(words) == 2 and words[0] in found and words[1].isdigit() and int(words[1]):
                    found[words[0]] = int(words[1])
    except OSError:
        print("no settings at", path)
    return found
