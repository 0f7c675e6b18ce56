"""What the package answers to names and manifests: micropython manifest_vectors.py CLIENT BESIDE KIND CASES

BESIDE has what the package needs of a client, where CLIENT has not.
"""

import binascii
import io
import json
import sys

sys.path[:] = [sys.argv[1], sys.argv[2]]

from OTA import OTAError
from airwaybill.manifest import Reader
from airwaybill.names import check_path, check_version


def version(given):
    return check_version(given)


def path(given):
    return check_path(binascii.unhexlify(given["hex"]) if isinstance(given, dict) else given)


def manifest(given):
    """All that the reader yields, and then its attributes."""
    global stream
    stream = io.BytesIO(binascii.unhexlify(given["hex"]))
    reader = Reader()
    items = list(reader.read(stream))
    names = ("version", "previous_version", "full", "total_size", "sized", "null")
    return {"items": items, "rest": {name: getattr(reader, name) for name in names}}


stream = None
answers = []
with open(sys.argv[4]) as file:
    cases = json.load(file)
for case in cases:
    try:
        answers.append({"ok": {"version": version, "path": path, "manifest": manifest}[sys.argv[3]](case)})
    except OTAError as error:
        answers.append({"code": error.code, "detail": error.detail})
        if stream:
            answers[-1]["read"] = stream.tell()
print(json.dumps(answers))
