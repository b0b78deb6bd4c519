"""Markdown with HTML in it to the text that a reader of the page sees.

Out: marks of emphasis, headings, quotes, bullets, links, escapes; tags, comments, scripts, styles; images
(counted); rules; the decorative speaking head over an answer. Kept: every visible character, once. Numbers
of ordered lists stay, as a reader sees them; code stays verbatim; a table's row is a line, its cells stand
apart by a space. Lines of the source stay lines, paragraphs stay apart by one blank line.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ingest.formats import html, markdown
from ingest.formats.characters import clean
from ingest.formats.fences import inside_fences

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from markdown_it.token import Token

#: Lines that are parsed together; a longer text is cut where no list, quote or code goes on.
_CHUNK_LINES = 1_000
_DECORATION = "🗣"
#: Elements of Markdown within a table or list, which do not stand apart.
_WITHIN = frozenset({"td", "th", "thead", "tbody", "li"})
_SPACES = re.compile(r"[ \t]+")
_BLANK_LINES = re.compile(r"\n{3,}")


@dataclass(frozen=True, slots=True)
class Visible:
    """What a reader sees of a piece of a page."""

    #: None if there is nothing to read.
    text: str | None
    images: int
    #: Index of the last source line that holds text or an image.
    last_line: int | None


def visible(lines: Sequence[str]) -> Visible:
    """Return what a reader sees of the lines."""
    writer = _Writer()
    env: dict[str, Any] = {}
    for start, chunk in _chunks([line if line.strip() else "" for line in lines]):
        _read_chunk(writer, chunk, start, env)
    return Visible(writer.text(), writer.images, writer.last_line)


def _chunks(lines: list[str]) -> Iterator[tuple[int, list[str]]]:
    """Yield (index of first line, lines) in runs that can be parsed on their own."""
    if len(lines) <= _CHUNK_LINES:
        yield 0, lines
        return
    fenced = inside_fences(lines)
    start = 0
    for index in range(1, len(lines)):
        if index - start < _CHUNK_LINES or index in fenced:
            continue
        is_apart = not lines[index - 1] and lines[index][:1].strip()
        if is_apart or index - start >= 10 * _CHUNK_LINES:
            yield start, lines[start:index]
            start = index
    yield start, lines[start:]


def _read_chunk(writer: _Writer, lines: list[str], start: int, env: dict[str, Any]) -> None:
    tokens = markdown.blocks("\n".join(lines), env)
    if any(token.level >= markdown.NESTING_LIMIT - 2 for token in tokens):
        # Deeper nesting than the parser follows: better its marks than none of its text.
        writer.verbatim("\n".join(lines), start)
        return
    for token in tokens:
        _read_block(writer, token, start, env)
    writer.paragraph()


def _read_block(writer: _Writer, token: Token, start: int, env: dict[str, Any]) -> None:
    first, end = (token.map[0] + start, token.map[1] + start) if token.map else (start, start)
    match token.type:
        case "inline":
            if markdown.is_plain(token.content):
                _read_plain(writer, token.content, end)
            else:
                _read_paragraph(writer, markdown.inlines(token.content, env), end)
        case "fence" | "code_block":
            writer.paragraph()
            writer.verbatim(token.content, first + (token.type == "fence"))
            writer.paragraph()
        case "html_block":
            _read_html(writer, token.content, first)
        case _:
            _read_boundary(writer, token)


def _read_boundary(writer: _Writer, token: Token) -> None:
    """Set apart what is before and after the start or the end of a block."""
    match token.type:
        case "ordered_list_open":
            writer.open_list(int(token.attrs.get("start", 1)))
        case "bullet_list_open":
            writer.open_list(None)
        case "ordered_list_close" | "bullet_list_close":
            writer.close_list()
        case "list_item_open":
            writer.item(token.markup)
        case "td_close" | "th_close":
            writer.say(" ")
        case _ if token.hidden or token.tag == "tr":
            writer.line()
        case _ if token.tag not in _WITHIN:
            writer.paragraph()


def _read_plain(writer: _Writer, content: str, end: int) -> None:
    """Write a paragraph without any mark in it."""
    for index, line in enumerate(content.split("\n")):
        if index:
            writer.line()
        writer.say(line)
    if content:
        writer.last_line = end - 1


def _read_paragraph(writer: _Writer, children: Iterator[Token], end: int) -> None:
    """Write a paragraph whose source ends before line `end`."""
    lines_after = 0
    seen = before = writer.seen
    for child in _undecorated(children):
        _read_child(writer, child)
        if writer.seen > seen:
            lines_after = 0
        elif child.type in ("softbreak", "hardbreak", "html_inline"):
            lines_after += max(child.content.count("\n"), child.type != "html_inline")
        seen = writer.seen
    if seen > before:
        writer.last_line = end - 1 - lines_after


def _undecorated(children: Iterator[Token]) -> Iterator[Token]:
    """Yield the tokens without `<span>🗣</span>`; a speaking head in a sentence stays."""
    held: list[Token] = []
    for child in children:
        held.append(child)
        if len(held) == 3:
            if _is_decoration(held):
                held.clear()
            else:
                yield held.pop(0)
    yield from held


def _is_decoration(tokens: Sequence[Token]) -> bool:
    opening, content, closing = tokens
    return (
        content.type == "text"
        and content.content.strip().rstrip("\ufe0e\ufe0f") == _DECORATION
        and opening.type == closing.type == "html_inline"
        and opening.content[:5].lower() == "<span"
        and closing.content[:6].lower() == "</span"
    )


def _read_child(writer: _Writer, child: Token) -> None:
    match child.type:
        case "text" | "text_special":
            writer.say(child.content)
        case "code_inline":
            writer.say(child.content, verbatim=True)
        case "softbreak" | "hardbreak":
            writer.line()
        case "image":
            writer.image()
        case "html_inline":
            tag = html.tag(child.content)
            if tag:
                writer.tag(tag)


def _read_html(writer: _Writer, source: str, first: int) -> None:
    """Write an HTML block; what stands in `<pre>` keeps its spaces, which does no harm elsewhere."""
    for event in html.events(source):
        if isinstance(event, html.Text):
            writer.verbatim(event.content, first + event.line)
        else:
            writer.tag(event)
    writer.paragraph()


@dataclass(slots=True)
class _List:
    """A list around this place."""

    #: The next item's; None for bullets.
    number: int | None
    is_html: bool


@dataclass(frozen=True, slots=True)
class _Mark:
    """Where an element that may be hidden began."""

    tag: str
    is_hidden: bool
    #: What the writer had by then.
    pieces: int
    images: int
    last_line: int | None


class _Writer:
    """Collects what is visible; the page's structure becomes line feeds."""

    def __init__(self) -> None:
        self.images = 0
        self.last_line: int | None = None
        #: How often something visible was written.
        self.seen = 0
        self._lists: list[_List] = []
        self._pieces: list[str] = []
        self._number = ""
        self._marks: list[_Mark] = []

    def say(self, text: str, *, verbatim: bool = False) -> None:
        """Write text of a paragraph; spaces run together as in a browser, unless verbatim."""
        if not verbatim:
            text = _SPACES.sub(" ", text)
            end = self._pieces[-1][-1] if self._pieces else "\n"
            if end == "\n":
                text = text.lstrip()
            elif end == " ":
                text = text.lstrip(" ")
        if not text:
            return
        if self._number and text.strip():
            self._pieces.append(self._number)
            self._number = ""
        self._pieces.append(text)
        self.seen += bool(text.strip())

    def verbatim(self, text: str, first: int) -> None:
        """Write text as it is, its first line being line `first` of the source."""
        self.say(text, verbatim=True)
        if text.strip():
            self.last_line = first + text.rstrip().count("\n")

    def image(self) -> None:
        """Count an image."""
        self.images += 1
        self.seen += 1

    def line(self) -> None:
        """End the line, if there is something on it."""
        if self._pieces and self._pieces[-1][-1] != "\n":
            self._pieces.append("\n")

    def paragraph(self) -> None:
        """End the paragraph, if there is something in it."""
        if self._pieces and self._pieces[-1] != "\n\n":
            self._pieces.append("\n\n")

    def open_list(self, number: int | None, *, is_html: bool = False) -> None:
        """Start a list, its first item numbered so; None for bullets."""
        self._lists.append(_List(number, is_html))

    def close_list(self, *, is_html: bool = False) -> None:
        """End the innermost list; a tag ends no list of Markdown."""
        if not is_html:
            self._end_tag_lists()
        if self._lists and self._lists[-1].is_html == is_html:
            self._lists.pop()
        self.line()

    def item(self, markup: str, *, is_html: bool = False) -> None:
        """Start an item of the innermost list; its number waits for the item's first word."""
        if not is_html:
            self._end_tag_lists()
        self.line()
        if self._lists and self._lists[-1].number is not None:
            self._number = f"{self._lists[-1].number}{markup} "
            self._lists[-1].number += 1

    def _end_tag_lists(self) -> None:
        """End the lists that tags began within a Markdown list and never ended."""
        while self._lists and self._lists[-1].is_html:
            self._lists.pop()

    def tag(self, tag: html.Tag) -> None:
        """Do what an HTML tag does to the text around it."""
        if tag.name == "img" and not tag.closes:
            self.image()
        elif tag.name in ("ol", "ul"):
            self._list(tag)
        elif tag.name == "li" and not tag.closes:
            self.item(".", is_html=True)
        elif tag.is_paragraph:
            self.paragraph()
        elif tag.is_line:
            self.line()
        elif tag.is_cell:
            self.say(" ")
        self._hide(tag)

    def _list(self, tag: html.Tag) -> None:
        self.paragraph()
        if tag.closes:
            self.close_list(is_html=True)
        else:
            start = tag.attributes.get("start", "1")
            is_number = start.isascii() and start.isdigit() and len(start) < 10
            self.open_list(None if tag.name == "ul" else int(start) if is_number else 1, is_html=True)

    def _hide(self, tag: html.Tag) -> None:
        """Take back what stood in a hidden element, once it is closed: one that never is hides nothing."""
        if not tag.closes:
            if tag.is_hidden or any(mark.tag == tag.name for mark in self._marks):
                self._marks.append(
                    _Mark(tag.name, tag.is_hidden, len(self._pieces), self.images, self.last_line)
                )
            return
        index = next((i for i in reversed(range(len(self._marks))) if self._marks[i].tag == tag.name), None)
        if index is None:
            return
        mark = self._marks[index]
        del self._marks[index:]
        if mark.is_hidden:
            del self._pieces[mark.pieces :]
            self.images, self.last_line = mark.images, mark.last_line

    def text(self) -> str | None:
        """Return what was written, or None if there is nothing to read."""
        lines = clean("".join(self._pieces)).split("\n")
        text = _BLANK_LINES.sub("\n\n", "\n".join(line.rstrip() for line in lines))
        return text.strip("\n") or None
