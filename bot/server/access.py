"""Pure: who may use the API."""

from __future__ import annotations

import hmac
import ipaddress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Behind a proxy every client looks local; any of these gives a proxy away, as does any X-Forwarded-….
_FORWARDING = {
    "forwarded",
    "via",
    "x-real-ip",
    "x-client-ip",
    "x-cluster-client-ip",
    "x-original-forwarded-for",
    "true-client-ip",
    "cf-connecting-ip",
    "fly-client-ip",
}


@dataclass(frozen=True, slots=True)
class Denial:
    """Why a request is turned away."""

    status: int
    reason: str


@dataclass(frozen=True, slots=True)
class Access:
    """What the API asks of a request."""

    #: The bearer token every request needs; empty for none, which is for this machine only.
    token: str
    #: Whether the service listens on loopback alone.
    local: bool

    def denial(self, host: str, headers: Mapping[str, str]) -> Denial | None:
        """Return why a request may not pass, None where it may.

        `host` is the request's Host header; the mapping looks names up whatever their case.
        """
        if self.token:
            return (
                None
                if self._has_token(headers)
                else Denial(401, "Send the token as `Authorization: Bearer …`.")
            )
        if not self.local:
            return Denial(
                403, "The service is open to other machines; set THREADBOT_HTTP_TOKEN to use its API."
            )
        if not is_loopback(_without_port(host)):
            return Denial(403, "Without a token only http://localhost and http://127.0.0.1 are answered.")
        if any(_forwards(name.lower()) for name in headers):
            return Denial(403, "Behind a proxy the API needs a token; set THREADBOT_HTTP_TOKEN.")
        return None

    def _has_token(self, headers: Mapping[str, str]) -> bool:
        scheme, _, given = headers.get("Authorization", "").partition(" ")
        # Bytes, for compare_digest refuses texts outside ASCII.
        same = hmac.compare_digest(given.strip().encode("utf-8", "replace"), self.token.encode())
        return scheme.lower() == "bearer" and same


def _forwards(name: str) -> bool:
    return name in _FORWARDING or name.startswith("x-forwarded-")


def is_loopback(host: str) -> bool:
    """Tell whether a name or address is this machine and nothing else."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _without_port(host: str) -> str:
    """Return the host of `host:port`, `[::1]:port` or either alone."""
    if host.startswith("["):
        return host.partition("]")[0] + "]"
    return host.partition(":")[0]
