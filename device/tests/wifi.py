"""Joins networks in one of the shapes of network.WLAN: micropython wifi.py CLIENT SHAPE

Time is the driver's here: it passes while somebody sleeps.
"""

import json
import sys

sys.path[:] = [sys.argv[1]]
SHAPE = sys.argv[2]

import airwaybill_boot as base
from OTA import OTAError, WiFiOTA
from airwaybill import update, wifi

JOIN_MS = 3000  # so long it takes
LEAVE_MS = 250
PASSWORDS = {"van": "secret", "depot": "word", "yard": None}


class Time:
    now = 0
    fed = 0
    longest = 0
    slept = 0

    def ticks_ms(self):
        Time.now += 1
        return Time.now

    def ticks_add(self, ticks, milliseconds):
        return ticks + milliseconds

    def ticks_diff(self, late, early):
        return late - early

    def sleep_ms(self, milliseconds):
        Time.now += milliseconds
        Time.slept += milliseconds
        Time.longest = max(Time.longest, Time.now - Time.fed)


def feed():
    Time.fed = Time.now


base.feed = feed
wifi.time = update.time = Time()


class WLAN:
    on_air = list(PASSWORDS)
    trying = None  # (ssid, password, when it began)
    left = -1000  # when a network was left that had been joined
    calls = []
    broken = None  # the method that raises

    def _call(self, name):
        WLAN.calls.append(name)
        if WLAN.broken == name:
            raise OSError("WiFi Out of Memory")

    def _try(self, ssid, password):
        self._call("connect")
        # As ESP32 has it: what is joined, or is still tried, is left first.
        if WLAN.trying:
            raise OSError("Wifi Internal Error")
        WLAN.trying = (ssid, password, Time.now)

    def _joined(self):
        if WLAN.trying:
            ssid, password, began = WLAN.trying
            if ssid in WLAN.on_air and PASSWORDS[ssid] == password and Time.now - began >= JOIN_MS:
                return ssid

    def disconnect(self):
        self._call("disconnect")
        if not WLAN.trying:
            raise OSError("WiFi Not Started")
        if self._joined():
            WLAN.left = Time.now
        WLAN.trying = None

    def isconnected(self):
        self._call("isconnected")
        return self._joined() is not None or Time.now - WLAN.left < LEAVE_MS


class Mainline(WLAN):
    def __init__(self, interface):
        assert interface == 0

    def active(self, on):
        assert on
        self._call("active")

    def config(self, name):
        if name != NAME:
            raise ValueError("unknown config param")
        return self._joined()

    def status(self):
        if not WLAN.trying:
            return 1000
        ssid, password, _ = WLAN.trying
        return 201 if ssid not in WLAN.on_air else 202 if PASSWORDS[ssid] != password else 1001

    def connect(self, ssid, password):
        self._try(ssid, password)


class MainlineIf(Mainline):
    IF_STA = 0


class Pycom(WLAN):
    STA = 1
    WPA2 = 3

    def __init__(self, mode=None):
        assert mode == Pycom.STA
        self._call("active")

    def ssid(self):
        return self._joined()

    def connect(self, ssid, auth=None):
        assert auth is None or auth[0] == Pycom.WPA2
        self._try(ssid, auth and auth[1])


class Network:
    STAT_WRONG_PASSWORD = 202
    STAT_NO_AP_FOUND = 201
    STAT_CONNECT_FAIL = 203


network = Network()
network.WLAN = {"if": MainlineIf, "pycom": Pycom}.get(SHAPE, Mainline)
NAME = "essid" if SHAPE == "old" else "ssid"
if network.WLAN is Mainline:
    network.STA_IF = 0


def join(ssid, password, timeout_ms=30000, wait_ms=100):
    def steps():
        for _ in wifi.join(ssid, password, timeout_ms):
            update.time.sleep_ms(wait_ms)

    return told(steps)


def told(action):
    """What comes of it: None or an error, then how often a join was begun, and what is joined or tried now."""
    WLAN.calls = []
    try:
        action()
        said = None
    except OTAError as error:
        said = str(error)
    return [said, WLAN.calls.count("connect"), WLAN.trying and WLAN.trying[0]]


found = {}
found["no driver"] = join("van", "secret")
sys.modules["network"] = network
found["joined"] = join("van", "secret")
found["already"] = join("van", "secret")
found["another"] = join("yard", None)
found["wrong password"] = join("van", "wrong", 5000)
found["then the right one"] = join("van", "secret")
WLAN.on_air = ["van"]
found["not there"] = join("depot", "word", 5000)
WLAN.on_air = ["depot"]
found["there again"] = join("depot", "word")
found["something else runs"] = join("van", "secret", 400, 0)
WLAN.trying = None
WLAN.on_air = ["van"]
ota = WiFiOTA("van", "secret", "192.168.4.1", 8000)
found["connect()"] = told(ota.connect)
found["connect() again"] = told(ota.connect)


def beside_other_tasks():
    """get_steps() as update_async() goes on with it: while the network is joined it stops again and again, and sleeps
    nowhere."""
    WLAN.trying = None
    ota = WiFiOTA("van", "secret", "192.168.4.1", 8000)
    steps = ota.get_steps("manifest.json")
    before = Time.slept
    for _ in range(3):
        next(steps)
    steps.close()
    return [ota._client, WLAN.calls.count("connect"), Time.slept - before]


WLAN.calls = []
found["beside other tasks"] = beside_other_tasks()
WLAN.trying = ("an application's", "", 0)
found["an application tries"] = join("van", "secret")
for name in ("active", "connect", "isconnected"):
    WLAN.broken = name
    WLAN.trying = None
    found["broken: " + name] = join("van", "secret")
WLAN.broken = "disconnect"
found["broken: disconnect"] = join("van", "secret")
print(json.dumps({"found": found, "longest": Time.longest}))
