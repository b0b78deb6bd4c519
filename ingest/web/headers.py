"""Pure: what is asked in a request's headers, and what an answer's headers say."""

from __future__ import annotations

import base64
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

from aiohttp import hdrs

from ingest.web import content
from ingest.web.addresses import host

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from ingest.web.content import Want
    from retrieval.generations import Remote

    #: By host: user name, account, password.
    Logins = Mapping[str, tuple[str, str, str]]

#: Characters of a header that are kept, and shown.
_LONGEST = 500
_SHOWN = 60


def of_request(address: str, want: Want, asked: Remote | None, logins: Logins) -> dict[str, str]:
    """Return the headers that ask for an address; `asked` is what is known of this very one."""
    headers: dict[str, str] = {
        hdrs.ACCEPT: content.accept(want),
        hdrs.ACCEPT_ENCODING: "gzip",
        hdrs.USER_AGENT: "threadbot (archive ingest)",
    }
    if asked is not None and asked.etag:
        headers[hdrs.IF_NONE_MATCH] = asked.etag
    if asked is not None and asked.modified:
        headers[hdrs.IF_MODIFIED_SINCE] = asked.modified
    if login := logins.get(host(address)):
        secret = base64.b64encode(f"{login[0]}:{login[2]}".encode()).decode()
        headers[hdrs.AUTHORIZATION] = f"Basic {secret}"
    return headers


def seconds(text: str, now: datetime) -> float:
    """Return how long a Retry-After header asks to wait (RFC 9110, 10.2.3), 0 where it says nothing."""
    if text.strip().isdecimal():
        return float(text.strip()[:9])
    try:
        return max(0.0, (parsedate_to_datetime(text) - now).total_seconds())
    except (ValueError, TypeError):  # no date, or one without a time zone
        return 0.0


def modified(headers: Mapping[str, str]) -> str | None:
    """Return Last-Modified, if no second change can have come under it (RFC 9110, 8.8.2.2)."""
    found = headers.get(hdrs.LAST_MODIFIED)
    try:
        told = parsedate_to_datetime(headers[hdrs.DATE]) - parsedate_to_datetime(found or "")
    except (KeyError, ValueError, TypeError):
        return None
    return found if told.total_seconds() >= 1 and len(found or "") <= _LONGEST else None


def etag(headers: Mapping[str, str]) -> str | None:
    """Return ETag, if it is one that can be kept."""
    found = headers.get(hdrs.ETAG, "")
    return found if found.isascii() and 0 < len(found) <= _LONGEST else None


def media_type(headers: Mapping[str, str]) -> str:
    """Return the media type in lower case, without parameters, as far as it can be shown."""
    said = headers.get(hdrs.CONTENT_TYPE, "").partition(";")[0].strip().lower()
    return said[:_SHOWN].encode("ascii", "replace").decode()
