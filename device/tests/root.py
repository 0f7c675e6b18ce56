"""Mount points where the flash is mounted at /: micropython root.py CLIENT"""

import io
import json
import os
import sys
import vfs

sys.path.insert(0, sys.argv[1])
sys.path.insert(0, __file__.rsplit("/", 1)[0])

import sim
from OTA import OTA, OTAError, default_mounts
from ota_manifest import Planner

answers = {"default": default_mounts()}


def littlefs():
    device = sim.Device(None, "flash", 4096, 16, True)
    vfs.VfsLfs2.mkfs(device)
    return vfs.VfsLfs2(device)


def fat():
    device = sim.Device(None, "sd", 512, 200, False)
    sim.format_fat(device)
    return vfs.VfsFat(device)


vfs.mount(littlefs(), "/flash")
answers["pycom"] = default_mounts()
vfs.umount("/flash")


def kinds(file_system, boot_py):
    """What becomes of boot.py and main.py in an update that has both."""
    vfs.mount(file_system, "/flash")
    ota = OTA({"flash": "/flash"}, boot_py=boot_py)
    os.mkdir(ota.home)
    entries = []
    for name in ("boot.py", "main.py"):
        with open("/flash/" + name, "w") as file:
            file.write("pass")
        entry = {"URL": "http://x/2/flash/" + name, "dst_path": "flash/" + name, "hash": "0" * 40}
        entries.append(entry)
    manifest = {"delete": [], "new": [], "previous_version": None, "update": entries, "version": "2"}
    plan = io.StringIO()
    planner = Planner(ota, plan, {"flash": (512, 9, ota.copies("/flash"))})
    planner.convert(io.BytesIO(json.dumps(manifest).encode()))
    vfs.umount("/flash")
    return [line[0] for line in plan.getvalue().split("\n") if line[:1] in ("A", "R", "K", "D")]


answers["boot.py"] = [kinds(littlefs(), False), kinds(fat(), False), kinds(fat(), True)]
vfs.umount("/")
vfs.mount(littlefs(), "/")
os.mkdir("/waybill")
ota = OTA()
answers["real"] = ota.real_path("flash/lib/a.py")
answers["card"] = ota.real_path("sd/a.txt")
answers["no card"] = ota.is_mounted("sd")
os.mkdir("/sd")
answers["a directory"] = ota.is_mounted("sd")
vfs.mount(fat(), "/sd")
with open("/sd/a.txt", "w") as file:
    file.write("a")
answers["a card"] = ota.is_mounted("sd")
answers["fat"] = [ota.copies(""), ota.copies("/sd")]
text = b'{"delete": ["flash/sd/a.txt"]}'
try:
    Planner(ota, io.StringIO(), {"flash": (512, 9, False)}).convert(io.BytesIO(text))
except OTAError as error:
    answers["beside"] = error.code
print(json.dumps(answers))
