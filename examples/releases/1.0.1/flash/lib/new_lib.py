"""Power over one reporting interval, and the uplink that carries it."""

import struct

UPLINK_FORMAT = 1


class PowerWindow:
    """Power samples in watts. Their median says what the load was, whatever one disturbed sample claims."""

    def __init__(self):
        self._watts = []

    def add(self, pulses, pulses_per_kwh, elapsed_ms):
        # 1 kWh is 3.6e9 W ms
        self._watts.append(pulses * 3_600_000_000 // (pulses_per_kwh * max(elapsed_ms, 1)))

    def median(self):
        if not self._watts:
            return 0
        ordered = sorted(self._watts)
        middle = len(ordered) // 2
        if len(ordered) % 2:
            return ordered[middle]
        return (ordered[middle - 1] + ordered[middle]) // 2

    def peak(self):
        return max(self._watts) if self._watts else 0

    def clear(self):
        self._watts = []


def pack_uplink(watt_hours, median_w, peak_w):
    """Nine bytes, big-endian: format (1), total in Wh (4), median and peak power in W (2 each, at most 65,535)."""
    return struct.pack(">BIHH", UPLINK_FORMAT, watt_hours & 0xFFFFFFFF, min(median_w, 0xFFFF), min(peak_w, 0xFFFF))
