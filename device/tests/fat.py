"""What a manifest makes of a FAT flash: micropython fat.py CLIENT CASES [boot_py]. Prints the list or the error of
each case. The device has a record of its release: Tone.wav and lib/x."""

import json
import os
import sys

import vfs

sys.path[:] = [sys.argv[1], __file__.rsplit("/", 1)[0] + "/model"]

from airwaybill import record
from airwaybill.offer import Offer, planning
from airwaybill.update import once
from devices import Chip, Log, Port, format_fat
from OTA import OTA, OTAError

for name, sectors in (("flash", 1000), ("sd", 250)):
    chip = Chip(Log(), name, 512, sectors, False)
    format_fat(chip)
    vfs.mount(vfs.VfsFat(Port(chip)), "/" + name)
ota = OTA({"flash": "/flash", "sd": "/sd"}, boot_py="boot_py" in sys.argv)
os.mkdir(ota.home)
os.mkdir("/flash/lib")
for name in ("boot.py", "Tone.wav", "lib/OTA.py", "notes.txt"):
    with open("/flash/" + name, "w") as file:
        file.write("pass")
head = {"version": "1", "before": None, "firmware": None}
record.write(ota.home + "/files", head, [("flash/Tone.wav", 4, "0" * 64, 0), ("flash/lib/x", 4, "0" * 64, 1)])


def plan(delete=(), new=(), update=()):
    """(kind, path) of what the device is to do, or the error's code."""
    entries = [[{"URL": "http://x/2/f", "dst_path": path, "hash": "0" * 40} for path in x] for x in (new, update)]
    parts = [("delete", list(delete)), ("new", entries[0]), ("previous_version", "1"), ("update", entries[1])]
    text = "{%s}" % ", ".join(
        ["%s: %s" % (json.dumps(key), json.dumps(value)) for key, value in parts + [("version", "2")]]
    )
    found = Offer()
    found.head = head
    ota.systems = {"flash": True, "sd": True}
    ota.waybill = ota.before = None
    try:
        ota.held = text.encode()
        once("read", "read", ota, found)
        planning(ota, found, None)
    except OTAError as error:
        return error.code
    with open(ota.home + "/fetch.new") as file:
        lines = [line[:-1].split(" ", 5) for line in file if line[0] in "ARSBDX"]
    return [[line[0], line[5]] for line in lines]


with open(sys.argv[2]) as file:
    cases = json.load(file)
print(json.dumps([plan(**case) for case in cases]))
