"""Documents with one byte changed: micropython flips.py CLIENT SPEC ROUNDS

SPEC is a JSON file: `waybill`, `signature` and `keys`, as text. Prints how many of the changed ones count.
"""

import hashlib
import json
import random
import sys

sys.path[:] = [sys.argv[1]]

from OTA import OTAError
from airwaybill.keys import read
from airwaybill.signers import signers
from airwaybill.waybill import reasons


def counts(waybill, signature, keys):
    try:
        keys = read(keys)
        signed, _ = signers(hashlib.sha256(waybill).digest(), [("sig", signature)], keys["release"], [])
        if not signed:
            return False
        with open(sys.argv[2] + ".waybill", "wb") as file:
            file.write(waybill)
        return not reasons(sys.argv[2] + ".waybill", keys, signed, "1.0.1.waybill")[0]
    except OTAError:
        return False


def flipped(data):
    at = random.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << random.randrange(8)]) + data[at + 1 :]


with open(sys.argv[2]) as file:
    spec = {name: text.encode() for name, text in json.load(file).items()}
assert counts(**spec)
random.seed(7)
taken = 0
for number in range(int(sys.argv[3])):
    name = ("waybill", "signature")[number % 2]
    changed = dict(spec)
    changed[name] = flipped(spec[name])
    taken += counts(**changed)
print(json.dumps(taken))
