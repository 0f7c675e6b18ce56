"""Hosts that may be part of a URL (rule H1)."""

from __future__ import annotations

import ipaddress
import re

from ._error import AirwaybillError

HOST_LIMIT = 255
HOST_NAME = re.compile(r"[A-Za-z0-9_-]{1,63}(?:\.[A-Za-z0-9_-]{1,63})*\.?")
HOST_AND_PORT = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(?::(?P<port>[0-9]{0,5}))?")
SHOWN_LIMIT = 80


def host_and_port(value: str, name: str) -> str:
    """``value`` if it is a host name, an IPv4 address or an IPv6 address in brackets, with or without a port.

    An empty port, which is legal, is left out.
    """
    match = HOST_AND_PORT.fullmatch(value) if len(value) <= HOST_LIMIT else None
    if match is None or not _is_host(match["host"]) or int(match["port"] or 0) > 65535:
        raise AirwaybillError(
            "host_invalid", f"{name} {shown(value)}: expected a host name or address, with or without a port"
        )
    return value.removesuffix(":")


def _is_host(host: str) -> bool:
    try:
        if host.startswith("["):
            ipaddress.IPv6Address(host[1:-1])
        elif host.rstrip(".").rpartition(".")[2].isdecimal():
            # A name that ends in a number must be an address.
            ipaddress.IPv4Address(host)
        elif not HOST_NAME.fullmatch(host):
            return False
    except ValueError:
        return False
    return True


def shown(value: str) -> str:
    """``value`` for a message: quoted, and cut if it is long."""
    return repr(value if len(value) <= SHOWN_LIMIT else value[:SHOWN_LIMIT] + "…")
