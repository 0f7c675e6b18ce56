"""The device's answers to shared vectors: micropython vectors.py CLIENT FOLDER CASES"""

import binascii
import hashlib
import io
import json
import sys

sys.path[:] = [sys.argv[1]]

from OTA import OTAError
from airwaybill.ed25519 import verifies
from airwaybill.manifest import Reader
from airwaybill.names import check_path, check_version
from airwaybill import keys as keys_of
from airwaybill.signers import signers
from airwaybill.sshsig import parse
from airwaybill.verify import compare
from airwaybill.waybill import Waybill, reasons


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
            size, sha1, request, _ = item
            expected.append((request.replace("%2B", "+"), size, sha1))
        elif field != "delete":
            expected.append((reader.version + "/" + item[0],) + item[1:3])
    return compare(expected, found.get)


def waybill(given):
    [(kind, asked)] = given.items()
    if kind == "waybill":
        found = Waybill(write(content(asked)))
        names = ("product", "kind", "version", "sequence", "expires", "needs_firmware")
        sections = {"files": [], "keep": []}
        for section, path, size, sha256 in found.files():
            sections[section].append({"path": path, "size": size, "sha256": sha256})
        sections.update([(name, getattr(found, name)) for name in names])
        return sections
    if kind == "keys":
        return shown(keys_of.read(content(asked)), content(asked))
    if kind == "signature":
        key, _ = parse(content(asked))
        blob = b"\0\0\0\x0bssh-ed25519\0\0\0\x20" + key
        return "ssh-ed25519 " + str(binascii.b2a_base64(blob)[:-1], "ascii")
    if kind == "ed25519":
        return verifies(*[binascii.unhexlify(asked[name]) for name in ("key", "message", "signature")])
    keys, document = keys_of.read(content(asked["keys"])), content(asked["document"])
    digest = hashlib.sha256(document).digest()
    files = [(file["name"], content(file["content"])) for file in asked["signatures"]]
    if kind == "next":
        new = keys_of.read(document)
        both = dict(keys["root"])
        both.update(new["root"])
        keys_of.check_next(keys, new, signers(digest, files, both, [])[0])
        return shown(new, document)
    signed, skipped = signers(digest, files, keys["release"], [])
    name = asked["name"]
    why, _ = reasons(write(document), keys, signed, name, asked.get("now"))
    return {
        "reasons": [{"path": name, "code": error.code} for error in why],
        "signers": [keys["release"][key] for key in signed],
        "skipped": [{"path": name, "code": error.code} for name, error in skipped],
    }


def shown(keys, document):
    shown = {"product": keys["product"], "number": keys["keys"]}
    for role in ("root", "release"):
        lines = sorted(keys[role].values(), key=lambda line: document.find((role + " " + line).encode()))
        shown[role] = {"threshold": keys["threshold " + role], "keys": lines}
    for kind in ("release", "firmware"):
        shown["floor_" + kind] = keys["floor " + kind]
    return shown


def content(given):
    if isinstance(given, str):
        return given.encode()
    return b"".join([binascii.unhexlify(digits) * count for digits, count in given])


def write(document):
    path = sys.argv[3] + ".document"
    with open(path, "wb") as file:
        file.write(document)
    return path


AREAS = {"version": version, "path": path, "verify": verify, "waybill": waybill}
answers = []
with open(sys.argv[3]) as file:
    cases = json.load(file)
for case in cases:
    try:
        answers.append({"ok": AREAS[sys.argv[2]](case["input"])})
    except OTAError as error:
        answers.append({"code": error.code})
print(json.dumps(answers))
