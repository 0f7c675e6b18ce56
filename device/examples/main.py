"""A meter that reports over LoRaWAN and updates itself over WiFi when a downlink of 01 02 03 says so.

Without LoRa, leave out everything about it but `WiFiOTA(…)`, `ota.connect()`, `ota.update()` and `ota.confirm()`.
boot.py mounts the card, if there is one, and then calls `OTA.boot()`.
"""

import socket
import time

import pycom
import ubinascii
from config import SERVER_IP, WIFI_PW, WIFI_SSID
from network import WLAN, LoRa
from OTA import WiFiOTA

OTA_TRIGGER = bytes([0x01, 0x02, 0x03])
GREEN = 0x00FF00
STATES = {"idle": 0, "downloading": 1, "applying": 2, "trial": 3, "rolled back": 4}

pycom.heartbeat(False)
pycom.rgbled(GREEN)

ota = WiFiOTA(WIFI_SSID, WIFI_PW, SERVER_IP, 8000)

# Off until it is needed, to save power
WLAN().deinit()

lora = LoRa(mode=LoRa.LORAWAN, region=LoRa.EU868)
app_eui = ubinascii.unhexlify("70B3D57ED0008CD6")
app_key = ubinascii.unhexlify("B57F36D88691CEC5EE8659320169A61C")
lora.join(activation=LoRa.OTAA, auth=(app_eui, app_key), timeout=0)
while not lora.has_joined():
    time.sleep(2.5)
    print("Not yet joined...")

s = socket.socket(socket.AF_LORA, socket.SOCK_RAW)
s.setsockopt(socket.SOL_LORA, socket.SO_DR, 5)


def uplink():
    """Three bytes of measurement, one of state, then the release: operators see what booted, not what was sent."""
    status = ota.status()
    version = (status["version"] or "").encode()
    return bytes([0x04, 0x05, 0x06, STATES[status["state"]]]) + version


def update():
    try:
        ota.connect()
        ota.update()  # restarts the board when there was something to do
    except Exception as error:  # the van may have left: go on metering, and try again at the next trigger
        print("No update:", error)
    WLAN().deinit()


while True:
    s.setblocking(True)  # until the data is sent and both receive windows are over
    s.send(uplink())
    s.setblocking(False)  # there may be nothing to receive
    data = s.recv(64)

    # A working cycle is behind this release: it stays. Without this it would be rolled back after three starts.
    try:
        ota.confirm()
    except Exception as error:  # go on metering; the old release comes back if it stays like this
        print("Not confirmed:", error)

    if data == OTA_TRIGGER:
        print("Performing OTA")
        update()
    time.sleep(5)
