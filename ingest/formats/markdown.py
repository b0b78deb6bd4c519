"""Markdown to tokens, by markdown-it, with what archived threads need changed.

CommonMark with tables and strikethrough, and these differences:

- Emphasis beside Chinese. CommonMark decides whether `**` may open or close by spaces and punctuation
  around it, which Chinese text does not have: `点 **“带回家”**这个按钮` and `找不到_驱动_了吧` would keep
  their marks. Here only ASCII punctuation obstructs a mark, and `_` may stand inside a word where it
  touches a wide character; `snake_case_name` keeps its underscores.
- HTML. Only `<script>`, `<style>`, `<pre>`, `<textarea>` and comments make HTML blocks, and only where they
  are closed; any other tag is a tag within Markdown, so `**996**` loses its marks wherever it stands.
- Definitions. `[注]: 说明` is what somebody wrote, not the address of a link: only a definition whose
  target looks like an address is one, and a footnote never is.
- Size. Rules that backtrack see at most `INLINE_LIMIT` characters at a time.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from markdown_it import MarkdownIt
from markdown_it.common.utils import mdTrim
from markdown_it.rules_block import html_block, reference
from markdown_it.rules_inline import StateInline, html_inline
from markdown_it.rules_inline.state_inline import Scanned
from markdown_it.token import Token

from ingest.formats import html

if TYPE_CHECKING:
    from collections.abc import Iterator, MutableMapping
    from typing import Any

    from markdown_it.rules_block import StateBlock

#: Characters of one paragraph that are parsed together; a mark whose partner is farther away stays.
INLINE_LIMIT = 20_000
#: Link rules go back at every opening bracket: with this many in that many characters, fewer are parsed
#: together; with so many that they cannot be links, they are left alone.
_MANY_BRACKETS = 500
_TOO_MANY_BRACKETS = 5_000
_BRACKET_LIMIT = 1_000
#: How deep quotes and lists may nest; beyond it markdown-it drops the text, so callers check for it.
NESTING_LIMIT = 100
#: How deep brackets may nest; each level makes a run of them slower to read.
_BRACKET_NESTING = 20

_MARK = re.compile(r"[\\`*_\[\]<>&~!]")
_ASCII_PUNCTUATION = frozenset("!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
#: Text of which every line begins with a character that no block but a paragraph begins or ends with.
_PROSE = re.compile(r"\n*(?:(?:[A-Za-z]|[^\x00-\x7f\s]).*(?:\n+|\Z))*")
_PARAGRAPH = re.compile(r"[^\n]+(?:\n[^\n]+)*")
#: Punctuation of Chinese text whose width Unicode leaves open.
_CHINESE_PUNCTUATION = frozenset("“”‘’…—·")
#: The blocks that may hold blank lines and whose content is not Markdown, with what ends them.
_BLOCK_ENDS = {
    "<script": "</script>",
    "<style": "</style>",
    "<pre": "</pre>",
    "<textarea": "</textarea>",
    "<!--": "-->",
}
_ADDRESS_STARTS = ("http:", "https:", "ftp:", "mailto:", "//", "/", "./", "../", "#", "www.")


def blocks(source: str, env: MutableMapping[str, Any]) -> list[Token]:
    """Return the block tokens of a Markdown text; inline tokens are not yet parsed.

    :param env: Carries link definitions from block to block; give the same one to `inlines`.
    """
    if _PROSE.fullmatch(source):
        return list(_paragraphs(source))
    parser = _parser(NESTING_LIMIT)
    tokens: list[Token] = []
    parser.block.parse(source, parser, env, tokens)
    return tokens


def _paragraphs(source: str) -> Iterator[Token]:
    """Yield the tokens that markdown-it makes of prose, in a tenth of its time."""
    for found in _PARAGRAPH.finditer(source):
        first = source.count("\n", 0, found.start())
        lines = [first, first + found.group().count("\n") + 1]
        yield Token("paragraph_open", "p", 1, map=lines, block=True)
        content = mdTrim(found.group())
        yield Token("inline", "", 0, map=lines, level=1, children=[], content=content, block=True)
        yield Token("paragraph_close", "p", -1, block=True)


def is_plain(content: str) -> bool:
    """Tell whether no character of a paragraph can be a mark, so that it need not be parsed."""
    return not _MARK.search(content)


def inlines(content: str, env: MutableMapping[str, Any]) -> Iterator[Token]:
    """Yield the inline tokens of a paragraph, a heading or a table cell."""
    parser = _parser(_BRACKET_NESTING)
    for piece in _pieces(content):
        if piece.count("[") > _TOO_MANY_BRACKETS:
            yield Token("text", "", 0, content=piece)
            continue
        state = _InlineState(piece, parser, env, [])
        parser.inline.tokenize(state)
        for rule in parser.inline.ruler2.getRules(""):
            rule(state)
        yield from state.tokens


@dataclass(frozen=True, slots=True)
class PlacedTag:
    """An HTML tag in a line."""

    name: str
    closes: bool
    classes: frozenset[str]
    #: Half-open range of characters in the line.
    start: int
    end: int


@lru_cache(maxsize=256)
def tags(line: str) -> tuple[PlacedTag, ...]:
    """Return the HTML tags of one line, those in code spans and escaped ones left out."""
    return tuple(_tags(line))


def _tags(line: str) -> Iterator[PlacedTag]:
    parser = _tag_parser()
    offset = 0
    for piece in _pieces(line):
        for token in parser.inline.parse(piece, parser, {}, []):
            tag = html.tag(token.content) if token.type == "html_inline" else None
            if tag:
                start = offset + token.meta["start"]
                yield PlacedTag(tag.name, tag.closes, tag.classes, start, start + len(token.content))
        offset += len(piece)


@cache
def _tag_parser() -> MarkdownIt:
    parser = MarkdownIt("zero", {"html": True})
    parser.enable(["autolink", "backticks", "escape", "html_inline"])
    parser.inline.ruler.at("html_inline", _placed_html_inline)
    return parser


def _placed_html_inline(state: StateInline, silent: bool) -> bool:
    start = state.pos
    found = html_inline(state, silent)
    if found and not silent:
        state.tokens[-1].meta["start"] = start
    return found


class _Markdown(MarkdownIt):
    """markdown-it that leaves addresses as they are: nobody follows them, and an autolink shows them."""

    def normalizeLink(self, url: str) -> str:  # noqa: N802 (markdown-it's name)
        """Return the address unchanged; encoding it takes longer than all the rest of a link."""
        return url

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802 (markdown-it's name)
        """Return an autolink's text as it was written."""
        return link

    def validateLink(self, url: str) -> bool:  # noqa: N802 (markdown-it's name)
        """Take any address for one: `[text](javascript:…)` is a link to a reader."""
        return True


