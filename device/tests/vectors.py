"""The device's answers to shared vectors: micropython vectors.py CLIENT FOLDER CASES"""

import binascii
import io
import json
import sys

sys.path[:] = [sys.argv[1]]

from OTA import OTAError
from airwaybill.manifest import Reader
from airwaybill.names import check_path, check_version
from airwaybill.verify import compare


def version(given):
    """V3 alone: how versions are ordered is the server's to say (D14)."""
    check_version(given["left"])
    check_version(given["right"])


def path(given):
    return check_path(binascii.unhexlify(given["hex"]) if isinstance(given, dict) else given)


def verify(given):
    found = {record["path"]: (record["size"], record["sha1"]) for record in given["found"]}
    if "listing" in given:
        start = given["version"] + "/"
        release = [entry for entry in given["listing"] if entry["path"].startswith(start)]
        expected = [(entry["path"][len(start) :], entry["size"], entry["sha1"]) for entry in release]
        return compare(expected, found.get, list(found))
    reader = Reader()
    items = list(reader.read(io.BytesIO(given["manifest"].encode())))
    expected = []
    for field, _, item in items:
        if field == "firmware":
            size, sha1, request = item
            expected.append((request.replace("%2B", "+"), size, sha1))
        elif field != "delete":
            expected.append((reader.version + "/" + item[0],) + item[1:3])
    return compare(expected, found.get)


answers = []
with open(sys.argv[3]) as file:
    cases = json.load(file)
for case in cases:
    try:
        answers.append({"ok": {"version": version, "path": path, "verify": verify}[sys.argv[2]](case["input"])})
    except OTAError as error:
        answers.append({"code": error.code})
print(json.dumps(answers))
