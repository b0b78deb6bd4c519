"""Pure: the same quote, shorter or longer, still of whole sentences."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from retrieval.text import sentences
from retrieval.types import Quote, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retrieval.types import Excerpt


def resized(excerpt: Excerpt, limit: int) -> Excerpt:
    """Quote at most `limit` code points of a comment, one sentence at least, and the same part of the other.

    A shorter quote keeps the sentences with the most matches, a longer one takes in its neighbours.
    """
    texts = excerpt.comment.text
    shown, text = excerpt.quote, texts[excerpt.quote.language]
    if not text:
        return excerpt
    span = _span(text, shown, limit)
    if span == shown.span:
        return excerpt
    opposite = excerpt.other
    if opposite is not None and (counter := texts[opposite.language]):
        opposite = _cut(counter, opposite, _opposite(counter, span, text))
    return replace(excerpt, quote=_cut(text, shown, span), other=opposite)


def _span(text: str, shown: Quote, limit: int) -> Span:
    every = sentences(text)
    inside = [span for span in every if shown.span.start < span.end and span.start < shown.span.end]
    if not inside:
        return shown.span
    if inside[-1].end - inside[0].start > limit:
        return _shorter(inside, shown, limit)
    return _longer(every, every.index(inside[0]), every.index(inside[-1]), limit)


def _shorter(inside: Sequence[Span], shown: Quote, limit: int) -> Span:
    """Return the run of sentences within a length that holds the most of what matched, the first if even."""
    runs = [
        Span(start.start, end.end)
        for first, start in enumerate(inside)
        for end in inside[first:]
        if end is start or end.end - start.start <= limit
    ]
    return max(runs, key=lambda run: (_matched(run, shown), run.end - run.start, -run.start))


def _longer(every: Sequence[Span], first: int, last: int, limit: int) -> Span:
    """Take in neighbours, the next one before the one before, as long as they fit."""
    grown = True
    while grown:
        grown = False
        if last + 1 < len(every) and every[last + 1].end - every[first].start <= limit:
            last, grown = last + 1, True
        if first > 0 and every[last].end - every[first - 1].start <= limit:
            first, grown = first - 1, True
    return Span(every[first].start, every[last].end)


def _matched(run: Span, shown: Quote) -> int:
    start = shown.span.start
    moved = (Span(mark.start + start, mark.end + start) for mark in shown.highlights)
    return sum(mark.end - mark.start for mark in moved if run.holds(mark))


def _opposite(counter: str, span: Span, text: str) -> Span:
    """Return the sentences of a translation that stand at the same share of the text."""
    start, end = span.start / max(1, len(text)), span.end / max(1, len(text))
    spans = sentences(counter) or [Span(0, len(counter))]
    shares = [((each.start + each.end) / 2 / len(counter), each) for each in spans]
    inside = [each for middle, each in shares if start <= middle <= end]
    if not inside:
        inside = [min(shares, key=lambda pair: abs(pair[0] - (start + end) / 2))[1]]
    return Span(inside[0].start, inside[-1].end)


def _cut(text: str, was: Quote, span: Span) -> Quote:
    """Return a span as a quote, with those of the old one's matches that lie in it."""
    moved = (Span(mark.start + was.span.start, mark.end + was.span.start) for mark in was.highlights)
    marks = (Span(mark.start - span.start, mark.end - span.start) for mark in moved if span.holds(mark))
    return Quote(was.language, span, span.of(text), tuple(marks))
