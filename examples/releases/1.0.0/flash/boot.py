# Runs at every start, before main.py. The same in every release: what brings a bad release back must not come with one.
import os

from machine import SD, WDT

try:
    os.mount(SD(), "/sd")  # first, because an interrupted update may have files left to move on the card
except OSError as error:
    print("no SD card:", error)

from OTA import OTA  # noqa: E402  (the card comes first)

OTA.boot()

# A release that hangs or fails never feeds this, so the board starts again: after three it is rolled back.
WDT(timeout=120_000)
