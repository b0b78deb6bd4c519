"""Pure: the addresses that a feed, a sitemap or a list names.

Formats: Atom (RFC 4287), RSS 2.0 and 1.0, sitemaps and indexes of them (sitemaps.org), and text with
one address a line, where empty lines and lines that begin with `#` mean nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING

from ingest.types import SUFFIXES
from ingest.web.addresses import AddressError, is_address, normalised, shown, suffix
from ingest.web.content import TEXT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from xml.etree.ElementTree import Element

_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_XML_STARTS = ("<?xml", "<rss", "<feed", "<urlset", "<sitemapindex", "<rdf:")
#: A link as a feed has it: the address as written, and the media type it is said to have.
_Link = tuple[str, str]


class BrokenIndexError(ValueError):
    """A document that should name addresses and cannot be read; the message is a clause."""


@unique
class Kind(StrEnum):
    """What names addresses, which decides whether one that is named no longer is gone."""

    #: The newest pages only: older ones fall off its end and stay.
    FEED = "feed"
    #: All pages there are.
    SITEMAP = "sitemap"
    LIST = "list"
    #: Not pages but sitemaps.
    SITEMAPS = "sitemaps"


@dataclass(frozen=True, slots=True)
class Index:
    """What one document names."""

    kind: Kind
    #: Normalised, each once, in order.
    names: tuple[str, ...]
    #: (what stands there, why it is not fetched)
    wrong: tuple[tuple[str, str], ...] = ()
    #: How many entries lead to nothing that may be Markdown, but to an HTML page or a picture.
    others: int = 0

    @property
    def complete(self) -> bool:
        """Tell whether a page that it does not name is gone."""
        return self.kind != Kind.FEED and not self.wrong


#: A list of addresses without any.
NOTHING = Index(Kind.LIST, ())


def read_index(data: bytes, address: str) -> Index | None:
    """Return what a document that was found at an address names, None where it is something else.

    :raises BrokenIndexError: If it is XML, and neither a feed nor a sitemap or damaged.
    """
    start = data[:1000].decode("utf-8-sig", errors="replace").lstrip().lower()
    if start.startswith(_XML_STARTS):
        return _index(address, *_entries(_parsed(data), address))
    try:
        return read_list(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return None


def read_list(text: str) -> Index | None:
    """Return the addresses of a list, None where the first line that says anything is none."""
    lines = [line.strip() for line in text.splitlines()]
    said = [line for line in lines if line and not line.startswith("#")]
    if not said or not is_address(said[0]) or " " in said[0]:
        return None
    return _index("", Kind.LIST, ([(line, "")] for line in said))


def _index(address: str, kind: Kind, entries: Iterable[list[_Link]]) -> Index:
    names: dict[str, None] = {}
    wrong: list[tuple[str, str]] = []
    others = 0
    for links in entries:
        chosen = links[0][0] if kind in {Kind.LIST, Kind.SITEMAPS} and links else _choice(links)
        if chosen is None:
            others += 1
            continue
        try:
            names[normalised(chosen, address or None)] = None
        except AddressError as error:
            wrong.append((shown(chosen), str(error)))
    return Index(kind, tuple(names), tuple(wrong), others)


def _choice(links: list[_Link]) -> str | None:
    """Return the link that is said or named to be Markdown, else one that may be, None where none is."""
    ranked = ((rank, link) for link, said in links if (rank := _rank(link, said)) is not None)
    return min(ranked, key=lambda pair: pair[0], default=(0, None))[1]


def _rank(link: str, said: str) -> int | None:
    media_type = said.partition(";")[0].strip().lower()
    ending = suffix(link.partition("#")[0])
    if media_type:
        if media_type not in TEXT:
            return None
        return 0 if media_type != "text/plain" else 1
    return 1 if ending in SUFFIXES else 2 if not ending else None


def _parsed(data: bytes) -> Element:
    from xml.etree.ElementTree import ParseError

    from defusedxml import DefusedXmlException
    from defusedxml.ElementTree import fromstring

    try:
        root: Element = fromstring(data)
    except ParseError as error:
        raise BrokenIndexError(f"is damaged XML ({error})") from error
    except DefusedXmlException as error:
        raise BrokenIndexError("is XML with entities of its own, which are not followed") from error
    except (LookupError, ValueError) as error:  # an encoding that is not known
        raise BrokenIndexError("is XML in an unknown encoding") from error
    return root


def _entries(root: Element, address: str) -> tuple[Kind, Iterator[list[_Link]]]:
    """Return what an XML document is and the links of each of its entries, resolved where it says how."""
    name = _name(root)
    if name == "feed":
        return Kind.FEED, _atom(root, address)
    if name in {"rss", "RDF"}:
        return Kind.FEED, ([*_rss(item)] for item in root.iter() if _name(item) == "item")
    if name == "urlset":
        return Kind.SITEMAP, ([*_located(entry)] for entry in root if _name(entry) == "url")
    if name == "sitemapindex":
        return Kind.SITEMAPS, ([*_located(entry)] for entry in root if _name(entry) == "sitemap")
    raise BrokenIndexError(f"is XML, but neither a feed nor a sitemap (<{name}>)")


def _name(element: Element) -> str:
    """Return an element's name without its namespace."""
    return str(element.tag).rpartition("}")[2]


def _atom(root: Element, address: str) -> Iterator[list[_Link]]:
    for entry in root:
        if _name(entry) == "entry":
            bases = (root.get(_BASE), entry.get(_BASE))
            yield [
                (_based(address, *bases, link.get(_BASE), href), said) for link, href, said in _links(entry)
            ]


def _based(address: str, *steps: str | None) -> str:
    """Resolve a reference against every `xml:base` around it (RFC 3986, 5.1.1)."""
    for step in steps:
        if step is not None:
            try:
                address = normalised(step, address)
            except AddressError:
                return step
    return address


def _links(entry: Element) -> Iterator[tuple[Element, str, str]]:
    for link in entry:
        if _name(link) == "link" and link.get("rel", "alternate") in {"alternate", "enclosure"}:
            yield link, link.get("href", ""), link.get("type", "")


def _rss(item: Element) -> Iterator[_Link]:
    """Yield an item's enclosures and links, and its identifier where there is no link and it is one."""
    for part in item:
        name, text = _name(part), (part.text or "").strip()
        if name == "enclosure" and part.get("url"):
            yield part.get("url", ""), part.get("type", "")
        elif name == "link" and (part.get("href") or text):
            yield part.get("href") or text, part.get("type", "")
        elif name == "guid" and is_address(text) and part.get("isPermaLink", "true") == "true":
            yield text, ""


def _located(entry: Element) -> Iterator[_Link]:
    """Yield an entry's address, and other forms of the same page."""
    for part in entry:
        if _name(part) == "loc" and part.text:
            yield part.text.strip(), ""
    for _, href, said in _links(entry):
        if href:
            yield href, said
