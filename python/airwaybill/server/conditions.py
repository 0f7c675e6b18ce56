"""Conditional and range requests (RFC 9110, sections 13 and 14)."""

from __future__ import annotations

import re
from email.utils import formatdate, parsedate_to_datetime

from starlette.types import Scope

ENTITY_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
ONE_RANGE = re.compile(r"bytes=\s*([0-9]*)-([0-9]*)\s*", re.IGNORECASE)
# No file is larger; longer numbers are treated alike.
HUGE_DIGITS = 18
NO_WEIGHT = re.compile(r"q=0(\.0*)?")


class RequestHeaders:
    """The headers of a request, by lower-case name; several lines of one name are joined by commas."""

    def __init__(self, scope: Scope) -> None:
        self._values: dict[str, str] = {}
        for name, value in scope["headers"]:
            key, text = name.decode("latin-1").lower(), value.decode("latin-1")
            self._values[key] = f"{self._values[key]}, {text}" if key in self._values else text

    def get(self, name: str) -> str | None:
        return self._values.get(name)


def accepts_gzip(headers: RequestHeaders) -> bool:
    """Whether a body may be sent with the content coding gzip (12.5.3)."""
    for part in (headers.get("accept-encoding") or "").split(","):
        coding, _, weight = part.replace(" ", "").lower().partition(";")
        if coding == "gzip":
            return NO_WEIGHT.fullmatch(weight) is None
    return False


def http_date(seconds: float) -> str:
    return formatdate(int(seconds), usegmt=True)


def precondition(headers: RequestHeaders, etag: str, modified: float | None) -> int | None:
    """The status that the conditions of a GET or HEAD request call for: 304, 412, or None to go on (13.2.2)."""
    if_match, if_none_match = headers.get("if-match"), headers.get("if-none-match")
    if if_match is not None:
        if not _matches(if_match, etag, weak=False):
            return 412
    elif _is_later(modified, headers.get("if-unmodified-since")):
        return 412
    if if_none_match is not None:
        return 304 if _matches(if_none_match, etag, weak=True) else None
    since = _seconds(headers.get("if-modified-since"))
    return 304 if modified is not None and since is not None and int(modified) <= since else None


def wanted_range(headers: RequestHeaders, size: int, etag: str, modified: float | None) -> tuple[int, int] | None:
    """The one range of bytes to send, as start and end (exclusive), or None for the whole.

    None also for several ranges, and for syntax that is not understood (14.2). An empty result (start = end) means
    that the range cannot be satisfied.
    """
    value, if_range = headers.get("range"), headers.get("if-range")
    match = ONE_RANGE.fullmatch(value) if value is not None else None
    if match is None or (if_range is not None and not _is_same(if_range, etag, modified)):
        return None
    first, last = match[1], match[2]
    if not first:
        # 14.1.2: a suffix range.
        return (max(0, size - _number(last)), size) if last else None
    start = _number(first)
    if not last:
        return (min(start, size), size)
    if _number(last) < start:
        return None
    return (min(start, size), min(_number(last) + 1, size))


def _number(digits: str) -> int:
    return int(digits) if len(digits) <= HUGE_DIGITS else 10**HUGE_DIGITS


def _matches(listed: str, etag: str, *, weak: bool) -> bool:
    if listed.strip() == "*":
        return True
    tags = ENTITY_TAG.findall(listed)
    if weak:
        return etag.removeprefix("W/") in [tag.removeprefix("W/") for tag in tags]
    return not etag.startswith("W/") and etag in tags


def _is_same(if_range: str, etag: str, modified: float | None) -> bool:
    if '"' in if_range:
        return not etag.startswith("W/") and if_range.strip() == etag
    since = _seconds(if_range)
    # 13.1.5: a date must match exactly, and the validator must be strong.
    return since is not None and modified is not None and int(modified) == since and not etag.startswith("W/")


def _is_later(modified: float | None, date: str | None) -> bool:
    since = _seconds(date)
    return since is not None and modified is not None and int(modified) > since


def _seconds(date: str | None) -> int | None:
    """An HTTP date as seconds since the epoch; None for anything else."""
    if date is None:
        return None
    try:
        return int(parsedate_to_datetime(date).timestamp())
    except (TypeError, ValueError, IndexError, OverflowError):
        return None
