"""Joins a WiFi network, with `network.WLAN` as mainline MicroPython has it, and as Pycom's has it."""

from micropython import const

import airwaybill_boot as base
from airwaybill_boot import time
from OTA import OTAError

_WAIT_MS = const(100)


def join(ssid, password, timeout_ms):
    """A generator that ends when the network is joined. It yields the milliseconds where it would wait. Every failure
    is an OTAError."""
    wlan = None
    done = False
    try:
        base.feed()
        wlan, connect = interface(ssid, password)
        base.feed()
        if not (wlan.isconnected() and name_of(wlan) == ssid):
            # ESP32 refuses to join while an earlier try still goes on by itself (micropython#17661).
            leave(wlan)
            deadline = time.ticks_add(time.ticks_ms(), timeout_ms)
            for joined in (False, True):  # for a moment, the network that was left may still be there
                if joined:
                    connect()
                while wlan.isconnected() != joined:
                    base.feed()
                    if time.ticks_diff(deadline, time.ticks_ms()) <= 0:
                        raise OTAError("wifi", "%s not joined in %d ms%s" % (ssid, timeout_ms, reason(wlan)))
                    yield _WAIT_MS
        done = True
    except OTAError:
        raise
    except Exception as error:  # OSError of the driver, ImportError without one, ValueError of a setting
        raise OTAError("wifi", "%s: %s: %s" % (ssid, type(error).__name__, error))
    finally:
        if wlan and not done:
            leave(wlan)


def interface(ssid, password):
    """(the station, what starts to join)"""
    import network

    number = getattr(network, "STA_IF", getattr(network.WLAN, "IF_STA", None))
    if number is not None:
        wlan = network.WLAN(number)
        wlan.active(True)
        return wlan, lambda: wlan.connect(ssid, password)
    WLAN = network.WLAN
    wlan = WLAN(mode=WLAN.STA)
    return wlan, lambda: wlan.connect(ssid, auth=(WLAN.WPA2, password) if password else None)


def name_of(wlan):
    if hasattr(wlan, "ssid"):  # Pycom
        return wlan.ssid()
    try:
        return wlan.config("ssid")
    except ValueError:  # before MicroPython 1.20
        return wlan.config("essid")


def leave(wlan):
    try:
        wlan.disconnect()
    except Exception:  # not joined: that is what was wanted
        pass


def reason(wlan):
    """What the driver says, where it does."""
    import network

    status = wlan.status() if hasattr(wlan, "status") else None
    for name in ("STAT_WRONG_PASSWORD", "STAT_NO_AP_FOUND", "STAT_CONNECT_FAIL"):
        if status is not None and getattr(network, name, None) == status:
            return ": " + name[5:].lower().replace("_", " ")
    return ""
