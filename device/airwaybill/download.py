"""The files of a list, one after the other, to where they wait for the next start."""

from micropython import const

from airwaybill_boot.content import digest_of
from airwaybill_boot.files import make_directories, parent, remove, staged, stat
from airwaybill.lists import lines, read_sum, staging, write_sum
from airwaybill.tries import attempts, get
from OTA import OTAError

_AHEAD = const(8)  # requests on their way at once, where the transport can
_SHA1_DIGITS = const(40)
FETCHED = "ARBC"


def files(ota):
    """A generator: fetches what is not there yet."""
    sums = staging(ota, "flash/") + "/sums"
    make_directories(parent(sums))
    waiting = []
    with open(sums, "wb") as file:
        source = wanted(ota, file)
        more = True
        while more or waiting:
            while more and len(waiting) < _AHEAD:
                item = next(source, None)
                more = item is not None
                if more:
                    ota.announce(item[1], staged_path(ota, item))
                    waiting.append(item)
            if waiting:
                item = waiting.pop(0)
                ota.fetching = item[3]
                yield from fetch(ota, item[1], staged_path(ota, item), item[2], item[4])
                write_sum(file, item[0], ota.last_sink.sha256, ota.last_sink.offset)


def staged_path(ota, item):
    return staged(staging(ota, item[3]), item[0], "n")


def wanted(ota, sums):
    """(number, request, digest, path, size) of what is still to be fetched: by the waybill, where there is one, with
    its SHA-256, else with SHA-1."""
    shard = None
    signed = open(ota.home + "/fetch.sums", "rb") if ota.waybill else None
    for kind, number, _, size, digest, path, request in lines(ota.home + "/fetch"):
        if kind not in FETCHED:
            continue
        if signed:
            digest, size = read_sum(signed, number)
        new = staged(staging(ota, path), number, "n")
        if parent(new) != shard:
            shard = parent(new)
            make_directories(shard)
        found = None if ota.fresh else stat(new)
        if found and size is not None and found[6] >= size:
            from airwaybill.digests import sha1_of

            if found[6] == size and (digest_of(new) if signed else sha1_of(new)) == digest:
                ota.received += size
                write_sum(sums, number, digest_of(new), size)
                continue
            remove(new)
        yield number, request, digest, path, size
    if signed:
        signed.close()


def fetch(ota, request, path, digest, size, firmware=False):
    is_signed = len(digest) > _SHA1_DIGITS

    def attempt():
        found = yield from get(ota, request, path, firmware)
        if is_signed and not firmware:
            found = ota.last_sink.sha256
        if found != digest:
            if firmware:
                ota.image.restart()
            else:
                remove(path)
            raise OTAError("hash_mismatch", request)

    ota.limit = (size, "signed_mismatch") if is_signed else None
    try:
        yield from attempts(ota, attempt)
    finally:
        ota.limit = None
    ota.received += ota.last_sink.offset


def image(ota, wanted):
    """A generator: the firmware, to where it does not run yet."""
    size, digest, request = wanted
    ota.fetching = request
    yield from fetch(ota, request, None, digest, size, True)
