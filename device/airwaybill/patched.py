"""What comes as a patch (X5). Whatever is wrong with one, the whole file is fetched instead."""

from airwaybill_boot import hashlib
from airwaybill_boot.files import hexlify, remove, stat
from airwaybill.digests import new_sha1
from airwaybill.tries import attempts, get
from airwaybill.update import steps
from OTA import OTAError, as_ota_error

# The server has no such patch, it is none, or there is no room for it: that is no failure of the link, or of the flash.
IN_VAIN = ("http_refused", "http_status", "hash_mismatch", "patch_invalid", "space")


def file(ota, patch, place, old, new, digest, size):
    """A generator: the SHA-256 of the file that the patch has made at `new` from the one at `old`, or None. `place` is
    where the patch is to be."""
    try:
        yield from fetch(ota, patch, place)
        found = hashlib.sha256() if len(digest) == 64 else new_sha1()
        sha256 = hashlib.sha256()
        with open(new, "wb") as target:

            def write(data):
                target.write(data)
                found.update(data)
                sha256.update(data)

            old = open(old, "rb") if patch[1] else None
            try:
                yield from apply(place, old, size, write)
            finally:
                if old:
                    old.close()
        if hexlify(found) != digest:
            raise OTAError("hash_mismatch", new)
    except Exception as error:
        in_vain(error)
        remove(place)
        remove(new)
        return None
    remove(place)
    return hexlify(sha256)


def image(ota, patch, digest, size):
    """A generator: whether the firmware is made, from that which runs."""
    place = ota.home + "/patch"
    begun = ota.image.offset and not stat(place)
    running = None if begun else ota.image.running(patch[4])
    if not running or sha1_of(running) != patch[1]:
        remove(place)
        return False
    try:
        yield from fetch(ota, patch, place)
        ota.image.restart()
        yield from apply(place, running, size, ota.image.write)
        if ota.image.finish() != digest:
            raise OTAError("hash_mismatch", patch[3])
    except Exception as error:
        in_vain(error)
        remove(place)
        ota.image.restart()
        return False
    remove(place)
    return True


def in_vain(error):
    """Raises what the whole file would end in, too."""
    error = as_ota_error(error)
    if error.code not in IN_VAIN:
        raise error


def fetch(ota, patch, place):
    size, _, digest, request = patch[:4]
    ota.limit = size, "patch_invalid"
    try:
        found = yield from attempts(ota, lambda: get(ota, request, place))
    finally:
        ota.limit = None
    ota.received += ota.last_sink.offset
    ota.last_sink = None
    if found != digest:
        raise OTAError("hash_mismatch", request)


def apply(place, old, size, write):
    with open(place, "rb") as patch:
        yield from steps("patch", "apply", patch, old, size, write)


def sha1_of(running):
    digest = new_sha1()
    while True:
        data = running.read(1024)
        if not data:
            running.seek(0)
            return hexlify(digest)
        digest.update(data)
