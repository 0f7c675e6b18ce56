"""Manifest requests: their parameters, and the base URL of the response (rule H1)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import NamedTuple
from urllib.parse import unquote_to_bytes

from starlette.types import Scope

from airwaybill import AirwaybillError
from airwaybill._host import host_and_port, shown
from airwaybill.server.answers import RequestError
from airwaybill.server.config import Config, Network

CURRENT = "current_ver"
PARAMETERS = (CURRENT, "firmware_ver", "format")
# What people write for `current_ver`, besides what is nearly that.
OTHER_NAMES = ("version", "ver", "current_version")
NEAR_EDITS = 2
# Of so many unknown names that is looked at, to bound the work.
LOOKED_AT = 16


class ManifestRequest(NamedTuple):
    """Everything that a manifest depends on besides the releases."""

    base_url: str
    current: str | None
    firmware_version: str | None
    format: int


def parse_networks(addresses: Iterable[str]) -> tuple[Network, ...]:
    """Addresses and networks (``10.0.0.0/8``) as networks. ``ValueError`` for anything else."""
    return tuple(ipaddress.ip_network(address, strict=False) for address in addresses)


def manifest_request(scope: Scope, config: Config) -> ManifestRequest:
    """Reads a request for a manifest, or raises ``RequestError`` (400)."""
    base_url = _base_url(scope, config.trusted_proxies) if config.base_url is None else config.base_url
    if config.base_url is not None and any(name == b"host" and value for name, value in scope["headers"]):
        _host(scope)
    parameters = parse_query(scope["query_string"])
    text = parameters.get("format", "1")
    if text not in ("1", "2", "3"):
        raise RequestError(400, "format_invalid", f"format {shown(text)}: expected 1, 2 or 3")
    return ManifestRequest(base_url, parameters.get("current_ver"), parameters.get("firmware_ver"), int(text))


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


def _base_url(scope: Scope, trusted: tuple[Network, ...]) -> str:
    scheme, host = "http", None
    if trusted and is_trusted((scope.get("client") or ("",))[0], trusted):
        forwarded_scheme, forwarded_host = _last(scope, b"x-forwarded-proto"), _last(scope, b"x-forwarded-host")
        if forwarded_scheme is not None:
            scheme = forwarded_scheme.lower()
            if scheme not in ("http", "https"):
                raise RequestError(400, "proto_invalid", f"X-Forwarded-Proto {shown(scheme)}: expected http or https")
        if forwarded_host is not None:
            host = check_host(forwarded_host, "X-Forwarded-Host")
    own_host = _host(scope) if host is None else host
    return f"{scheme}://{own_host}{scope.get('root_path', '').rstrip('/')}"


def _host(scope: Scope) -> str:
    values = [value for name, value in scope["headers"] if name == b"host"]
    # granian adds an empty value if the request has no Host.
    if not any(values):
        raise RequestError(400, "host_missing", "the request has no Host header, and no base URL is set")
    if len(values) > 1:
        raise RequestError(400, "host_invalid", "the request has more than one Host header")
    return check_host(values[0].decode("latin-1"), "Host")


def is_trusted(text: str, trusted: tuple[Network, ...]) -> bool:
    """Whether an address is one of the ``trusted``."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in trusted)


def _last(scope: Scope, name: bytes) -> str | None:
    """The value set by the nearest proxy: earlier ones may be the client's."""
    values = [value for header, value in scope["headers"] if header == name]
    return values[-1].decode("latin-1").rpartition(",")[2].strip() if values else None
