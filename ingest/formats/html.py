"""HTML to events, by the standard library's parser: which tags stand in a text, what is between them."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Elements whose content no reader sees.
_HIDDEN = frozenset({"script", "style", "template", "head", "title", "noscript", "iframe", "object"})
#: Elements that stand apart from what is before and after them.
_PARAGRAPHS = frozenset(
    {
        "address",
        "article",
        "aside",
        "blockquote",
        "details",
        "div",
        "dl",
        "fieldset",
        "figure",
        "footer",
        "form",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "header",
        "hr",
        "main",
        "nav",
        "ol",
        "p",
        "pre",
        "section",
        "table",
        "ul",
    }
)
#: Elements that start a line.
_LINES = frozenset({"br", "caption", "dd", "dt", "figcaption", "legend", "li", "option", "summary", "tr"})
_CELLS = frozenset({"td", "th"})


@dataclass(frozen=True, slots=True)
class Tag:
    """One tag, opening or closing."""

    #: In lower case.
    name: str
    closes: bool = False
    attributes: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_hidden(self) -> bool:
        """Whether a browser shows nothing of the element."""
        style = self.attributes.get("style", "").replace(" ", "").lower()
        return self.name in _HIDDEN or "hidden" in self.attributes or "display:none" in style

    @property
    def is_paragraph(self) -> bool:
        """Whether text before and after the tag is in two paragraphs."""
        return self.name in _PARAGRAPHS

    @property
    def is_line(self) -> bool:
        """Whether text after the tag starts a line."""
        return self.name in _LINES

    @property
    def is_cell(self) -> bool:
        """Whether the tag is a table cell's."""
        return self.name in _CELLS

    @property
    def classes(self) -> frozenset[str]:
        """The words of its class attribute, in lower case."""
        return frozenset(self.attributes.get("class", "").lower().split())


@dataclass(frozen=True, slots=True)
class Text:
    """Text between two tags."""

    content: str
    #: Lines between the start of the HTML and the start of the text.
    line: int


@lru_cache(maxsize=1024)
def tag(source: str) -> Tag | None:
    """Return the tag that a text is; None for a comment, a declaration and the like."""
    return next((event for event in events(source) if isinstance(event, Tag)), None)


def events(source: str) -> Sequence[Tag | Text]:
    """Return the tags and texts of a piece of HTML in order; comments are left out."""
    parser = _Parser()
    try:
        parser.feed(source)
        parser.close()
    except AssertionError:
        # The standard library's answer to `<![something[`; what came before it has been read.
        line = parser.getpos()[0] - 1
        parser.found.append(Text("\n".join(source.split("\n")[line:]), line))
    return parser.found


class _Parser(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.found: list[Tag | Text] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append(Tag(tag, attributes={name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(Tag(tag, closes=True))

    def handle_data(self, data: str) -> None:
        self.found.append(Text(data, self.getpos()[0] - 1))
