"""The link: what comes over it, and what does not."""

import sys
import time

from boards import Board, Module
from device import Counting, Device, Large

FILES = ("flash/lib/foo.py", "flash/data.txt")
BLOCK = 4096  # the flash's erase unit


class Heavy(Device):
    def prepare(self):
        self.server.IMAGE = 250000


def case_15(client, kind):
    """An image of 250 KB over connections that die after 40 KB; and over one that dies once, at the second call."""
    found = []
    for each, whole in ((40000, None), (None, 100000)):
        device = Heavy(client, kind, FILES, board=Large(kind, "esp32"))
        device.offer("1.0.1", FILES, firmware="1.0.1")
        link = Counting(each, whole)
        said = [device.update(link)]
        came = link.came
        if whole:
            link = Counting()
            said.append(device.update(link))
            came += link.came
        found.append(said + [came - 250150 < 4 * BLOCK, device.is_on()])
    return found


def case_49(client, kind):
    """The same in calls of 100 KB on Pycom, which knows until its next start how far it is; and another image comes in
    between."""
    found = []
    for between in (None, Device.start, lambda device: device.offer("1.0.1", FILES, firmware="1.0.2")):
        device = Heavy(client, kind, FILES, board=Large(kind, "pycom"))
        device.offer("1.0.1", FILES, firmware="1.0.1")
        came = 0
        for call in range(5):
            link = Counting(None, 100000)
            said = device.update(link)
            came += link.came
            if said != "link":
                break
            if between and not call:
                between(device)
        found.append([said, call + 1, came // 10000, device.is_on()])
    return found


class Online(Board):
    """With the clock of the machine that it runs on: sockets know no other."""

    def _modules(self):
        modules = super()._modules()
        modules["time"] = modules["utime"] = time
        return modules


class Driver:
    """An ESP32's, which goes on with a try by itself, and refuses to join meanwhile."""

    on_air = False
    trying = None
    looks = 0  # since the network came back

    def __init__(self, interface):
        pass

    def active(self, on):
        pass

    def config(self, name):
        return self.trying

    def isconnected(self):
        Driver.looks += Driver.on_air
        return Driver.trying is not None and Driver.looks > 3

    def connect(self, ssid, password):
        if Driver.trying:
            raise OSError("Wifi Internal Error")
        Driver.trying = ssid

    def disconnect(self):
        Driver.trying = None


def case_16(client, kind):
    device = Device(client, kind, FILES)
    sys.modules["network"] = Module(STA_IF=0, WLAN=Driver)
    ota = __import__("OTA").WiFiOTA("van", "secret", "192.168.4.1", 8000)
    found = [device.said(ota.connect)]
    Driver.on_air = True
    return found + [device.said(ota.connect)]


def online(client, kind, port, **settings):
    device = Device(client, kind, FILES, board=Online(kind, "rp2040"))
    module = __import__("OTA")
    module.time = time  # of a client that takes it from there
    ota = module.HTTPOTA("127.0.0.1", int(port), **settings)
    ota.pause_ms = 0
    return device, ota


def case_31(client, kind, port):
    """Polls of a server whose responses have headers that nobody expects."""
    device, ota = online(client, kind, port)
    ota.tries = 1
    return [device.said(ota.update) for _ in range(4)]


def case_33(client, kind, port):
    """A server that never answers: what feeds the watchdog meanwhile?"""
    feeds = []
    device, ota = online(client, kind, port, feed=lambda: feeds.append(1))
    ota.tries = 1
    ota.timeout_ms = 1600
    ota.connect()
    said = device.said(ota.update)
    return [said, len(feeds) >= 3]


class Hashes:
    """`hashlib` as a MicroPython without TLS has it."""

    def __init__(self):
        import hashlib

        self.sha256 = hashlib.sha256


class Plain(Board):
    def _modules(self):
        modules = super()._modules()
        modules["hashlib"] = modules["uhashlib"] = Hashes()
        return modules


def case_35(client, kind):
    replaces = client.replaces

    def replace(fakes):
        replaces(fakes)
        recovery = sys.modules.get("airwaybill_boot")
        if recovery:
            recovery.hashlib = fakes["hashlib"]

    client.replaces = replace
    device = Device(client, kind, FILES, board=Plain(kind, "rp2040"))
    device.offer("1.0.1", FILES)
    # A change under way, so that there is something for boot() to do.
    found = [str(device.board.error), device.update(), device.detail and "hashlib.sha1" in device.detail]
    device.start()
    return found + [str(device.board.error), device.is_on(True)]
