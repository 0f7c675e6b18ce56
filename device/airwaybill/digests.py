"""The digests that manifests and waybills name (D20, T4)."""

from airwaybill_boot import hashlib
from airwaybill_boot.files import hexlify
from airwaybill_boot.content import pump
from OTA import OTAError


def new_sha1():
    try:
        return hashlib.sha1()
    except AttributeError:
        raise OTAError("sha1_missing", "this MicroPython has no hashlib.sha1 (built without TLS); manifests need it")


def digest_like(digest):
    """What makes such a digest: SHA-256 by a waybill, else SHA-1."""
    return hashlib.sha256() if len(digest) == 64 else new_sha1()


def sha1_of(path):
    digest = new_sha1()
    pump(path, digest.update)
    return hexlify(digest)
