"""What a device has to have, by the waybill of its release (T8)."""

from airwaybill_boot import hashlib
from airwaybill_boot.content import pump
from airwaybill_boot.files import stat
from airwaybill.signed import entries, is_own
from airwaybill.update import once
from OTA import part

END = b"-----END SSH SIGNATURE-----\n"


def is_signed(ota, place):
    """Whether enough of the keys that the device has now signed the waybill."""
    digest = hashlib.sha256()
    pump(place + "/signed", digest.update)
    with open(place + "/signed.sig", "rb") as file:
        files = [("", part + END) for part in file.read().split(END)[:-1]]
    signed, _ = once("signers", "signers", digest.digest(), files, ota.keys["release"], [])
    return len(signed) >= ota.keys["threshold release"]


def numbers(ota):
    """The sequences where the record that has them is lost: the release's by the waybill that was kept, if today's keys
    have signed that; the image's is lost. Else {}."""
    path = ota.home + "/signed"
    if not (stat(path) and stat(path + ".sig") and is_signed(ota, ota.home)):
        return {}
    waybill = part("waybill").Waybill(path)
    return {"keys": ota.keys["keys"], "release": [waybill.sequence, waybill.version], "firmware": None}


def expected(ota, place):
    """(path, size, SHA-256) of each file."""
    ota.systems = once("begin", "systems", ota)
    for _, path, size, digest in entries(place + "/signed", "files"):
        if not is_own(ota, path):
            yield path, size, digest
