"""Pure: where lines of mixed Chinese and English may be broken, and where to break them.

Between Han characters a line may be broken anywhere, save that no line begins with a closing mark or
ends with an opening one; Latin words stay whole. Rich breaks at spaces only, which leaves lines half
empty where an English word stands in a Chinese sentence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

#: Marks that do not begin a line, and marks that do not end one (GB/T 15834).
_CLOSING = frozenset("。，、；：？！…—·）」』】》〉”’%％.,;:?!)]}")
_OPENING = frozenset("（「『【《〈“‘([{")
_WIDE = 2


def breaks(text: str, width: int, cells: Callable[[str], int]) -> list[int]:
    """Return the offsets at which to begin new lines, so that none is wider than `width` cells.

    `cells` gives a character's width. A word wider than a line is broken where the line ends.
    """
    offsets: list[int] = []
    start, used, opportunity = 0, 0, 0
    for place, character in enumerate(text):
        if place > start and _may_break(text, place, cells):
            opportunity = place
        used += cells(character)
        while used > width and character != " " and place > start:
            # A second time round the opportunity is used up, and the line is broken right here.
            start = opportunity if opportunity > start else place
            offsets.append(start)
            used = sum(map(cells, text[start : place + 1]))
    return offsets


def _may_break(text: str, place: int, cells: Callable[[str], int]) -> bool:
    before, after = text[place - 1], text[place]
    if after == " " or after in _CLOSING or before in _OPENING:
        return False
    return before == " " or cells(before) == _WIDE or cells(after) == _WIDE
