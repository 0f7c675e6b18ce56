"""A board that does its work and updates itself beside it, without stopping.

config.py, which is in no release, has SSID, PASSWORD and SERVER.
"""

import asyncio

import machine
from config import PASSWORD, SERVER, SSID
from OTA import OTAError, WiFiOTA

UPDATE_S = 600

wdt = machine.WDT(timeout=8000)  # RP2040 takes 8388 ms at most
led = machine.Pin("LED", machine.Pin.OUT)
ota = WiFiOTA(SSID, PASSWORD, SERVER, 8000, feed=wdt.feed)


async def work():
    while True:
        led.toggle()
        wdt.feed()
        await asyncio.sleep_ms(500)


def show(done, total, path):
    print("%d of %s bytes, %s" % (done, total, path))


async def update():
    while True:
        try:
            ota.connect()  # joins the network
            ota.confirm()  # it can be updated again: this release stays
            await ota.update_async(progress=show)  # restarts the board when there was something to do
        except OTAError as error:
            print("No update:", error)
        await asyncio.sleep(UPDATE_S)


async def main():
    await asyncio.gather(work(), update())


asyncio.run(main())
