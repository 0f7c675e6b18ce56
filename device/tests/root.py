"""Mount points where the flash is mounted at /: micropython root.py CLIENT"""

import json
import os
import sys
import vfs

vfs.mount(vfs.VfsPosix("/"), "/host")  # the client's parts come from there, whatever is at /
sys.path[:] = ["/host" + path for path in (sys.argv[1], __file__.rsplit("/", 1)[0] + "/model")]

from airwaybill.begin import copies
from airwaybill.offer import Offer, planning
from airwaybill.update import once
from airwaybill_boot import default_mounts
from airwaybill_boot.mounts import is_mounted
from devices import Chip, Log, Port, format_fat
from OTA import OTA, OTAError

answers = {"default": default_mounts()}


def littlefs():
    port = Port(Chip(Log(), "flash", 4096, 16, True))
    vfs.VfsLfs2.mkfs(port)
    return vfs.VfsLfs2(port)


def fat():
    chip = Chip(Log(), "sd", 512, 200, False)
    format_fat(chip)
    return vfs.VfsFat(Port(chip))


vfs.mount(littlefs(), "/flash")
answers["pycom"] = default_mounts()
vfs.umount("/flash")


def plan(ota, systems, *paths):
    """The kinds of the entries in an update with these paths."""
    entries = [{"URL": "http://x/2/" + path, "dst_path": path, "hash": "0" * 40} for path in paths]
    manifest = {"delete": [], "new": [], "previous_version": None, "update": entries, "version": "2"}
    found = Offer()
    found.whole = True
    ota.systems = systems
    ota.waybill = ota.before = None
    ota.held = json.dumps(manifest).encode()
    once("read", "read", ota, found)
    planning(ota, found, None)
    with open(ota.home + "/fetch.new") as file:
        return [line[0] for line in file if line[0] != "P"]


def kinds(file_system, boot_py):
    """What becomes of boot.py and main.py in an update that has both."""
    vfs.mount(file_system, "/flash")
    ota = OTA({"flash": "/flash"}, boot_py=boot_py)
    os.mkdir(ota.home)
    for name in ("boot.py", "main.py"):
        with open("/flash/" + name, "w") as file:
            file.write("pass")
    found = plan(ota, {"flash": copies(ota, "flash")}, "flash/boot.py", "flash/main.py")
    vfs.umount("/flash")
    return found


answers["boot.py"] = [kinds(fs(), boot_py) for fs in (littlefs, fat) for boot_py in (False, True)]
vfs.umount("/")
vfs.mount(littlefs(), "/")
os.mkdir("/waybill")
ota = OTA()
answers["real"] = ota.real("flash/lib/a.py")
answers["card"] = ota.real("sd/a.txt")
answers["no card"] = is_mounted(ota.mounts, "sd")
os.mkdir("/sd")
answers["a directory"] = is_mounted(ota.mounts, "sd")
vfs.mount(fat(), "/sd")
with open("/sd/a.txt", "w") as file:
    file.write("a")
answers["a card"] = is_mounted(ota.mounts, "sd")
answers["fat"] = [copies(ota, "flash"), copies(ota, "sd")]
try:
    plan(ota, {"flash": False}, "flash/sd/a.txt")
except OTAError as error:
    answers["beside"] = error.code
print(json.dumps(answers))
