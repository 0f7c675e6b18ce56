"""The device's answers to shared vectors: micropython vectors.py CLIENT FOLDER CASES SCRATCH"""

import binascii
import json
import os
import sys

sys.path.insert(0, sys.argv[1])

from OTA import OTA, OTAError
from ota_manifest import Planner
from ota_names import check_path, compare_versions
from ota_update import entries
from ota_verify import compare

SCRATCH = sys.argv[4]


def version(given):
    order = compare_versions(given["left"], given["right"])
    return "less" if order < 0 else "greater" if order > 0 else "equal"


def path(given):
    return check_path(binascii.unhexlify(given["hex"]) if isinstance(given, dict) else given)


def verify(given):
    found = {record["path"]: (record["size"], record["sha1"]) for record in given["found"]}
    if "listing" in given:
        start = given["version"] + "/"
        release = [entry for entry in given["listing"] if entry["path"].startswith(start)]
        expected = [(entry["path"][len(start) :], entry["size"], entry["sha1"]) for entry in release]
        return compare(expected, found.get, list(found))
    with open(SCRATCH + "/manifest", "wb") as file:
        file.write(given["manifest"].encode())
    ota = OTA({"flash": SCRATCH + "/flash", "sd": SCRATCH + "/sd"})
    with open(SCRATCH + "/manifest", "rb") as source, open(SCRATCH + "/plan", "w") as target:
        summary = Planner(ota, target, {"flash": (512, 99, False), "sd": (512, 99, False)}).convert(source)
    expected = []
    with open(SCRATCH + "/plan") as plan:
        for kind, size, digest, name, request in entries(plan):
            if kind != "D":
                expected.append((summary.version + "/" + name if name else unquoted(request), size, digest))
    return compare(expected, found.get)


def unquoted(request):
    return request.replace("%2B", "+")


answers = []
for part in ("flash", "sd"):
    try:
        os.mkdir(SCRATCH + "/" + part)
    except OSError:
        pass
with open(sys.argv[3]) as file:
    cases = json.load(file)
for case in cases:
    try:
        answers.append({"ok": {"version": version, "path": path, "verify": verify}[sys.argv[2]](case["input"])})
    except OTAError as error:
        answers.append({"code": error.code})
print(json.dumps(answers))