@cache
def _parser(nesting: int) -> MarkdownIt:
    parser = _Markdown("commonmark", {"maxNesting": nesting}).enable(["table", "strikethrough"])
    parser.block.ruler.at("html_block", _html_block, {"alt": ["paragraph", "reference", "blockquote"]})
    parser.block.ruler.at("reference", _reference)
    return parser


def _pieces(content: str) -> Iterator[str]:
    """Yield the content in runs of at most INLINE_LIMIT characters, cut after a line where possible."""
    start = 0
    while start < len(content):
        limit = INLINE_LIMIT
        if _MANY_BRACKETS < content.count("[", start, start + limit) <= _TOO_MANY_BRACKETS:
            limit = _BRACKET_LIMIT
        end = start + limit
        if end < len(content):
            end = content.rfind("\n", start, end) + 1 or end
        yield content[start:end]
        start = end


class _InlineState(StateInline):
    """markdown-it's state with another answer to "may this mark open or close emphasis?"."""

    def scanDelims(self, start: int, canSplitWord: bool) -> Scanned:  # noqa: N802, N803 (markdown-it's names)
        """Say what the run of marks at `start` may do, and how long it is."""
        marker = self.src[start]
        end = start
        while end < self.posMax and self.src[end] == marker:
            end += 1
        before = self.src[start - 1] if start > 0 else " "
        after = self.src[end] if end < self.posMax else " "
        opens = _may_open(before, after)
        closes = _may_open(after, before)
        if not canSplitWord:
            opens, closes = (
                opens and (not closes or _divides(before)),
                closes and (not opens or _divides(after)),
            )
        return Scanned(opens, closes, end - start)


def _may_open(before: str, after: str) -> bool:
    """Tell whether a run between the two characters is left-flanking; swapped, right-flanking."""
    if after.isspace():
        return False
    return (
        after not in _ASCII_PUNCTUATION
        or before.isspace()
        or before in _ASCII_PUNCTUATION
        or _is_wide(before)
    )


def _divides(char: str) -> bool:
    """Tell whether an underscore beside the character is not inside an alphabetic word."""
    return char in _ASCII_PUNCTUATION or _is_wide(char) or unicodedata.category(char)[0] in "PSZ"


def _is_wide(char: str) -> bool:
    return unicodedata.east_asian_width(char) in "WFH" or char in _CHINESE_PUNCTUATION


def _html_block(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Parse an HTML block of the few kinds that are closed and may hold blank lines."""
    start = state.bMarks[start_line] + state.tShift[start_line]
    head = state.src[start : start + 10].lower()
    end = next((end for opening, end in _BLOCK_ENDS.items() if head.startswith(opening)), None)
    if end is None or not _stands_after(end, start, state):
        return False
    return html_block(state, start_line, end_line, silent)


def _stands_after(end: str, start: int, state: StateBlock) -> bool:
    """Tell whether the closing text stands after `start`; one search a source, however often asked."""
    last: dict[str, int] = state.env.setdefault("last_ends", {})
    key = f"{end}{len(state.src)}"
    if key not in last:
        last[key] = state.src.lower().rfind(end)
    return last[key] > start


def _reference(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """Parse a link definition if its target is an address and it is not a footnote."""
    start = state.bMarks[start_line] + state.tShift[start_line]
    if state.src.startswith("[^", start):
        return False
    known = len(state.env.get("references", ()))
    if not reference(state, start_line, end_line, silent):
        return False
    definitions: dict[str, Any] = state.env["references"]
    if len(definitions) == known:
        return True  # a second definition of a label that has an address
    label = next(reversed(definitions))
    if definitions[label]["href"].lower().startswith(_ADDRESS_STARTS):
        return True
    del definitions[label]
    state.line = start_line
    return False
