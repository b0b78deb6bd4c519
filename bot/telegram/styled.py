"""Pure: text with marks beside it, cut into messages within Telegram's limits.

A `Styled` is what will be read and, apart from it, which ranges of it look how. Nothing here is ever
parsed as markup, so nothing a commenter wrote can become any. Ranges count code points until the last
moment, when `entities` turns them into the UTF-16 units that Telegram counts.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass, replace
from enum import StrEnum, unique
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retrieval.types import Span

#: UTF-16 units and entities one message may have.
LONGEST = 4096
MOST_ENTITIES = 100
#: What no Telegram message can hold: controls other than tab and line feed, and lone surrogates.
_REFUSED = re.compile("[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
#: What has no place in a name: more controls, and what would turn the rest of its line around.
_DISTURBING = re.compile("[\x80-\x9f\u200e\u200f\u202a-\u202e\u2028\u2029\u2066-\u2069]")
_RIGHT_TO_LEFT = {"R", "AL", "AN"}
_ISOLATE, _END_ISOLATE = "\u2068", "\u2069"
_LONGEST_NAME = 120
_JOINER = "\u200d"
_GAP = "\n\n"


@unique
class Look(StrEnum):
    """How a range looks; the values are Telegram's names of entities."""

    QUOTE = "expandable_blockquote"
    STRONG = "bold"
    QUIET = "italic"


@dataclass(frozen=True, slots=True)
class Mark:
    """A half-open range of code points that looks some way."""

    look: Look
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Entity:
    """A mark as Telegram counts it: in UTF-16 units."""

    type: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Styled:
    """A text and its marks, in order of their starts, the outer one first."""

    text: str
    marks: tuple[Mark, ...] = ()

    def __add__(self, other: Styled) -> Styled:
        shift = len(self.text)
        moved = (replace(mark, start=mark.start + shift, end=mark.end + shift) for mark in other.marks)
        return Styled(self.text + other.text, (*self.marks, *moved))

    def __bool__(self) -> bool:
        return bool(self.text.strip())

    def part(self, start: int, end: int) -> Styled:
        """Return a range of it, its marks cut at the edges."""
        inside = (
            Mark(mark.look, max(mark.start, start) - start, min(mark.end, end) - start)
            for mark in self.marks
            if mark.start < end and mark.end > start
        )
        return Styled(self.text[start:end], tuple(inside))


def clean(text: str) -> str:
    """Drop what no Telegram message can hold; all other characters stay."""
    return _REFUSED.sub("", text)


def plain(text: str) -> Styled:
    """Return a text without marks."""
    return Styled(clean(text))


def marked(text: str, look: Look) -> Styled:
    """Return a text that looks one way all through."""
    shown = clean(text)
    return Styled(shown, (Mark(look, 0, len(shown)),)) if shown else Styled("")


def quoted(text: str, highlights: Iterable[Span] = ()) -> Styled:
    """Return a quote as an expandable block, its highlights bold."""
    inner, end = Styled(""), 0
    for span in highlights:
        inner += plain(text[end : span.start]) + marked(span.of(text), Look.STRONG)
        end = span.end
    inner += plain(text[end:])
    if not inner.text:
        return inner
    return Styled(inner.text, (Mark(Look.QUOTE, 0, len(inner.text)), *inner.marks))


def name(text: str) -> str:
    """Make a name or a title stand on a line without disturbing it; right-to-left ones are isolated."""
    shown = " ".join(_DISTURBING.sub("", clean(text)).split())
    if len(shown) > _LONGEST_NAME:
        shown = shown[: _whole(shown, _LONGEST_NAME)] + "…"
    if any(unicodedata.bidirectional(character) in _RIGHT_TO_LEFT for character in shown):
        return f"{_ISOLATE}{shown}{_END_ISOLATE}"
    return shown or "?"


def lines(parts: Iterable[Styled]) -> Styled:
    """Put parts one under the other, leaving out empty ones."""
    whole = Styled("")
    for part in parts:
        if part:
            whole = whole + Styled("\n") + part if whole.text else part
    return whole


def units(text: str) -> int:
    """Return how many UTF-16 units a text has."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def entities(styled: Styled) -> list[Entity]:
    """Return the marks as Telegram counts them."""
    offsets = _offsets(styled)
    return [
        Entity(mark.look.value, offsets[mark.start], offsets[mark.end] - offsets[mark.start])
        for mark in styled.marks
    ]


def fits(styled: Styled) -> bool:
    """Tell whether it can be one message."""
    return units(styled.text) <= LONGEST and len(styled.marks) <= MOST_ENTITIES


def pack(blocks: Sequence[Styled]) -> list[tuple[Styled, int, int]]:
    """Put blocks into as few messages as hold them, in order and none cut that fits into one.

    Return (message, first block, block after its last); a block too long for one message is spread
    over several, and only the last of those counts as holding it. Telegram takes no blank messages, so
    pieces of nothing but white space are left out.
    """
    packed: list[tuple[Styled, int, int]] = []
    for number, block in enumerate(blocks):
        if packed:
            message, first, _ = packed[-1]
            joined = message + Styled(_GAP) + block
            if fits(joined):
                packed[-1] = (joined, first, number + 1)
                continue
        pieces = split(block)
        *rest, last = [piece for piece in pieces if piece] or pieces[:1]
        packed += [(piece, number, number) for piece in rest]
        packed.append((last, number, number + 1))
    return packed


def split(block: Styled) -> list[Styled]:
    """Cut one block into messages, preferably at line ends and spaces; together they are the block."""
    pieces = []
    start = 0
    while start < len(block.text):
        end = _end(block, start)
        pieces.append(block.part(start, end))
        start = end
    return pieces or [block]


def _end(block: Styled, start: int) -> int:
    """Return where a message that begins at `start` ends."""
    end = _reach(block.text, start)
    crossing = [mark for mark in block.marks if mark.start < end and mark.end > start]
    if len(crossing) > MOST_ENTITIES:
        end = max(start + 1, crossing[MOST_ENTITIES].start)
    return end if end == len(block.text) else _break(block.text, start, end)


def _reach(text: str, start: int) -> int:
    """Return the furthest end of a piece that is not too long."""
    end, room = start, LONGEST
    while end < len(text):
        room -= 2 if text[end] > "\uffff" else 1
        if room < 0:
            break
        end += 1
    return end


def _break(text: str, start: int, end: int) -> int:
    """Move a cut back to the last line end or space of the piece's second half, else between characters."""
    for stop in ("\n", " "):
        found = text.rfind(stop, (start + end) // 2, end)
        if found > start:
            return found + 1
    return max(_whole(text, end), start + 1) if _whole(text, end) > start else end


def _whole(text: str, end: int) -> int:
    """Move a cut back so that it parts no letter from its accents and no emoji from its parts."""
    cut = end
    while cut > max(0, end - 32) and _joins(text[cut - 1], text[cut]):
        cut -= 1
    return cut if cut > max(0, end - 32) else end


def _joins(before: str, after: str) -> bool:
    return (
        unicodedata.combining(after) != 0
        or unicodedata.category(after) in {"Mn", "Me", "Mc"}
        or _JOINER in (before, after)
        or "\U0001f3fb" <= after <= "\U0001f3ff"
    )


def _offsets(styled: Styled) -> dict[int, int]:
    """Return the UTF-16 offset of every place where a mark starts or ends."""
    places = sorted({0, *(place for mark in styled.marks for place in (mark.start, mark.end))})
    offsets = {0: 0}
    for before, after in pairwise(places):
        offsets[after] = offsets[before] + units(styled.text[before:after])
    return offsets
