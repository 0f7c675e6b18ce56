"""Runs an example on a mainline board of fakes: micropython example_mainline.py CLIENT FAMILY ROOT

The board's littlefs is mounted at / and kept in ROOT/flash.img, which is made of ROOT/flash when it is not there. The
board starts, again after each reset, until it sleeps. Prints how each start ended, how often the watchdog was fed, what
is in the RTC's memory, and the SHA-1 of each file.
"""

import json
import os
import sys

import vfs

FAMILY, ROOT = sys.argv[2:4]
sys.path[:] = [__file__.rsplit("/", 1)[0] + "/model", ".frozen"]

from boards import Module
from devices import Chip, Log, Port
from releases import sha1
from tree import walk, write_tree

LIMIT = 8  # starts
fed = []
reports = []


class Ended(BaseException):
    pass


def end(how):
    raise Ended(how)


class WDT:
    def __init__(self, timeout):
        assert timeout <= (8388 if FAMILY == "rp2040" else 600000)

    def feed(self):
        fed.append(1)


class RTC:
    kept = b""

    def memory(self, data=None):
        if data is None:
            return RTC.kept
        RTC.kept = data


class ADC:
    def __init__(self, pin):
        pass

    def read_u16(self):
        return 1234


class Pin:
    OUT = 1

    def __init__(self, name, mode):
        pass

    def toggle(self):
        pass


class WLAN:
    IF_STA = 0
    joined = False

    def __init__(self, number):
        pass

    def active(self, on):
        pass

    def config(self, name):
        return "home"

    def isconnected(self):
        return WLAN.joined

    def connect(self, ssid, password):
        assert (ssid, password) == ("home", "secret")
        WLAN.joined = True

    def disconnect(self):
        WLAN.joined = False


class Socket:
    """A datagram of the example's, caught; all else is the real module's."""

    def sendto(self, data, address):
        reports.append(json.loads(data))

    def close(self):
        pass


def make_socket(family=0, kind=None):
    return Socket() if kind == "datagram" else real_socket.socket(family)


import socket as real_socket

names = {name: getattr(real_socket, name) for name in dir(real_socket) if not name.startswith("__")}
names.update({"socket": make_socket, "SOCK_DGRAM": "datagram"})
causes = {"SOFT_RESET": 5, "DEEPSLEEP_RESET": 4} if FAMILY == "esp32" else {}
machine = Module(
    WDT=WDT,
    RTC=RTC,
    ADC=ADC,
    Pin=Pin,
    reset=lambda: end("reset"),
    deepsleep=lambda _: end("slept"),
    reset_cause=lambda: 1,
    notes=[],  # for main.py of a test
    **causes,
)
sys.modules["machine"] = machine
sys.modules["network"] = Module(WLAN=WLAN)
sys.modules["socket"] = Module(**names)

import asyncio

sleep = asyncio.sleep
asyncio.sleep = lambda seconds: end("slept") if seconds >= 60 else sleep(seconds)

flash = Chip(Log(), "flash", 4096, 160, True)
tree = {}
try:
    with open(ROOT + "/flash.img", "rb") as file:
        file.readinto(flash.data)
except OSError:
    vfs.VfsLfs2.mkfs(Port(flash))
    walk(ROOT + "/flash", "flash", tree)
    for name in os.listdir(ROOT + "/flash/waybill"):
        with open(ROOT + "/flash/waybill/" + name, "rb") as file:
            tree["flash/waybill/" + name] = file.read()
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(Port(flash)), "/flash")
write_tree(tree)
vfs.umount("/flash")
vfs.mount(vfs.VfsLfs2(Port(flash)), "/")
sys.path[:] = ["", ".frozen", "/lib"]
os.chdir("/")


def start():
    """How it ended."""
    kept = ("machine", "network", "socket", "asyncio", "__main__")
    for name in list(sys.modules):
        if name.split(".")[0] not in kept:
            del sys.modules[name]
    import airwaybill_boot

    airwaybill_boot.machine = machine
    airwaybill_boot.esp32 = airwaybill_boot.pycom = None
    try:
        for name in ("/boot.py", "/main.py"):
            with open(name) as file:
                source = file.read()
            exec(source, {"__name__": "__main__"})
    except Ended as error:
        return error.args[0]
    return "ran through"


ends = []
while not ends or (ends[-1] == "reset" and len(ends) < LIMIT):
    ends.append(start())
vfs.umount("/")
vfs.mount(vfs.VfsLfs2(Port(flash)), "/flash")
held = {}
walk("/flash", "flash", held)
vfs.umount("/flash")
vfs.mount(vfs.VfsPosix(), "/")
with open(ROOT + "/flash.img", "wb") as file:
    file.write(flash.data)
held = {path: sha1(data) for path, data in held.items()}
print(
    json.dumps(
        {"ends": ends, "fed": len(fed), "reports": reports, "rtc": list(RTC.kept), "notes": machine.notes, "held": held}
    )
)
