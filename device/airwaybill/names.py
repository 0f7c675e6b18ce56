"""Versions and device paths: rules V3 and C3.

Bytes are looked at by `find`, `strip`, `min` and `max`, not in a loop: that is C, on a board some thirty times faster.
"""

from micropython import const

from OTA import OTAError

_VERSION_BYTES = const(64)
_PATH_BYTES = const(4096)
_SEGMENT_BYTES = const(255)

DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyz"


def check_version(text):
    """V3"""
    if not text:
        raise OTAError("version_empty")
    if len(text.encode()) > _VERSION_BYTES:
        raise OTAError("version_too_long", text)
    start = text[1:2] if text[0] == "v" else text[0]
    if not "0" <= start <= "9":
        raise OTAError("version_start", text)
    if text.strip(DIGITS + LETTERS + LETTERS.upper() + ".+_-"):
        raise OTAError("version_character", text)
    return text


def utf8(data):
    """The text in these bytes, or None where they are no UTF-8."""
    try:
        text = str(data, "utf-8")
    except ValueError:  # UnicodeError is one
        return None
    if len(text) != len(data):
        from airwaybill.unicode import is_strict

        return text if is_strict(data) else None
    return text


def has_control(data):
    """Whether there is a control character: below U+0020, or from U+007F to U+009F."""
    if min(data) < 0x20 or b"\x7f" in data:
        return True
    if b"\xc2" not in data:
        return False
    from airwaybill.unicode import follows

    return follows(data, b"\xc2", 0x80, 0x9F)


def check_path(path):
    """C3, for a text or bytes. Returns the path as a text."""
    data = path.encode() if isinstance(path, str) else path
    path = utf8(data)
    if path is None:
        raise OTAError("path_utf8", repr(data))
    if not path:
        raise OTAError("path_empty")
    if len(data) > _PATH_BYTES:
        raise OTAError("path_too_long", "%d bytes" % len(data))
    if path[0] == "/":
        raise OTAError("path_absolute", path)
    if "\\" in path:
        raise OTAError("path_backslash", path)
    if has_control(data):
        raise OTAError("path_control", repr(path))
    for segment in data.split(b"/"):
        if segment in (b"", b".", b".."):
            raise OTAError("path_segment", path)
        if len(segment) > _SEGMENT_BYTES:
            raise OTAError("path_segment_too_long", path)
    return path
