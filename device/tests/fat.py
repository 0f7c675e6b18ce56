"""What a manifest makes of a FAT flash: micropython fat.py CLIENT CASES [boot_py]. Prints the plan or the error of
each case."""

import io
import json
import os
import sys

import vfs

sys.path.insert(0, sys.argv[1])
sys.path.insert(0, __file__.rsplit("/", 1)[0])

import sim

from OTA import OTA, OTAError
from ota_manifest import Planner
from ota_plan import check_case

device = sim.Device(None, "flash", 512, 1000, False)
sim.format_fat(device)
vfs.mount(vfs.VfsFat(device), "/flash")
ota = OTA({"flash": "/flash", "sd": "/sd"}, boot_py="boot_py" in sys.argv)
os.mkdir(ota.home)
card = sim.Device(None, "sd", 512, 250, False)
sim.format_fat(card)
vfs.mount(vfs.VfsFat(card), "/sd")
os.mkdir("/flash/lib")
for name in ("boot.py", "Tone.wav", "lib/OTA.py"):
    with open("/flash/" + name, "w") as file:
        file.write("pass")


def plan(delete=(), new=(), update=()):
    """The lines of the plan, or the error's code."""
    entries = [[{"URL": "http://x/2/f", "dst_path": path, "hash": "0" * 40} for path in x] for x in (new, update)]
    parts = [("delete", list(delete)), ("new", entries[0]), ("previous_version", None), ("update", entries[1])]
    text = "{%s}" % ", ".join(
        ["%s: %s" % (json.dumps(key), json.dumps(value)) for key, value in parts + [("version", "2")]]
    )
    path = ota.home + "/plan"
    try:
        with open(path, "w") as file:
            systems = {"flash": (512, 9, True), "sd": (512, 9, True)}
            Planner(ota, file, systems).convert(io.BytesIO(text.encode()))
        check_case(path, ["flash"])
    except OTAError as error:
        return error.code
    with open(path) as file:
        lines = [line[:-1].split(" ", 3) for line in file if line[0] in "ARKDX"]
    return [[line[0], line[3]] for line in lines]


with open(sys.argv[2]) as file:
    cases = json.load(file)
print(json.dumps([plan(**case) for case in cases]))
