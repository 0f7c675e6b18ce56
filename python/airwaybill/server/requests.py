"""Manifest requests: their parameters, and the base URL of the response (rules H1 and H12)."""

from __future__ import annotations

import re
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from airwaybill import AirwaybillError
from airwaybill._core import manifest_key
from airwaybill._host import host_and_port, shown
from airwaybill.server.answers import RequestError
from airwaybill.server.config import Config
from airwaybill.server.paths import not_found, request_path

CURRENT = "current_ver"
PARAMETERS = (CURRENT, "firmware_ver", "format")
# What people write for `current_ver`, besides what is nearly that.
OTHER_NAMES = ("version", "ver", "current_version")
NEAR_EDITS = 2
# Of so many unknown names that is looked at, to bound the work.
LOOKED_AT = 16
# Segments of what RFC 3986 allows in a path.
ROOT_PATH = re.compile(r"(/(?!\.{1,2}(/|$))([A-Za-z0-9._~!$&'()*+,;=:@-]|%[0-9A-Fa-f]{2})+)+")


class ManifestRequest(NamedTuple):
    """Everything that a manifest depends on besides the releases."""

    base_url: str
    current: str | None
    firmware_version: str | None
    format: int


def manifest_request(scope: Scope, config: Config) -> ManifestRequest:
    """Reads a request for a manifest, or raises ``RequestError`` (400)."""
    base_url = _base_url(scope, config)
    parameters = parse_query(scope["query_string"])
    text = parameters.get("format", "1")
    if text not in ("1", "2", "3"):
        raise RequestError(400, "format_invalid", f"format {shown(text)}: expected 1, 2 or 3")
    return ManifestRequest(base_url, parameters.get("current_ver"), parameters.get("firmware_ver"), int(text))


def manifest_request_at(scope: Scope, config: Config) -> ManifestRequest:
    """The same of a request by path (rule S1), whose query says nothing; ``RequestError`` (404) if it is none."""
    try:
        key = manifest_key(request_path(scope))
    except AirwaybillError as error:
        raise RequestError(400, error.code, str(error)) from None
    if key is None:
        raise not_found(scope["path"])
    form, current, firmware_version = key
    return ManifestRequest(_base_url(scope, config), current, firmware_version, form)


def parse_query(query: bytes) -> dict[str, str]:
    """The known parameters, percent-decoded.

    Others are ignored, unless one is meant as ``current_ver``, and that is not there: a ``RequestError`` (400).
    A `+` stays a `+`: version names may contain one, and devices do not encode it.
    """
    found: dict[str, str] = {}
    others: list[str] = []
    for part in query.split(b"&"):
        name, _, value = part.partition(b"=")
        key = unquote_to_bytes(name).decode("utf-8", "replace")
        if key not in PARAMETERS:
            others.append(key)
            continue
        if key in found:
            raise RequestError(400, "parameter_repeated", f"parameter {key} is given more than once")
        found[key] = unquote_to_bytes(value).decode("utf-8", "replace")
    meant = None if CURRENT in found else next(filter(_means_current, others[:LOOKED_AT]), None)
    if meant is not None:
        # Without a version the answer would be a full install.
        raise RequestError(400, "parameter_unknown", f"parameter {shown(meant)}: expected {CURRENT}")
    return found


def _means_current(name: str) -> bool:
    plain = name.lower().replace("-", "_")
    return plain in OTHER_NAMES or _is_near(plain, CURRENT)


def _is_near(a: str, b: str) -> bool:
    """Whether at most two letters have to be added, left out or replaced to make one of the other."""
    if abs(len(a) - len(b)) > NEAR_EDITS:
        return False
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a):
        before, row = row, [i + 1]
        for j, other in enumerate(b):
            row.append(min(before[j] + (letter != other), before[j + 1] + 1, row[j] + 1))
    return row[-1] <= NEAR_EDITS


def check_host(value: str, name: str) -> str:
    """``value`` if it is a host name or address with an optional port, else ``RequestError`` (400)."""
    try:
        return host_and_port(value, name)
    except AirwaybillError as error:
        raise RequestError(400, error.code, str(error)) from None


def check_root_path(path: str, name: str) -> str:
    """``path`` without a slash at its end, if it is a path in a URL, else ``AirwaybillError``."""
    path = path.rstrip("/")
    if path and not ROOT_PATH.fullmatch(path):
        raise AirwaybillError("prefix_invalid", f"{name} {shown(path)}: expected a path in a URL, such as /updates")
    return path


def _base_url(scope: Scope, config: Config) -> str:
    if config.base_url is not None:
        if any(name == b"host" and value for name, value in scope["headers"]):
            _host(scope)
        return config.base_url
    scheme = config.proxies.forwarded(scope, b"x-forwarded-proto")
    scheme = "http" if scheme is None else scheme.lower()
    if scheme not in ("http", "https"):
        raise RequestError(400, "proto_invalid", f"X-Forwarded-Proto {shown(scheme)}: expected http or https")
    host = config.proxies.forwarded(scope, b"x-forwarded-host")
    host = _host(scope) if host is None else check_host(host, "X-Forwarded-Host")
    return f"{scheme}://{host}{_prefix(scope, config)}{scope.get('root_path', '').rstrip('/')}"


def _prefix(scope: Scope, config: Config) -> str:
    """What a proxy took off the path."""
    prefix = config.proxies.forwarded(scope, b"x-forwarded-prefix")
    if prefix is None:
        return config.root_path
    try:
        return check_root_path(prefix, "X-Forwarded-Prefix")
    except AirwaybillError as error:
        raise RequestError(400, error.code, str(error)) from None


def _host(scope: Scope) -> str:
    values = [value for name, value in scope["headers"] if name == b"host"]
    # granian adds an empty value if the request has no Host.
    if not any(values):
        raise RequestError(400, "host_missing", "the request has no Host header, and no base URL is set")
    if len(values) > 1:
        raise RequestError(400, "host_invalid", "the request has more than one Host header")
    return check_host(values[0].decode("latin-1"), "Host")
