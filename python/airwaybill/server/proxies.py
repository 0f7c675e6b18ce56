"""What a proxy in front says of a request, and whether it is believed (rules H1, H10)."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

from starlette.types import Scope

# Of all peers on a Unix socket, which have no address.
UNIX = "unix"
HEADERS = (b"x-forwarded-for", b"x-forwarded-host", b"x-forwarded-proto", b"x-forwarded-prefix", b"forwarded", b"via")
# What a manifest depends on; for caches.
VARY = b"x-forwarded-host, x-forwarded-proto, x-forwarded-prefix"


class Proxies:
    """The addresses and networks (``10.0.0.0/8``) whose headers count, and ``unix``; none if there are none.

    ``ValueError`` for anything else.
    """

    def __init__(self, addresses: Iterable[str] = ()) -> None:
        given = tuple(addresses)
        self._unix = UNIX in given
        self._networks = tuple(ipaddress.ip_network(each, strict=False) for each in given if each != UNIX)
        self._warned = False
        self.trusts = lru_cache(maxsize=1024)(self._trusts)

    def __bool__(self) -> bool:
        return self._unix or bool(self._networks)

    def _trusts(self, address: str | None) -> bool:
        """Whether a peer with this address is trusted; one on a Unix socket has none."""
        if not address:
            return self._unix
        parsed = _address(address)
        return parsed is not None and any(parsed in network for network in self._networks)

    def forwarded(self, scope: Scope, name: bytes) -> str | None:
        """The value of a header that the nearest proxy set, if that is trusted: earlier ones may be the client's."""
        if not self or not self.trusts(_peer(scope)):
            return None
        values = [value for header, value in scope["headers"] if header == name]
        return values[-1].decode("latin-1").rpartition(",")[2].strip() if values else None

    def client(self, scope: Scope) -> str | None:
        """The address of the client: the nearest that is not a trusted proxy's."""
        address = _peer(scope)
        if not self or not self.trusts(address):
            return address
        said = [value for header, value in scope["headers"] if header == b"x-forwarded-for"]
        for part in reversed(b",".join(said).decode("latin-1").split(",")):
            if _address(part.strip()) is None:
                break
            address = part.strip()
            if not self.trusts(address):
                break
        return address

    def warning(self, scope: Scope) -> str | None:
        """What to say of the first request that came through a proxy that is not trusted."""
        if self._warned or not any(name in HEADERS for name, _ in scope["headers"]):
            return None
        address = _peer(scope)
        if self.trusts(address):
            return None
        self._warned = True
        return (
            f"warning: {address or 'a peer on the Unix socket'} sends the headers of a proxy and is not trusted: URLs "
            f"are those of the request that it makes; if it is your proxy, --trusted-proxy {address or UNIX}"
        )


def _peer(scope: Scope) -> str | None:
    client = scope.get("client")
    return client[0] if client else None


def _address(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return address if mapped is None else mapped
