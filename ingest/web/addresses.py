"""Pure: what counts as an address, and how it is written in the index and in messages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from yarl import URL

_SCHEMES = ("https://", "http://")


class AddressError(ValueError):
    """An address that is not fetched; the message is a clause that says why, without any secret."""


def is_address(text: str) -> bool:
    """Tell whether a source is an address and not a path."""
    return text[:8].lower().startswith(_SCHEMES)


def normalised(text: str, base: str | None = None) -> str:
    """Return the one way to write an address: encoded, without fragment or default port.

    :raises AddressError: If it is none, or holds a user name or a password.
    """
    try:
        url = _url(text.strip())
        url = _url(base).join(url) if base else url
        named = url.host  # a name in another script may turn out to be none only when it is read
    except ValueError:
        raise AddressError("is not an address") from None
    if url.scheme not in {"https", "http"}:
        raise AddressError("is not an https:// address")
    if not named or re.search(r"[\s\x00-\x1f]", named):
        raise AddressError("is an address without a host")
    if url.user is not None or url.password is not None:
        raise AddressError(
            "holds a user name or password, which would be kept with the index; put them into ~/.netrc"
        )
    return str(url.with_fragment(None))


def shown(text: str) -> str:
    """Return an address that may not be one without anything that could be a user name or password."""
    return re.sub(r"//.*@", "//…@", text, flags=re.DOTALL)


def host(address: str) -> str:
    """Return the host of a normalised address."""
    return _url(address).host or ""


def suffix(address: str) -> str:
    """Return how the last part of an address's path ends, as `.md`; empty where there is no dot in it."""
    return _url(address).suffix.lower()


def is_plain(address: str) -> bool:
    """Tell whether a normalised address is fetched without encryption."""
    return address.startswith("http://")


def _url(text: str) -> URL:
    """Read an address; runs that have none need not load what reads them."""
    from yarl import URL

    return URL(text)
