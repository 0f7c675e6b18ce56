"""Joins a network in one of the shapes of network.WLAN: micropython wifi.py CLIENT SHAPE"""

import json
import sys

sys.path.insert(0, sys.argv[1])
SHAPE = sys.argv[2]
PASSWORDS = {"van": "secret"}


class WLAN:
    joined = None
    connects = 0

    def _try(self, ssid, password):
        WLAN.connects += 1
        WLAN.joined = ssid if PASSWORDS.get(ssid) == password else None

    def isconnected(self):
        return WLAN.joined is not None


class Mainline(WLAN):
    def __init__(self, interface):
        assert interface == 0

    def active(self, on):
        assert on

    def config(self, name):
        assert name == "ssid"
        return WLAN.joined

    def disconnect(self):
        WLAN.joined = None

    def connect(self, ssid, password):
        self._try(ssid, password)


class MainlineIf(Mainline):
    IF_STA = 0


class Pycom(WLAN):
    STA = 1
    WPA2 = 3

    def __init__(self, mode=None):
        assert mode == Pycom.STA

    def ssid(self):
        return WLAN.joined

    def disconnect(self):
        WLAN.joined = None

    def connect(self, ssid, auth=None):
        assert auth[0] == Pycom.WPA2
        self._try(ssid, auth[1])


class Network:
    pass


network = Network()
network.WLAN = {"mainline": Mainline, "mainline_if": MainlineIf, "pycom": Pycom}[SHAPE]
if SHAPE == "mainline":
    network.STA_IF = 0
sys.modules["network"] = network

from OTA import OTAError, WiFiOTA

ota = WiFiOTA("van", "secret", "192.168.4.1", 8000)
ota.connect()
joined = WLAN.joined == "van"
ota.connect()
again = WLAN.connects
wrong = WiFiOTA("van", "wrong", "192.168.4.1", 8000)
wrong.join_ms = 1
WLAN.joined = None
try:
    wrong.connect()
    code = None
except OTAError as error:
    code = error.code
print(json.dumps({"joined": joined, "again": again, "wrong": code}))
