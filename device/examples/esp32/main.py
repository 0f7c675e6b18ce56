"""A sensor on a battery: it measures, reports, looks for an update at every 36th wake, and sleeps.

config.py, which is in no release, has SSID, PASSWORD and SERVER.
"""

import json
import socket

import machine
from config import PASSWORD, SERVER, SSID
from OTA import OTAError, WiFiOTA

SLEEP_MS = 600000
UPDATE_EVERY = 36  # wakes: six hours
REPORT_PORT = 5005

# A release that hangs starts again; after three such starts the old one is back.
wdt = machine.WDT(timeout=30000)
ota = WiFiOTA(SSID, PASSWORD, SERVER, 8000, feed=wdt.feed)
rtc = machine.RTC()  # its memory lasts through deep sleep
wakes = rtc.memory()[0] if rtc.memory() else 0


def report():
    """The measurement, and what runs here: operators see what booted, not what was sent."""
    status = ota.status()
    values = {"light": machine.ADC(36).read_u16(), "version": status["version"], "state": status["state"]}
    link = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    link.sendto(json.dumps(values).encode(), socket.getaddrinfo(SERVER, REPORT_PORT)[0][-1])
    link.close()


try:
    ota.connect()
    report()
    ota.confirm()  # a working cycle is behind this release: it stays
    if wakes == 0:
        ota.update()  # restarts the board when there was something to do
except (OSError, OTAError) as error:  # go on measuring, and try again later
    print("Not done:", error)
rtc.memory(bytes([(wakes + 1) % UPDATE_EVERY]))
machine.deepsleep(SLEEP_MS)  # boot() does not count the wake from it as a start
