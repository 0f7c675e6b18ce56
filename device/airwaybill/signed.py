"""A waybill that counts, and what the device is to do (T7)."""

from airwaybill_boot import hashlib
from airwaybill_boot.content import digest_if_there, pump, put
from airwaybill_boot.files import hexlify, remove
from airwaybill.faces import is_face
from airwaybill.lists import write_sum
from OTA import OTAError

HEAD_LINES = 6


def entries(path, only=None):
    """(section, path, size, SHA-256) of each file of a waybill, or of one section of it."""
    section = ""
    with open(path) as file:
        for _ in range(HEAD_LINES):
            file.readline()
        for line in file:
            words = line[:-1].split(" ", 2)
            if len(words) == 2:
                section = words[0]
            elif only in (None, section):
                yield section, words[2], int(words[1]), words[0]


def sources(path):
    """For `record.merged`."""
    for section in ("files", "keep"):
        yield "signed " + section, ((name, (size, digest)) for _, name, size, digest in entries(path, section))


def delivered(path):
    """What a release has put on the device, in place of its record."""
    for _, name, size, digest in entries(path, "files"):
        if not name[name.find("/") :].lower().startswith("/waybill/"):
            yield name, (size, digest)


def is_own(ota, path):
    """Whether the release may have another one than the device, which keeps its own."""
    return not ota.boot_py and is_face(path, ota.systems["flash"])


def plan(ota):
    return Comparison(ota)


def digest(ota):
    """What is to be installed, by what is signed: of the waybill and the image."""
    sha256 = hashlib.sha256((ota.image.digest if ota.image else "").encode())
    if ota.waybill:
        pump(ota.waybill, sha256.update)
    return hexlify(sha256)


def commit(ota, here):
    """Waybill and signatures, to where confirm() finds them."""
    put(ota.waybill, here + "/signed", ota.systems["flash"])
    put(ota.home + "/fetch.signatures", here + "/signed.sig", ota.systems["flash"])
    remove(ota.home + "/fetch.sums")


class Comparison:
    """Holds the plan against the waybill, path by path, and notes what is to come in `waybill/fetch.sums`."""

    def __init__(self, ota):
        self.ota = ota
        self.sums = open(ota.home + "/fetch.sums", "wb")

    def goes(self, path, listed):
        """Whether the file goes. `listed` has what plan, record and waybill say of it."""
        delivered, kept = listed.get("signed files"), listed.get("signed keep")
        entry = listed.get("new") or listed.get("update") or listed.get("keep")
        if entry:
            self.check_entry(path, entry, kept if "keep" in listed else delivered)
        elif delivered and not is_own(self.ota, path):
            name = path[: path.find("/")]
            if name not in self.ota.systems:
                raise OTAError("mount_missing", name)
            if digest_if_there(self.ota.real(path)) != delivered[1]:
                self.fail(path)
        return "record" in listed and not (delivered or kept)

    def check_entry(self, path, entry, signed):
        kind, number, _, size, digest, _ = entry
        if not signed or (size is not None and size != signed[0]) or (kind == "K" and digest != signed[1]):
            self.fail(path)
        write_sum(self.sums, number, signed[1], signed[0])

    def fail(self, path):
        raise OTAError("signed_mismatch", "%s is not what the waybill says" % path)
