"""Which machines may be connected to: by default none on a private network, and not this one.

The check stands where a socket is made for one IP address, after every name has been resolved and for
every redirect and every try anew, so that a name that points elsewhere a moment later gains nothing.
"""

from __future__ import annotations

import socket
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp.connector import AddrInfoType

#: IPv6 addresses that a gateway turns into the IPv4 address in their last 32 bits (RFC 6052, 8215).
_TRANSLATED = (IPv6Network("64:ff9b::/96"), IPv6Network("64:ff9b:1::/48"))


class RefusedError(OSError):
    """A connection to a machine that may not be connected to."""

    def __init__(self) -> None:
        super().__init__("is on a private network or this machine")


def is_public(text: str) -> bool:
    """Tell whether an IP address is one of the open internet.

    IPv6 addresses that stand for an IPv4 address are judged by that.
    """
    address = ip_address(text.partition("%")[0])
    inner = _inner(address) if isinstance(address, IPv6Address) else None
    judged = [address] if inner is None else [inner]
    return all(one.is_global and not one.is_multicast for one in judged)


def anywhere(text: str) -> bool:
    """Allow every IP address."""
    del text
    return True


def socket_maker(allowed: Callable[[str], bool]) -> Callable[[AddrInfoType], socket.socket]:
    """Return what makes the sockets of a connector, for allowed IP addresses only."""

    def make(info: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, address = info
        ip: Any = address[0]
        if not allowed(str(ip)):
            raise RefusedError
        return socket.socket(family, kind, protocol)

    return make


def _inner(address: IPv6Address) -> IPv4Address | None:
    """Return the IPv4 address that an IPv6 address stands for, if it does."""
    if address.ipv4_mapped or address.sixtofour:
        return address.ipv4_mapped or address.sixtofour
    if address.teredo:
        return address.teredo[1]
    if any(address in network for network in _TRANSLATED):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None
