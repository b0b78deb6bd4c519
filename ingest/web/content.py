"""Pure: what a server may send as a page or as a list of pages, and what it was before compression."""

from __future__ import annotations

import zlib
from typing import Literal

from ingest.types import SUFFIXES
from ingest.web.addresses import suffix

#: A thread page; or what was named as a source, which may also be a feed, a sitemap or a list.
Want = Literal["page", "source"]

TEXT = frozenset({"text/markdown", "text/x-markdown", "text/plain"})
_XML = frozenset({"application/xml", "text/xml", "application/rdf+xml"})
_GZIP = frozenset({"application/gzip", "application/x-gzip"})
#: What servers say of files they do not know.
_UNKNOWN = frozenset({"application/octet-stream", "binary/octet-stream", ""})
_GZIP_START = b"\x1f\x8b"


class TooLargeError(ValueError):
    """More than may be taken in."""


class CutShortError(ValueError):
    """Compressed data that ends too early, or is damaged."""


def accept(want: Want) -> str:
    """Return the Accept header."""
    text = "text/markdown, text/plain;q=0.9"
    return f"{text}, */*;q=0.1" if want == "page" else f"{text}, application/xml;q=0.9, */*;q=0.1"


def unwelcome(media_type: str, address: str, want: Want) -> str | None:
    """Return why a media type, in lower case without parameters, is not taken, None where it is."""
    ending = suffix(address)
    if media_type in TEXT or (media_type in _UNKNOWN and ending in SUFFIXES):
        return None
    if "html" not in media_type and (media_type in _XML | _GZIP or media_type.endswith("+xml")):
        return None if want == "source" else f"is {media_type}; name a feed or a sitemap as a source itself"
    if want == "source" and media_type in _UNKNOWN and ending in {".xml", ".gz"}:
        return None
    return f"is {media_type or 'of no known type'}, not Markdown"


def inflated(data: bytes, limit: int) -> bytes:
    """Return what gzip made of these bytes was, of all members.

    :raises TooLargeError: If that is more than `limit` bytes; no more are made.
    :raises CutShortError: If the end is missing or something is damaged.
    """
    parts: list[bytes] = []
    room = limit
    while data.strip(b"\0"):
        stream = zlib.decompressobj(wbits=31)
        try:
            part = stream.decompress(data, room + 1)
        except zlib.error as error:
            raise CutShortError("its compression is damaged") from error
        room -= len(part)
        if room < 0:
            raise TooLargeError
        if not stream.eof:
            raise CutShortError("its compression ends too early")
        parts.append(part)
        data = stream.unused_data
    return b"".join(parts)


def unpacked(data: bytes, limit: int) -> bytes:
    """Return a document that may itself be a gzip file, such as `sitemap.xml.gz`; see `inflated`."""
    return inflated(data, limit) if data.startswith(_GZIP_START) else data
