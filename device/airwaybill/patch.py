"""Patches (X1): detools' sequential format, in a zlib stream with a window of 1 KB."""

import deflate

from micropython import const

from airwaybill_boot import feed
from OTA import OTAError

_WINDOW = const(10)  # without it MicroPython takes the 32 KB that the stream's head names
_PIECE = const(128)
_YIELD = const(4096)
# Bytes are added in whole pieces, as the digits of two numbers: without the highest bit of each nothing is carried from
# one to the next, and that bit is put back afterwards.
LOW = int.from_bytes(b"\x7f" * _PIECE, "little")
HIGH = LOW + int.from_bytes(b"\x01" * _PIECE, "little")


def apply(patch, old, size, write):
    """A generator: writes the `size` bytes that `patch` makes of `old`, both files; of nothing where that is None."""
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
                write(added(take(old, len(data)), data) if differs else data)
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
        if shift > 30:
            fail("a number that is too large")
        byte = take(stream, 1)[0]
        value |= (byte & 0x7F) << shift
        shift += 7
    return -value if is_negative else value


def added(old, diff):
    """The sums of the bytes, each without what is carried."""
    if not diff.strip(b"\0"):
        return old
    a = int.from_bytes(old, "little")
    b = int.from_bytes(diff, "little")
    return ((a & LOW) + (b & LOW) ^ (a ^ b) & HIGH).to_bytes(len(old), "little")
