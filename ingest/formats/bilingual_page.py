"""The bilingual page: answers and replies, each in Chinese and in English.

    +++
    title = "Why …?"
    date = "2025-09-02"
    tags = ["technology"]
    +++
    <small>the question in Chinese</small>
    <div class="translated-text">
    the question in English
    </div>

    ## ⬇️ Here are the comments

    🧑💼 *NAME:*                      an answer
    <small>
    <span>🗣</span>                   decoration
    Chinese, Markdown
    </small>

    <div class="translated-text">
    English, Markdown
    </div>

    ---

    #### 💬 Reply

    👤 *NAME:*                        a reply to the answer
    👤 *A reply B:*                   a reply to B

Headers may lack the colon or an asterisk; tags may be left open, have attributes, stand in any case, and
share a line with text. A slot ends where its tag closes, where the translation begins, or where the page
goes on ("💬 Reply", the next header). Text outside the slots belongs to the slot before it.

Texts go where their language is, not where their slot is (see `_texts`). Names may hold the word " reply "
themselves: of the ways to divide a header, the first is taken whose B has spoken under this answer, else
the first. B is answered where they last spoke.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from markdown_it.common.utils import unescapeAll

from ingest.formats import markdown
from ingest.formats.fences import inside_fences, inside_fences_between
from ingest.formats.page import in_language, sections, spoken
from ingest.formats.visible import Visible, visible
from ingest.types import ParsedComment, ParsedThread
from retrieval.text import HAN
from retrieval.types import Bilingual, Kind

if TYPE_CHECKING:
    from collections.abc import Container, Iterator, Sequence

    from ingest.formats.page import Page

NAME = "bilingual-page"

#: What the page itself calls authors it has no name for.
_NOBODY = "Unknown"
_ICON = re.compile(r" {0,3}(?:(?P<answer>[🧑👨👩][🏻-🏿]?\u200d?💼)|👤)[\ufe0e\ufe0f]?(?=\s)")
_SLOT_START = re.compile(r"<(?:small|div)\b", re.IGNORECASE)
_PAGE_HEADING = re.compile(r" {0,3}#{1,6}\s+💬\s*Repl(?:y|ies)\s*#*\s*$", re.IGNORECASE)
_REPLY = " reply "
#: So many " reply " in one header are looked at.
_MAX_REPLIES = 20
_TRANSLATED = "translated-text"


@dataclass(frozen=True, slots=True)
class _Header:
    is_answer: bool
    #: All that stands between the marks, e.g. "A reply B".
    name: str
    #: Whether both marks are there; without them only a slot after it makes the line a header.
    is_certain: bool
    #: What follows on the same line: nothing, or a slot.
    rest: str


def headers(lines: Sequence[str], start: int) -> list[int]:
    """Return the indexes of the lines that start a comment."""
    found: list[int] = []
    slots, read_to = _Slots(), start
    for index in range(start, len(lines)):
        header = _header(lines[index])
        if header is None:
            continue
        if not header.rest and not _slot_follows(lines, index):
            # A line like a header within somebody's text is not one.
            slots.feed_all(lines, read_to, index)
            read_to = index
            if slots.is_open or not header.is_certain:
                continue
        found.append(index)
        slots, read_to = _Slots(), index + 1
    fenced = inside_fences_between(lines, found) if found else ()
    return [index for index in found if index not in fenced]


def read(page: Page, headers: Sequence[int]) -> ParsedThread:
    """Return the thread of a page with these headers."""
    return ParsedThread(
        format=NAME,
        title=in_language(page.front.title, "en"),
        question=_question(page.lines, page.front.end, headers[0]),
        date=page.front.date,
        tags=page.front.tags,
        comments=tuple(_comments(page.lines, headers)),
    )


def _header(line: str) -> _Header | None:
    icon = _ICON.match(line)
    if not icon:
        return None
    slot = _SLOT_START.search(line, icon.end())
    end = slot.start() if slot else len(line)
    name, is_certain = _unmarked(_without_colon(line[icon.end() : end]))
    name = unescapeAll(_without_colon(name)).strip() or _NOBODY
    return _Header(icon["answer"] is not None, name, is_certain, line[end:])


def _without_colon(text: str) -> str:
    text = text.strip()
    return text[:-1].rstrip() if text.endswith((":", "：")) else text


def _unmarked(text: str) -> tuple[str, bool]:
    """Return the text without the marks of emphasis around it, and whether there were two."""
    sign = text[:1]
    if sign not in ("*", "_"):
        return text.rstrip("*"), False
    opened = text.lstrip(sign)
    name = opened.rstrip(sign)
    if name.endswith("\\") and name != opened:
        name += sign  # an escaped sign is the name's own
    return name, name != opened


def _slot_follows(lines: Sequence[str], index: int) -> bool:
    following = next((line for line in lines[index + 1 : index + 4] if line.strip()), "")
    return bool(_SLOT_START.match(following.lstrip()))


def _question(lines: Sequence[str], start: int, end: int) -> Bilingual:
    slots = _Slots(keeps_outside=False)
    slots.feed_all(lines, start, end)
    if not slots.original and not slots.translation:
        # No slot at all: whatever is not a heading of the page.
        slots = _Slots()
        slots.feed_all([line if not line.startswith("#") else "" for line in lines[:end]], start, end)
    original, translation = slots.read()
    return _texts(original.text, translation.text)


def _comments(lines: Sequence[str], headers: Sequence[int]) -> Iterator[ParsedComment]:
    answer: int | None = None
    #: Where each author last spoke under the current answer.
    spoke: dict[str, int] = {}
    for position, (index, end) in enumerate(sections(lines, headers), start=1):
        header = _header(lines[index]) or _Header(False, _NOBODY, False, "")
        author, reply_to, parent = header.name, None, None
        if header.is_answer:
            answer, spoke = position, {}
        else:
            author, reply_to = _divided(header.name, spoke)
            parent = answer if reply_to is None else spoke.get(reply_to, answer)
        spoke[author] = position
        yield _comment(lines, index, end, header, position, author, reply_to, parent)


def _divided(name: str, spoke: Container[str]) -> tuple[str, str | None]:
    """Divide "A reply B" into A and B; B is None if the header names nobody."""
    ways: list[tuple[str, str]] = []
    at = name.find(_REPLY)
    while at >= 0 and len(ways) < _MAX_REPLIES:
        ways.append((name[:at].strip(), name[at + len(_REPLY) :].strip()))
        at = name.find(_REPLY, at + 1)
    ways = [(author, reply_to) for author, reply_to in ways if author and reply_to]
    return next((way for way in ways if way[1] in spoke), ways[0] if ways else (name, None))


def _comment(
    lines: Sequence[str],
    index: int,
    end: int,
    header: _Header,
    position: int,
    author: str,
    reply_to: str | None,
    parent: int | None,
) -> ParsedComment:
    slots = _Slots()
    slots.feed(index, header.rest)
    slots.feed_all(lines, index + 1, end)
    original, translation = slots.read()
    last = max(index, original.last_line or 0, translation.last_line or 0)
    return ParsedComment(
        position=position,
        kind=Kind.ANSWER if header.is_answer else Kind.REPLY,
        author=author,
        reply_to=reply_to,
        parent=parent,
        text=_texts(original.text, translation.text),
        lines=(index + 1, last + 1),
        images=max(original.images, translation.images),
    )


def _texts(original: str | None, translation: str | None) -> Bilingual:
    """Put the two texts of a comment under the languages they are in.

    The original always stays. A translation in the same language is none and is left out, with one
    exception: of two English texts, one with Chinese characters in it and a translation without any, the
    first is Chinese full of foreign names. A text without words (`👍`) is in the language of its slot.
    """
    if original is None or translation is None or original == translation:
        return in_language(original or translation, "zh" if original else "en")
    language = spoken(original) or ("en" if spoken(translation) == "zh" else "zh")
    translated = spoken(translation) or ("en" if language == "zh" else "zh")
    if language == translated == "en" and HAN.search(original) and not HAN.search(translation):
        language = "zh"
    if language == translated:
        return Bilingual(zh=original) if language == "zh" else Bilingual(en=original)
    return Bilingual(original, translation) if language == "zh" else Bilingual(translation, original)


class _Slots:
    """Sorts the lines of a comment into its original and its translation."""

    def __init__(self, *, keeps_outside: bool = True) -> None:
        #: (index of the line in the file, text): a line that holds tags comes in parts.
        self.original: list[tuple[int, str]] = []
        self.translation: list[tuple[int, str]] = []
        self._keeps_outside = keeps_outside
        #: Where text goes now; the last slot also takes what follows it.
        self._slot = self.original
        #: How many tags of the slot's kind are open; 0 outside a slot.
        self._depth = 0

    @property
    def is_open(self) -> bool:
        """Whether a slot's tag is still to be closed."""
        return self._depth > 0

    def feed_all(self, lines: Sequence[str], start: int, end: int) -> None:
        """Take the lines from `start` to before `end`, tags in fenced code left alone."""
        section = lines[start:end]

        def is_closed(first: int, last: int) -> bool:
            return not any(_TRANSLATED in line for line in section[first:last])

        fenced = inside_fences(section, is_closed)
        for index, line in enumerate(section):
            if index in fenced:
                self._take(index + start, line)
            else:
                self.feed(index + start, line)

    def feed(self, index: int, line: str) -> None:
        """Take one line of the file."""
        if _PAGE_HEADING.match(line):
            self._depth = 0
            return
        taken = 0
        for tag in markdown.tags(line) if "<" in line else ():
            if tag.name in ("small", "div"):
                slot, depth = self._after(tag)
                if (slot is not self._slot) or (depth == 0) != (self._depth == 0):
                    self._take(index, line[taken : tag.start])
                    self._enter(index, slot)
                    taken = tag.end
                self._depth = depth
        self._take(index, line[taken:])

    def _after(self, tag: markdown.PlacedTag) -> tuple[list[tuple[int, str]], int]:
        """Return the slot and the depth that hold after a tag."""
        in_translation = self._depth > 0 and self._slot is self.translation
        in_original = self._depth > 0 and self._slot is self.original
        if tag.closes:
            is_own = in_original if tag.name == "small" else in_translation
            return self._slot, self._depth - is_own
        if tag.name == "small":
            if in_translation:
                return self._slot, self._depth
            return self.original, self._depth + 1
        if in_translation:
            return self._slot, self._depth + 1
        if _TRANSLATED in tag.classes:
            return self.translation, 1
        return self._slot, self._depth

    def _enter(self, index: int, slot: list[tuple[int, str]]) -> None:
        self._slot = slot
        if slot:
            slot.append((index, ""))  # a slot's text is a paragraph of its own

    def _take(self, index: int, text: str) -> None:
        if self._depth or self._keeps_outside:
            self._slot.append((index, text))

    def read(self) -> tuple[Visible, Visible]:
        """Return what is visible of the original and of the translation, lines counted as in the file."""
        return _visible(self.original), _visible(self.translation)


def _visible(placed: Sequence[tuple[int, str]]) -> Visible:
    seen = visible([text for _, text in placed])
    return seen if seen.last_line is None else replace(seen, last_line=placed[seen.last_line][0])
