"""What FatFs does with names: micropython manifest_fat.py CLIENT BESIDE CASES.

A case is a list of segments that are made in one directory: what the package says to each, and what becomes of them.
"""

import binascii
import json
import os
import sys

import vfs

sys.path[:] = [sys.argv[1], sys.argv[2], __file__.rsplit("/", 1)[0] + "/model"]

from OTA import OTAError
from airwaybill.fat import check_fat_path, fat_name, is_generated
from devices import Chip, Log, Port

chip = Chip(Log(), "flash", 512, 1000, False)
vfs.VfsFat.mkfs(Port(chip))
vfs.mount(vfs.VfsFat(Port(chip)), "/flash")


def judged(segment):
    """The folded name, or the code."""
    try:
        check_fat_path("a/" + segment + "/b")
    except OTAError as error:
        return error.code
    return str(binascii.hexlify(fat_name("flash/" + segment)), "ascii")


def written(segments):
    """For each segment the number of the one whose file it opens; None if it cannot be made."""
    found = []
    for number, segment in enumerate(segments):
        path = "/flash/d/" + segment
        try:
            with open(path) as file:
                found.append(int(file.read()))
            continue
        except OSError:
            pass
        try:
            with open(path, "w") as file:
                file.write(str(number))
            found.append(number)
        except OSError:
            found.append(None)
    return found


def unforeseen(segments):
    """The short names of the files that are there, but for those that are a name of `segments` or look made up."""
    folded = [segment.encode().upper() for segment in segments]
    names = []
    for at in range(0, len(chip.data), 32):
        entry = bytes(chip.data[at : at + 32])
        if entry[11] == 0x20 and entry[0] not in (0, 0xE5):
            name = entry[:8].rstrip() + b"." + entry[8:11].rstrip()
            name = name.rstrip(b".")
            if name not in folded and max(name) < 0x80 and not is_generated(name):
                names.append(str(name, "ascii"))
    return names


answers = []
with open(sys.argv[3]) as file:
    cases = json.load(file)
for case in cases:
    os.mkdir("/flash/d")
    answers.append({"names": [judged(segment) for segment in case], "opens": written(case)})
    answers[-1]["kept"] = sorted([entry[0] for entry in os.ilistdir("/flash/d")])
    answers[-1]["unforeseen"] = unforeseen(case)
    for entry in os.ilistdir("/flash/d"):
        os.remove("/flash/d/" + entry[0])
    os.rmdir("/flash/d")
print(json.dumps(answers))
