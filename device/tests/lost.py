"""What a power cut in a copy costs on FAT: micropython lost.py CLIENT. Prints the most clusters that a cut loses."""

import json
import sys

import vfs

sys.path[:] = [sys.argv[1], __file__.rsplit("/", 1)[0] + "/model"]

from airwaybill_boot.content import copy
from devices import Chip, Log, Port, format_fat, lost_clusters

log = Log()
chip = Chip(log, "sd", 512, 1000, False)
format_fat(chip)
vfs.mount(vfs.VfsFat(Port(chip)), "/sd")
with open("/sd/from", "wb") as file:
    file.write(bytes(60000))
cut = Chip(Log(), "cut", 512, 1000, False)
cut.data[:] = chip.data
log.keeps = True
copy("/sd/from", "/sd/to", True)
most = 0
for _, start, data in log.writes:
    cut.data[start : start + len(data)] = data
    most = max(most, len(lost_clusters(cut)))
print(json.dumps(most))
