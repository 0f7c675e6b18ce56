"""Versions and device paths: rules V1, V3 and C3."""

from OTA import OTAError

VERSION_BYTES = 64
PATH_BYTES = 4096
SEGMENT_BYTES = 255


def check_version(text):
    """V3"""
    if not text:
        raise OTAError("version_empty")
    if len(text.encode()) > VERSION_BYTES:
        raise OTAError("version_too_long", text)
    start = text[1:2] if text[0] == "v" else text[0]
    if not "0" <= start <= "9":
        raise OTAError("version_start", text)
    for c in text:
        if not ("0" <= c <= "9" or "a" <= c <= "z" or "A" <= c <= "Z" or c in ".+_-"):
            raise OTAError("version_character", text)
    return text


def version_key(text):
    """V1: a list that sorts as the version does. A number sorts before a text; a longer number is a larger one."""
    key = []
    run = ""
    kind = None
    for c in text + ".":
        now = "0" if "0" <= c <= "9" else "a" if "a" <= c <= "z" else "." if c == "." else "-"
        if now != kind and run:
            if kind == "0":
                run = run.lstrip("0")
                key.append((0, len(run), run))
            elif kind != ".":
                key.append((1, 0, run))
            run = ""
        kind = now
        run += c
    return key


def compare_versions(left, right):
    """Below 0, 0 or above 0, as `left` is lower than, equal to or higher than `right`."""
    left = version_key(check_version(left))
    right = version_key(check_version(right))
    return (left > right) - (left < right)


def check_utf8(data):
    """MicroPython's own decoder takes overlong forms and surrogates."""
    i = 0
    while i < len(data):
        c = data[i]
        i += 1
        if c < 0x80:
            continue
        if 0xC2 <= c < 0xE0:
            more, low, high = 1, 0x80, 0xBF
        elif 0xE0 <= c < 0xF0:
            more, low, high = 2, 0xA0 if c == 0xE0 else 0x80, 0x9F if c == 0xED else 0xBF
        elif 0xF0 <= c < 0xF5:
            more, low, high = 3, 0x90 if c == 0xF0 else 0x80, 0x8F if c == 0xF4 else 0xBF
        else:
            return False
        for _ in range(more):
            if i >= len(data) or not low <= data[i] <= high:
                return False
            low, high = 0x80, 0xBF
            i += 1
    return True


def check_path(path):
    """C3, for a text or bytes. Returns the path as a text."""
    data = path.encode() if isinstance(path, str) else path
    if not check_utf8(data):
        raise OTAError("path_utf8", repr(data))
    path = str(data, "utf-8")
    if not path:
        raise OTAError("path_empty")
    if len(data) > PATH_BYTES:
        raise OTAError("path_too_long", "%d bytes" % len(data))
    if path[0] == "/":
        raise OTAError("path_absolute", path)
    if "\\" in path:
        raise OTAError("path_backslash", path)
    for i in range(len(data)):
        c = data[i]
        if c < 0x20 or c == 0x7F or (c == 0xC2 and data[i + 1] < 0xA0):
            raise OTAError("path_control", repr(path))
    for segment in path.split("/"):
        if segment in ("", ".", ".."):
            raise OTAError("path_segment", path)
        if len(segment.encode()) > SEGMENT_BYTES:
            raise OTAError("path_segment_too_long", path)
    return path
