"""The files of a list, one after the other, to where they wait for the next start."""

from micropython import const

from airwaybill_boot.content import digest_of
from airwaybill_boot.files import Writing, make_directories, parent, remove, staged, stat
from airwaybill import sink  # noqa: F401, it stays for all files
from airwaybill.lists import lines, read_sum, staging, write_sum
from airwaybill.tries import attempts, get
from airwaybill.update import once, steps
from OTA import OTAError

_AHEAD = const(8)  # requests on their way at once, where the transport can
_SHA1_DIGITS = const(40)


def files(ota):
    """A generator: fetches what is not there yet."""
    sums = staging(ota, "flash/") + "/sums"
    make_directories(parent(sums))
    waiting = []
    with Writing(sums, "wb") as file:
        source = wanted(ota, file)
        more = True
        while more or waiting:
            while more and len(waiting) < _AHEAD:
                item = next(source, None)
                more = item is not None
                if more:
                    number, request, _, path, _, patch = item
                    ota.announce(patch[3] if patch else request, staged_path(ota, path, number, "d" if patch else "n"))
                    waiting.append(item)
            if waiting:
                number, request, digest, path, size, patch = waiting.pop(0)
                new = staged_path(ota, path, number, "n")
                ota.fetching = path
                sha256 = None
                received = ota.received
                if patch:
                    place = staged_path(ota, path, number, "d")
                    try:
                        sha256 = yield from steps("patch", "file", ota, patch, place, ota.real(path), new, digest, size)
                    except OTAError as error:
                        if error.code != "memory":
                            raise
                        ota.patches = False
                        remove(place)
                        remove(new)
                if not sha256:
                    if patch:
                        ota.size += size - patch[0] + ota.received - received
                    yield from fetch(ota, request, new, digest, size)
                    sha256, size = ota.last_sink.sha256, ota.last_sink.offset
                write_sum(file, number, sha256, size)


def staged_path(ota, path, number, kind):
    return staged(staging(ota, path), number, kind)


def wanted(ota, sums):
    """(number, request, digest, path, size, patch) of what is still to be fetched: by the waybill, where there is one,
    with its SHA-256, else with SHA-1. A patch of another file than the device has is none."""
    shard = None
    signed = open(ota.home + "/fetch.sums", "rb") if ota.waybill else None
    patches = []
    for kind, number, _, size, digest, path, request in lines(ota.home + "/fetch", patches):
        if kind not in "ARBC":
            continue
        if signed:
            digest, size = read_sum(signed, number)
        new = staged_path(ota, path, number, "n")
        if parent(new) != shard:
            shard = parent(new)
            make_directories(shard)
        patch = patches[0]
        found = None if ota.fresh else stat(new)
        if found and size is not None and found[6] >= size:
            if found[6] == size and (digest_of(new) if signed else once("digests", "sha1_of", new)) == digest:
                ota.received += size
                if patch:
                    ota.size += size - patch[0]
                write_sum(sums, number, digest_of(new), size)
                continue
            remove(new)
            found = None
        begun = found and not stat(staged_path(ota, path, number, "d"))
        if patch and (
            begun or not ota.patches or (patch[1] and once("digests", "sha1_of", ota.real(path)) != patch[1])
        ):
            ota.size += size - patch[0]
            patch = None
        yield number, request, digest, path, size, patch
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


def image(ota, wanted, patch):
    """A generator: the firmware, to where it does not run yet."""
    size, digest, request = wanted
    ota.fetching = request
    done = False
    received = ota.received
    if patch and ota.patches:
        try:
            done = yield from steps("patch", "image", ota, patch, digest, size)
        except OTAError as error:
            if error.code != "memory":
                raise
            remove(ota.home + "/patch")
            ota.image.restart()
    if not done:
        if patch:
            ota.size += size - patch[0] + ota.received - received
        yield from fetch(ota, request, None, digest, size, True)
