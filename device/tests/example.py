"""Runs an application on a Pycom board of fakes: micropython example.py CLIENT MAIN ROOT PORT DOWNLINK

It ends at the first reset, or when the application has slept three times. Prints what went up, how it ended, and the
SHA-1 of each file. The flash is a littlefs that is kept in ROOT/flash.img and begins as a copy of ROOT/flash; the card
likewise.
"""

import json
import os
import socket
import sys
import time

import vfs

CLIENT, MAIN, ROOT, PORT, DOWNLINK = sys.argv[1:6]
sys.path[:] = [CLIENT, __file__.rsplit("/", 1)[0] + "/model"]

from devices import Chip, Log, Port, format_fat
from releases import sha1
from tree import read_tree, walk, write_tree


def board_tree(mount):
    tree = {}
    walk(ROOT + "/" + mount, mount, tree)
    return tree


chips = {"flash": Chip(Log(), "flash", 4096, 64, True), "sd": Chip(Log(), "sd", 512, 500, False)}
first = False
for name, chip in chips.items():
    try:
        with open("%s/%s.img" % (ROOT, name), "rb") as file:
            file.readinto(chip.data)
    except OSError:
        first = True
        if name == "flash":
            vfs.VfsLfs2.mkfs(Port(chip))
        else:
            format_fat(chip)
trees = [board_tree(name) for name in chips]
vfs.mount(vfs.VfsLfs2(Port(chips["flash"])), "/flash")
vfs.mount(vfs.VfsFat(Port(chips["sd"])), "/sd")
if first:
    for tree in trees:
        write_tree(tree)
    os.mkdir("/flash/waybill")
    with open("/flash/waybill/version", "w") as file:
        file.write("1.0.0\n1.0.0\n")

sent = []
sleeps = []


class Ended(BaseException):
    pass


class Module:
    def __init__(self, **names):
        for name in names:
            setattr(self, name, names[name])


class WLAN:
    STA = 1
    WPA2 = 3
    on = False

    def __init__(self, mode=None):
        WLAN.on = mode is not None or WLAN.on

    def deinit(self):
        WLAN.on = False

    def isconnected(self):
        return WLAN.on

    def ssid(self):
        return "van"

    def connect(self, ssid, auth):
        raise OSError("already there")


class LoRa:
    LORAWAN = 1
    EU868 = 5
    OTAA = 0

    def __init__(self, mode, region):
        pass

    def join(self, activation, auth, timeout):
        assert (len(auth[0]), len(auth[1])) == (8, 16)

    def has_joined(self):
        return True


class LoRaSocket:
    def setsockopt(self, *_):
        pass

    def setblocking(self, _):
        pass

    def send(self, data):
        sent.append(list(data))

    def recv(self, _):
        return bytes([int(DOWNLINK[i : i + 2], 16) for i in range(0, len(DOWNLINK), 2)])


class Pycom:
    def heartbeat(self, _):
        pass

    rgbled = heartbeat


def reset():
    raise Ended("reset")


def sleep(_):
    sleeps.append(1)
    if len(sleeps) == 3:
        raise Ended("slept")


def make_socket(family=socket.AF_INET, kind=socket.SOCK_STREAM):
    return LoRaSocket() if family == "lora" else plain_socket(family, kind)


plain_socket = socket.socket
names = {name: getattr(socket, name) for name in dir(socket) if not name.startswith("__")}
names.update({"socket": make_socket, "AF_LORA": "lora", "SOL_LORA": 1, "SO_DR": 2})
sys.modules["socket"] = Module(**names)
sys.modules["network"] = Module(WLAN=WLAN, LoRa=LoRa)
sys.modules["machine"] = Module(reset=reset, reset_cause=lambda: 0, SOFT_RESET=5)
sys.modules["pycom"] = Pycom()
sys.modules["config"] = Module(WIFI_SSID="van", WIFI_PW="secret", SERVER_IP="127.0.0.1")
names = {name: getattr(time, name) for name in dir(time) if not name.startswith("__")}
names["sleep"] = sleep
sys.modules["time"] = Module(**names)

# Recovery takes built-in modules past sys.modules.
import airwaybill_boot
from OTA import OTA

airwaybill_boot.machine = sys.modules["machine"]

ended = None
try:
    OTA.boot()
    with open(MAIN) as file:
        # The port is the only thing that a test has to choose.
        exec(file.read().replace("8000", PORT), {})
except Ended as error:
    ended = error.args[0]
held = {path: sha1(data) for path, data in read_tree().items()}
vfs.umount("/sd")
vfs.umount("/flash")
for name, chip in chips.items():
    with open("%s/%s.img" % (ROOT, name), "wb") as file:
        file.write(chip.data)
print(json.dumps({"sent": sent, "ended": ended, "wifi": WLAN.on, "held": held}))
