"""Versions as rules V1 and V3 have them."""

from OTA import OTAError

VERSION_BYTES = 64


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
