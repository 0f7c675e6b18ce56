"""Applies patches: micropython patches.py CLIENT DIRECTORY COUNT DAMAGED

DIRECTORY has `N.old`, `N.new` and `N.patch` for each number. Prints the numbers whose result is another; of DAMAGED
patches with a mistake in them how many have which outcome; and the bytes that came beyond the announced ones.
"""

import json
import random
import sys

sys.path[:] = [sys.argv[1]]

from io import BytesIO

from airwaybill.patch import apply
from OTA import OTAError

COUNT, DAMAGED = int(sys.argv[3]), int(sys.argv[4])


def read(number, ending):
    with open("%s/%d.%s" % (sys.argv[2], number, ending), "rb") as file:
        return file.read()


def result(old, patch, size, data):
    for _ in apply(patch, BytesIO(old) if old else None, size, data.extend):
        pass
    return data


def damaged(patch):
    at = random.randrange(len(patch))
    kind = random.randrange(4)
    if kind == 0:
        return patch[:at] + bytes([patch[at] ^ 1 << random.randrange(8)]) + patch[at + 1 :]
    if kind == 1:
        return patch[:at]
    if kind == 2:
        return patch[:at] + patch[at + 1 :]
    return patch + bytes(1 + random.randrange(3))


wrong = []
for number in range(COUNT):
    new = read(number, "new")
    if result(read(number, "old"), "%s/%d.patch" % (sys.argv[2], number), len(new), bytearray()) != new:
        wrong.append(number)
random.seed(7)
outcomes, beyond = {}, 0
file_name = sys.argv[2] + "/damaged"
for number in range(DAMAGED):
    old, new, patch = [read(number % COUNT, ending) for ending in ("old", "new", "patch")]
    data = bytearray()
    try:
        with open(file_name, "wb") as file:
            file.write(damaged(patch))
        outcome = "same" if result(old, file_name, len(new), data) == new else "other bytes"
    except OTAError as error:
        outcome = error.code
    outcomes[outcome] = outcomes.get(outcome, 0) + 1
    beyond += max(0, len(data) - len(new))
print(json.dumps([wrong, outcomes, beyond]))
