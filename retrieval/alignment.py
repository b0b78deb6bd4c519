"""Pure: which sentences of a translation stand for which sentences of its original.

Sentences are matched in order, groups of up to three with groups of up to three, so that lengths
agree and what both scripts share (numbers, names in Latin letters) meets; either side may have
sentences that the other leaves out. After W. A. Gale and K. W. Church, "A Program for Aligning
Sentences in Bilingual Corpora", Computational Linguistics 19(1), 1993, with lengths in characters of
English (`text.weight`) and anchors added.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.text import sentences, weight
from retrieval.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_ANCHOR = re.compile(r"[A-Za-z][A-Za-z0-9]+|\d+")
#: What each kind of match costs before lengths are looked at: groups taken from either side.
_MOVES = {
    (1, 1): 0.0,
    (1, 2): 1.5,
    (2, 1): 1.5,
    (1, 3): 2.5,
    (3, 1): 2.5,
    (2, 2): 2.5,
    (1, 0): 3.0,
    (0, 1): 3.0,
}
#: What a shared anchor saves.
_ANCHOR_GAIN = 1.0
#: How far from the diagonal matches are sought, as a share of a text; the whole of short ones.
_BAND = 0.3
_SHORT = 12


@dataclass(frozen=True)
class _Side:
    """One text as the aligner sees it."""

    spans: Sequence[Span]
    weights: Sequence[int]
    anchors: Sequence[frozenset[str]]

    @classmethod
    def of(cls, text: str) -> _Side:
        spans = sentences(text)
        parts = [span.of(text) for span in spans]
        return cls(
            spans,
            [weight(part) for part in parts],
            [frozenset(found.lower() for found in _ANCHOR.findall(part)) for part in parts],
        )


def counterpart(original: str, quoted: Span, translation: str) -> Span | None:
    """Return the run of the translation's sentences that stands for a run of the original's, if any."""
    left, right = _Side.of(original), _Side.of(translation)
    groups = [
        translated
        for own, translated in _aligned(left, right)
        if own and translated and any(_overlap(left.spans[place], quoted) for place in own)
    ]
    if not groups:
        return None
    return Span(right.spans[groups[0][0]].start, right.spans[groups[-1][-1]].end)


def _overlap(one: Span, another: Span) -> bool:
    return one.start < another.end and another.start < one.end


def _aligned(left: _Side, right: _Side) -> Iterator[tuple[range, range]]:
    """Yield the cheapest matching of two texts, group by group, in order."""
    ends = (len(left.spans), len(right.spans))
    came: dict[tuple[int, int], tuple[int, int]] = {}
    costs = {(0, 0): 0.0}
    for row in range(ends[0] + 1):
        for column in range(ends[1] + 1):
            base = costs.get((row, column))
            if base is None or not _near(row, column, ends):
                continue
            for (down, across), price in _MOVES.items():
                to = (row + down, column + across)
                if to[0] > ends[0] or to[1] > ends[1]:
                    continue
                cost = base + price + _mismatch(left, right, range(row, to[0]), range(column, to[1]))
                if cost < costs.get(to, math.inf):
                    costs[to], came[to] = cost, (row, column)
    yield from reversed(list(_back(came, ends)))


def _near(row: int, column: int, ends: tuple[int, int]) -> bool:
    if min(ends) <= _SHORT:
        return True
    return abs(row / ends[0] - column / ends[1]) <= _BAND


def _back(
    came: dict[tuple[int, int], tuple[int, int]], end: tuple[int, int]
) -> Iterator[tuple[range, range]]:
    while end in came:
        start = came[end]
        yield range(start[0], end[0]), range(start[1], end[1])
        end = start


def _mismatch(left: _Side, right: _Side, own: range, translated: range) -> float:
    """Return what matching two groups costs: how far their lengths are apart, less for shared anchors."""
    if not own or not translated:
        return 0.0
    heavy = sum(left.weights[place] for place in own)
    light = sum(right.weights[place] for place in translated)
    apart = abs(math.log((heavy + 8) / (light + 8)))
    here = frozenset().union(*(left.anchors[place] for place in own))
    there = frozenset().union(*(right.anchors[place] for place in translated))
    return 3.0 * apart - _ANCHOR_GAIN * min(3, len(here & there))
