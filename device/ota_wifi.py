"""Joins a WiFi network, with `network.WLAN` as mainline MicroPython has it, and as Pycom's has it."""

import network
from OTA import OTA, OTAError, time

POLL_MS = 100


def join(ssid, password, timeout_ms):
    interface = getattr(network, "STA_IF", getattr(network.WLAN, "IF_STA", None))
    if interface is not None:
        wlan = network.WLAN(interface)
        wlan.active(True)
        if wlan.isconnected() and wlan.config("ssid") == ssid:
            return
        if wlan.isconnected():
            wlan.disconnect()
        wlan.connect(ssid, password)
    else:
        WLAN = network.WLAN
        wlan = WLAN(mode=WLAN.STA)
        if wlan.isconnected() and wlan.ssid() == ssid:
            return
        wlan.connect(ssid, auth=(WLAN.WPA2, password) if password else None)
    deadline = time.ticks_add(time.ticks_ms(), timeout_ms)
    while not wlan.isconnected():
        if time.ticks_diff(deadline, time.ticks_ms()) <= 0:
            raise OTAError("wifi", "%s not joined in %d ms" % (ssid, timeout_ms))
        OTA.feed()
        time.sleep_ms(POLL_MS)
