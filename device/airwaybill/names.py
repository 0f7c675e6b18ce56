"""Versions and device paths: rules V3 and C3.

Bytes are looked at by `find`, `strip`, `min` and `max`, not in a loop: that is C, on a board some thirty times faster.
"""

from OTA import OTAError

VERSION_BYTES = 64
PATH_BYTES = 4096
SEGMENT_BYTES = 255

DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def check_version(text):
    """V3"""
    if not text:
        raise OTAError("version_empty")
    if len(text.encode()) > VERSION_BYTES:
        raise OTAError("version_too_long", text)
    start = text[1:2] if text[0] == "v" else text[0]
    if not "0" <= start <= "9":
        raise OTAError("version_start", text)
    if text.strip(DIGITS + LETTERS + LETTERS.upper() + ".+_-"):
        raise OTAError("version_character", text)
    return text


def utf8(data):
    """The text in these bytes, or None where they are no UTF-8. MicroPython's own decoder takes overlong forms,
    surrogates and what is above U+10FFFF."""
    try:
        text = str(data, "utf-8")
    except ValueError:  # UnicodeError is one
        return None
    if len(text) != len(data):
        for lead in (b"\xc0", b"\xc1", b"\xf5", b"\xf6", b"\xf7"):
            if lead in data:
                return None
        for lead, low, high in ((b"\xe0", 0, 0x9F), (b"\xed", 0xA0, 0xFF), (b"\xf0", 0, 0x8F), (b"\xf4", 0x90, 0xFF)):
            if _follows(data, lead, low, high):
                return None
    return text


def _follows(data, lead, low, high):
    """Whether a byte from `low` to `high` comes after `lead` anywhere."""
    at = data.find(lead)
    while at >= 0:
        if low <= data[at + 1] <= high:
            return True
        at = data.find(lead, at + 2)
    return False


def check_path(path):
    """C3, for a text or bytes. Returns the path as a text."""
    data = path.encode() if isinstance(path, str) else path
    path = utf8(data)
    if path is None:
        raise OTAError("path_utf8", repr(data))
    if not path:
        raise OTAError("path_empty")
    if len(data) > PATH_BYTES:
        raise OTAError("path_too_long", "%d bytes" % len(data))
    if path[0] == "/":
        raise OTAError("path_absolute", path)
    if "\\" in path:
        raise OTAError("path_backslash", path)
    if min(data) < 0x20 or b"\x7f" in data or _follows(data, b"\xc2", 0x80, 0x9F):
        raise OTAError("path_control", repr(path))
    for segment in data.split(b"/"):
        if segment in (b"", b".", b".."):
            raise OTAError("path_segment", path)
        if len(segment) > SEGMENT_BYTES:
            raise OTAError("path_segment_too_long", path)
    return path
