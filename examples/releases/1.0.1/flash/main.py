"""A smart meter: counts the pulses of an S0 output and reports energy and power over LoRaWAN.

A downlink of 01 02 03 makes it look for the update van's WiFi network and bring itself up to date.
"""

import socket
import time

import ubinascii
from config import LORA_APP_EUI, LORA_APP_KEY, SERVER_IP, WIFI_PW, WIFI_SSID
from lib_a import PulseCounter, Register, settings
from machine import WDT, Pin, reset
from network import WLAN, LoRa
from new_lib import PowerWindow, pack_uplink
from OTA import WiFiOTA

# /flash/config.py is written once, when the meter is commissioned. It differs on each device and holds secrets, so it
# is in no release, and no update touches it. The same goes for /flash/lib/OTA.py, which has to outlive a bad release.

OTA_TRIGGER = bytes([0x01, 0x02, 0x03])
SILENT_LIMIT = 24  # reports in a row that did not get out, then start afresh
UPDATE_MS = 30 * 60 * 1000


def wait(seconds, watchdog):
    for _ in range(seconds):
        watchdog.feed()
        time.sleep(1)


def sample(counter, power, options, watchdog):
    """Take power samples for one reporting interval; return its pulses."""
    pulses = 0
    for _ in range(max(options["report_s"] // options["sample_s"], 1)):
        start = time.ticks_ms()
        wait(options["sample_s"], watchdog)
        count = counter.take()
        power.add(count, options["pulses_per_kwh"], time.ticks_diff(time.ticks_ms(), start))
        pulses += count
    return pulses


def report(radio, payload):
    """Send one uplink and return what came down in its receive windows."""
    radio.setblocking(True)  # until both windows are over
    radio.send(payload)
    radio.setblocking(False)
    return radio.recv(64)


def update(ota):
    WDT(timeout=UPDATE_MS)  # nobody feeds it meanwhile
    try:
        ota.connect()
        ota.update()
    except Exception as error:  # whatever it was (the van may have left), the meter has to go on metering
        print("update failed:", error)
    WLAN().deinit()
    return WDT(timeout=120_000)


def main():
    watchdog = WDT(timeout=120_000)
    ota = WiFiOTA(WIFI_SSID, WIFI_PW, SERVER_IP, 8000)
    print("release:", ota.status())
    WLAN().deinit()  # saves power
    options = settings("/sd/some_asset.txt", {"pulses_per_kwh": 1000, "report_s": 900, "sample_s": 60})

    register = Register()
    counter = PulseCounter()
    pin = Pin("P11", mode=Pin.IN, pull=Pin.PULL_UP)
    pin.callback(Pin.IRQ_FALLING, counter.pulse)

    lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
    keys = ubinascii.unhexlify(LORA_APP_EUI), ubinascii.unhexlify(LORA_APP_KEY)
    lora.join(activation=LoRa.OTAA, auth=keys, timeout=0)
    radio = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
    radio.setsockopt(socket.SOL_LORA, socket.SO_DR, 5)

    wait(30, watchdog)  # time to join

    silent = 0
    confirmed = False
    power = PowerWindow()
    pulses = counter.take()  # since the start
    while True:
        register.add(pulses)  # kept before it is sent, so that no report is ever taken back
        watt_hours = register.total * 1000 // options["pulses_per_kwh"]
        answer = None
        if lora.has_joined():
            try:
                answer = report(radio, pack_uplink(watt_hours, power.median(), power.peak()))
                silent = 0
            except OSError as error:
                print("report failed:", error)
        if answer is None:
            silent += 1
            if silent == SILENT_LIMIT:
                reset()
        elif not confirmed:
            ota.confirm()  # this release has counted, kept and reported: it stays
            confirmed = True
        if answer == OTA_TRIGGER:
            watchdog = update(ota)
        power.clear()
        pulses = sample(counter, power, options, watchdog)


main()
