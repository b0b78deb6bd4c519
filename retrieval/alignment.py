"""Pure: which sentences of a Chinese and an English text say the same.

Groups of up to three sentences are matched in order, so that lengths agree and the words of one are
found in the other, by the dictionary or because both scripts share them (numbers, Latin names).
Either side may have sentences that the other leaves out; translations often leave out the end.

After W. A. Gale and K. W. Church, "A Program for Aligning Sentences in Bilingual Corpora",
Computational Linguistics 19(1), 1993, which goes by lengths alone; the prices are ours, set by eye on
real comments.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING

from retrieval.dictionary import translations
from retrieval.terms import asked, terms
from retrieval.text import sentences, weight
from retrieval.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

#: Numbers of Chinese and English sentences that may match, and what each kind costs more than one to one.
_MOVES = {(1, 1): 0.0, (1, 2): 0.3, (2, 1): 0.3, (1, 3): 0.6, (3, 1): 0.6, (2, 2): 1.0}
#: What a sentence costs that has no counterpart, and a Chinese one after the last English one.
_LEFT_OUT, _CUT_OFF = 2.6, 1.0
#: What a sentence costs none of whose words is found, and a length e times the other.
_UNLIKE, _APART = 3.0, 1.5
#: In texts of more sentences than this, matches far from the diagonal are not looked at.
_SHORT, _BAND = 40, 0.3

#: Places of sentences that match.
_Group = tuple[range, range]


def align(zh: str, en: str) -> tuple[tuple[Span, Span], ...]:
    """Return the runs of sentences that match, Chinese and English, in order of place."""
    pair = _Pair(zh, en)
    return tuple(
        (_around(pair.zh, left), _around(pair.en, right)) for left, right in pair.groups() if left and right
    )


def counterpart(pairs: Sequence[tuple[Span, Span]], quoted: Span) -> Span | None:
    """Return the run that stands for a quoted one, None for none; a pair's first is of the quote's text.

    Where the other text has more in between, the run is cut there and its longest part is returned.
    """
    found = [other for own, other in pairs if own.start < quoted.end and quoted.start < own.end]
    runs: list[Span] = []
    for span in found:
        # Sentences that belong together have nothing but space between them.
        if runs and span.start - runs[-1].end <= _SPACE:
            runs[-1] = Span(runs[-1].start, span.end)
        else:
            runs.append(span)
    return max(runs, key=lambda run: (run.end - run.start, -run.start), default=None)


_SPACE = 3


def _around(spans: Sequence[Span], places: range) -> Span:
    return Span(spans[places[0]].start, spans[places[-1]].end)


class _Pair:
    """Two texts and what matching their sentences costs."""

    def __init__(self, zh: str, en: str) -> None:
        self.zh, self.en = sentences(zh), sentences(en)
        parts = [span.of(zh) for span in self.zh], [span.of(en) for span in self.en]
        self._weights = [[weight(part) for part in side] for side in parts]
        self._held = [frozenset(term.text for term in terms(part)) for part in parts[0]]
        self._asked = [_ways(part) for part in parts[1]]

    @cached_property
    def _found(self) -> list[list[int]]:
        """Which words of each English sentence (a bit each) stand in each Chinese one."""
        return [
            [
                sum(1 << bit for bit, ways in enumerate(own) if not ways.isdisjoint(held))
                for own in self._asked
            ]
            for held in self._held
        ]

    def groups(self) -> list[_Group]:
        """Return the cheapest matching, in order of place; one side of a group may be empty."""
        ends = len(self.zh), len(self.en)
        came: dict[tuple[int, int], tuple[int, int]] = {}
        costs = {(0, 0): 0.0}
        for row in range(ends[0] + 1):
            for column in range(ends[1] + 1):
                at = row, column
                if at not in costs or not _near(at, ends):
                    continue
                for to, price in self._steps(at):
                    if costs[at] + price < costs.get(to, math.inf):
                        costs[to], came[to] = costs[at] + price, at
        return _back(came, ends)

    def _steps(self, at: tuple[int, int]) -> Iterator[tuple[tuple[int, int], float]]:
        (row, column), rows, columns = at, len(self.zh), len(self.en)
        if row < rows:
            yield (row + 1, column), _CUT_OFF if column == columns else _LEFT_OUT
        if column < columns:
            yield (row, column + 1), _LEFT_OUT
        for (down, across), price in _MOVES.items():
            if row + down <= rows and column + across <= columns:
                to = row + down, column + across
                yield to, price + self._mismatch(range(row, to[0]), range(column, to[1]))

    def _mismatch(self, left: range, right: range) -> float:
        heavy = sum(self._weights[0][place] for place in left)
        light = sum(self._weights[1][place] for place in right)
        apart = abs(math.log((heavy + 8) / (light + 8)))
        return _APART * apart + _UNLIKE * (len(left) + len(right)) / 2 * (1 - self._likeness(left, right))

    def _likeness(self, left: range, right: range) -> float:
        words = sum(len(self._asked[column]) for column in right)
        if not words:
            return 0.5
        found = 0
        for column in right:
            bits = 0
            for row in left:
                bits |= self._found[row][column]
            found += bits.bit_count()
        return found / words


def _ways(sentence: str) -> list[frozenset[str]]:
    """Return, for each word of an English sentence, the terms a Chinese one may have for it."""
    words = [term for term, share in asked(sentence).items() if share >= 1.0]
    known = translations([word for word in words if word.isascii()])
    return [frozenset({word, *(own[:2] for own in known.get(word, ()))}) for word in words]


def _near(at: tuple[int, int], ends: tuple[int, int]) -> bool:
    return min(ends) <= _SHORT or abs(at[0] / ends[0] - at[1] / ends[1]) <= _BAND


def _back(came: dict[tuple[int, int], tuple[int, int]], end: tuple[int, int]) -> list[_Group]:
    groups: list[_Group] = []
    while end in came:
        start = came[end]
        groups.append((range(start[0], end[0]), range(start[1], end[1])))
        end = start
    return groups[::-1]
