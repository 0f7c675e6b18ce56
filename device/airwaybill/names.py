"""Versions and device paths: rules V3 and C3, and which of two names FAT takes for one file.

Bytes are looked at by `find`, `strip`, `min` and `max`, not in a loop: that is C, on a board some thirty times faster.
"""

from OTA import OTAError

VERSION_BYTES = 64
PATH_BYTES = 4096
SEGMENT_BYTES = 255

DIGITS = "0123456789"
LETTERS = "abcdefghijklmnopqrstuvwxyz"

HEX = b"0123456789ABCDEF"

# FatFs, as MicroPython builds it, takes each byte of a name for a character of code page 437. In a long name it folds
# what has a capital in that code page; in one that is also a short name (8.3) it drops most accents as well. Pairs: a
# byte, and the one that stands for its class.
LONG_FOLDS = b"\x87\x80\x81\x9a\x82\x90\x84\x8e\x86\x8f\x91\x92\x94\x99\xa4\xa5\xe5\xe4\xed\xe8"
SHORT_FOLDS = (
    b"\x88\x90\x89\x90\x8a\x90"  # E
    b"\x85\x83\xa0\x83"  # A
    b"\x8c\x8b\x8d\x8b\xa1\x8b"  # I
    b"\x95\x93\xa2\x93"  # O
    b"\x97\x96\xa3\x96"  # U
)


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


def check_fat_path(path):
    """That FAT can hold `path`, which has passed `check_path`, under this name and no other's."""
    for segment in path.split("/"):
        # FatFs drops dots and blanks at the end, and so takes the name for another.
        if segment[-1] in ". " or any([c in segment for c in '"*:<>?|']) or is_generated(segment.encode()):
            raise OTAError("path_reserved", path)


def fat_name(path):
    """The same bytes for two paths, a text each, that FatFs takes for one file."""
    return b"/".join([_folded(segment) for segment in path.encode().upper().split(b"/")])


def _folded(segment):
    if max(segment) >= 0x80:
        folds = LONG_FOLDS + SHORT_FOLDS if _is_short(segment) else LONG_FOLDS
        for i in range(0, len(folds), 2):
            segment = segment.replace(folds[i : i + 1], folds[i + 1 : i + 2])
    return segment


def _is_short(segment):
    """Whether FAT holds this name as 8.3, without a second one that it makes up."""
    parts = segment.split(b".")
    if not 0 < len(parts[0]) <= 8 or len(parts) > 2 or len(parts[-1]) > (3 if len(parts) > 1 else 8):
        return False
    return not any([c in segment for c in (b" ", b"+", b",", b";", b"=", b"[", b"]")])


def is_generated(segment):
    """Whether FatFs may make up this name for a long one, whose file it then opens: `MAINPY~1.PY`, and from the sixth
    of a directory on `MA~3F0C.PY`; `~1.PY` for `.py`."""
    stem = segment.split(b".")[0]
    start = stem.rfind(b"~")
    return start >= 0 and _is_short(segment) and stem[start + 1 :] != b"" and not stem[start + 1 :].upper().strip(HEX)
