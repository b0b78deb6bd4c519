"""Pure: which sentences of a comment to quote, and which words in them to mark."""

from __future__ import annotations

from typing import TYPE_CHECKING

from retrieval.terms import terms
from retrieval.text import sentences
from retrieval.types import Language, Quote, Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

#: How much standing in the passage that was found counts against holding every term asked for.
_IN_PASSAGE = 0.5
#: Code points of the short quotes in a reply chain.
CHAIN_LENGTH = 90


def choose(
    text: str, language: Language, found: Span | None, asked: Mapping[str, float], limit: int
) -> Quote:
    """Return the run of whole sentences that answers best, at most `limit` code points long.

    One sentence alone may be longer. `found` is the passage that matched, `asked` the question's
    terms with their weights.
    """
    marks = list(_marks(text, asked))
    runs = list(_runs(sentences(text), limit)) or [Span(0, len(text))]
    values = {span: _value(span, found, marks, asked) for span in runs}
    best = max(runs, key=lambda span: (round(values[span], 6), span.end - span.start, -span.start))
    return quote(text, language, best, asked)


def quote(text: str, language: Language, span: Span, asked: Mapping[str, float]) -> Quote:
    """Return a span of a text as a quote, with the question's terms marked."""
    inside = (mark for mark, _ in _marks(text, asked) if span.holds(mark))
    highlights = _joined(Span(mark.start - span.start, mark.end - span.start) for mark in inside)
    return Quote(language, span, span.of(text), tuple(highlights))


def counterpart(text: str, language: Language, of: Quote, original: str, asked: Mapping[str, float]) -> Quote:
    """Return the sentences of a translation that stand where a quote stands in the original.

    Sentences are laid side by side by the share of the text before them, since translators keep the
    order and seldom the number of sentences.
    """
    start, end = of.span.start / max(1, len(original)), of.span.end / max(1, len(original))
    spans = sentences(text) or [Span(0, len(text))]
    shares = [((span.start + span.end) / 2 / max(1, len(text)), span) for span in spans]
    inside = [span for middle, span in shares if start <= middle <= end]
    if not inside:
        inside = [min(shares, key=lambda pair: abs(pair[0] - (start + end) / 2))[1]]
    return quote(text, language, Span(inside[0].start, inside[-1].end), asked)


def opening(text: str, limit: int = CHAIN_LENGTH) -> str:
    """Return the first whole sentences of a text up to a length, one at least; cut where it is endless."""
    spans = sentences(text)
    if not spans:
        return text[:limit]
    run = next(_runs(spans, limit))
    last = max((span for span in _runs(spans, limit) if span.start == run.start), key=lambda span: span.end)
    return last.of(text)[: 2 * limit]


def _runs(spans: Sequence[Span], limit: int) -> Iterator[Span]:
    """Yield every run of neighbouring sentences within a length, and every sentence alone."""
    for first, span in enumerate(spans):
        yield span
        for last in spans[first + 1 :]:
            if last.end - span.start > limit:
                break
            yield Span(span.start, last.end)


def _marks(text: str, asked: Mapping[str, float]) -> Iterator[tuple[Span, str]]:
    """Yield where the question's terms stand in a text; single characters of a longer word are left out."""
    for term in terms(text):
        if term.text in asked and (term.strong or asked[term.text] >= 1.0):
            yield term.span, term.text


def _value(
    span: Span, found: Span | None, marks: Sequence[tuple[Span, str]], asked: Mapping[str, float]
) -> float:
    held = {term for mark, term in marks if span.holds(mark)}
    total = sum(asked.values())
    share = sum(asked[term] for term in held) / total if total else 0.0
    if found is None:
        return share
    overlap = min(span.end, found.end) - max(span.start, found.start)
    return share + _IN_PASSAGE * max(0, overlap) / max(1, found.end - found.start)


def _joined(spans: Iterator[Span]) -> Iterator[Span]:
    """Yield spans in order, those that touch or overlap as one."""
    pending: Span | None = None
    for span in sorted(spans):
        if pending is not None and span.start <= pending.end:
            pending = Span(pending.start, max(pending.end, span.end))
            continue
        if pending is not None:
            yield pending
        pending = span
    if pending is not None:
        yield pending
