"""What comes as a patch (X1, X5): detools' sequential format, in a zlib stream with a window of 1 KB.

Whatever is wrong with one, the whole file is fetched instead.
"""

import deflate

from micropython import const

from airwaybill_boot import feed, hashlib
from airwaybill_boot.files import Writing, hexlify, remove, stat
from airwaybill.digests import digest_like, new_sha1
from airwaybill.tries import attempts, get
from OTA import OTAError, as_ota_error

# The server has no such patch, it is none, or there is no room for it: that is no failure of the link, or of the flash.
_IN_VAIN = const(("http_refused", "http_status", "hash_mismatch", "patch_invalid", "space"))
_WINDOW = const(10)  # without it MicroPython takes the 32 KB that the stream's head names
_PIECE = const(128)
_YIELD = const(4096)


def file(ota, patch, place, old, new, digest, size):
    """A generator: the SHA-256 of the file that the patch has made at `new` from the one at `old`, or None. `place` is
    where the patch is to be."""
    try:
        yield from fetch(ota, patch, place)
        found = digest_like(digest)
        sha256 = hashlib.sha256()
        with Writing(new, "wb") as target:

            def write(data):
                target.write(data)
                found.update(data)
                sha256.update(data)

            base = open(old, "rb") if patch[1] else None
            try:
                yield from apply(place, base, size, write)
            finally:
                if base:
                    base.close()
        if hexlify(found) != digest:
            raise OTAError("hash_mismatch", new)
    except Exception as error:
        error = as_ota_error(error)
        if error.code not in _IN_VAIN:
            raise error
        remove(new)
        remove(place)
        return None
    remove(place)
    return hexlify(sha256)


def image(ota, patch, digest, size):
    """A generator: whether the firmware is made, from that which runs, or from nothing."""
    place = ota.home + "/patch"
    running = ota.image.running(patch[4]) if patch[1] else None
    has_base = not patch[1] or (running and sha1_of_rest(running) == patch[1])
    if not has_base or (ota.image.offset and not stat(place)):
        remove(place)
        return False
    try:
        yield from fetch(ota, patch, place)
        ota.image.restart()
        yield from apply(place, running, size, ota.image.write)
        if ota.image.finish() != digest:
            raise OTAError("hash_mismatch", patch[3])
    except Exception as error:
        error = as_ota_error(error)
        if error.code not in _IN_VAIN:
            raise error
        remove(place)
        ota.image.restart()
        return False
    remove(place)
    return True


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


def sha1_of_rest(file):
    """Then it is at its start again."""
    digest = new_sha1()
    while True:
        data = file.read(1024)
        if not data:
            file.seek(0)
            return hexlify(digest)
        digest.update(data)


def apply(place, old, size, write):
    """A generator: writes the `size` bytes that the patch makes of `old`, a file; of nothing where that is None."""
    with open(place, "rb") as patch:
        stream = deflate.DeflateIO(patch, deflate.ZLIB, _WINDOW)
        try:
            yield from decode(stream, old, size, write)
            if stream.read(1) or patch.read(1):
                fail("bytes after the end")
        except (OSError, EOFError) as error:
            if isinstance(error, OSError) and error.args[0] != 22:  # of the flash, not of the stream
                raise
            fail("damaged")


def fail(what):
    raise OTAError("patch_invalid", what)


def decode(stream, old, size, write):
    if take(stream, 1) != b"\0" or number(stream) != size:
        fail("not one of %d bytes" % size)
    if size and number(stream):
        fail("made for a format of data")
    # Bytes are added in whole pieces, as the digits of two numbers: without the highest bit of each nothing is carried
    # from one to the next, and that bit is put back afterwards.
    low = int.from_bytes(b"\x7f" * _PIECE, "little")
    high = low + int.from_bytes(b"\x01" * _PIECE, "little")
    done = at = 0
    steps = size + 1  # detools makes empty ones, though no more than this
    while done < size:
        feed()
        if not steps:
            fail("over %d steps" % size)
        steps -= 1
        for differs in (True, False):
            count = number(stream)
            if not 0 <= count <= size - done or (count and differs and not old):
                fail("a step of %d bytes" % count)
            done += count
            if differs:
                at += count
            while count:
                data = take(stream, count % _PIECE or _PIECE)
                count -= len(data)
                if differs:
                    base = take(old, len(data))
                    if data.strip(b"\0"):
                        a = int.from_bytes(base, "little")
                        b = int.from_bytes(data, "little")
                        base = ((a & low) + (b & low) ^ (a ^ b) & high).to_bytes(len(data), "little")
                    data = base
                write(data)
                feed()
                if not count % _YIELD:
                    yield
        at += number(stream)
        if at < 0:
            fail("a place before the start")
        if old:
            old.seek(at)


def take(file, count):
    data = file.read(count)
    while data and len(data) < count:
        more = file.read(count - len(data))
        if not more:
            break
        data += more
    if len(data) < count:
        fail("too short")
    return data


def number(stream):
    """detools' numbers: 6 bits and a sign, then 7 bits a byte, the lowest first."""
    byte = take(stream, 1)[0]
    value = byte & 0x3F
    is_negative = byte & 0x40
    shift = 6
    while byte & 0x80:
        if shift > 20:
            fail("a number that is too large")
        byte = take(stream, 1)[0]
        value |= (byte & 0x7F) << shift
        shift += 7
    return -value if is_negative else value
