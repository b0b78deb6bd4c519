"""Pure: which sentences of a comment to quote, and which words in them to mark."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.terms import NOTHING, fold, words
from retrieval.text import sentences
from retrieval.types import Language, Quote, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from retrieval.terms import Wanted

#: How much standing in the passage that was found counts against holding every term asked for.
_IN_PASSAGE = 0.5
#: How much a run as long as allowed loses against an empty one: no sentence is quoted for nothing.
_LENGTH = 0.15
#: A translation that says less of a word than this is evidence, but not marked.
_MARKED_SHARE = 0.6
#: Code points of the short quotes in a reply chain.
CHAIN_LENGTH = 90


@dataclass(frozen=True, slots=True)
class Mark:
    """Where a text says one of the question's terms."""

    span: Span
    #: The question's term, which may be in the other language.
    term: str
    #: How closely, 0 to 1.
    share: float


@dataclass(frozen=True, slots=True)
class Sought:
    """What is looked for in a text: the question's terms and what each is worth."""

    wanted: Wanted = NOTHING
    #: By term; rare terms are worth more.
    worth: Mapping[str, float] | None = None

    def value(self, held: Iterable[Mark]) -> float:
        """Return the share of what is asked for that marks hold, 0 to 1."""
        worth = self.worth or self.wanted.own
        total = sum(worth.values())
        best: dict[str, float] = {}
        for mark in held:
            best[mark.term] = max(mark.share, best.get(mark.term, 0.0))
        return sum(worth.get(term, 0.0) * share for term, share in best.items()) / total if total else 0.0


def marks(text: str, wanted: Wanted) -> list[Mark]:
    """Return where the question's terms and their translations stand in a text, in order of place."""
    if not wanted:
        return []
    folded = fold(text)
    # Looking for what is wanted is some five times faster than going through all that is there.
    found = [Mark(span, term, 1.0) for term, span in words(folded) if term in wanted.own]
    found += [Mark(span, term, 1.0) for term in wanted.own for span in _places(term, folded) if _is_han(term)]
    found += [
        Mark(span, term, share)
        for term, known in wanted.translated.items()
        for word, share in known.items()
        for span in _places(word, folded)
    ]
    return sorted(found, key=lambda mark: (mark.span.start, mark.span.end, mark.term))


def _is_han(term: str) -> bool:
    return term[0] > "\u3000" and not term[0].isdigit()


def _places(word: str, folded: str) -> Iterator[Span]:
    start = folded.find(word)
    while start >= 0:
        yield Span(start, start + len(word))
        start = folded.find(word, start + 1)


def choose(text: str, language: Language, found: Span | None, sought: Sought, limit: int) -> Quote:
    """Return the run of whole sentences that answers best, at most `limit` code points long.

    One sentence alone may be longer. `found` is the passage that matched best.
    """
    held = marks(text, sought.wanted)
    runs = list(_runs(sentences(text), limit)) or [Span(0, len(text))]
    best = max(runs, key=lambda run: (round(_value(run, found, held, sought, limit), 6), -run.start))
    return quote(text, language, best, held, sought)


def _value(run: Span, found: Span | None, held: Sequence[Mark], sought: Sought, limit: int) -> float:
    value = sought.value(mark for mark in held if run.holds(mark.span))
    value -= _LENGTH * (run.end - run.start) / limit
    if found is None:
        return value
    overlap = min(run.end, found.end) - max(run.start, found.start)
    return value + _IN_PASSAGE * max(0, overlap) / max(1, found.end - found.start)


def quote(text: str, language: Language, span: Span, held: Sequence[Mark], sought: Sought) -> Quote:
    """Return a span of a text as a quote, with the marks in it that are worth a reader's eye."""
    shown = (
        Span(mark.span.start - span.start, mark.span.end - span.start)
        for mark in held
        if span.holds(mark.span) and is_shown(mark, sought)
    )
    return Quote(language, span, span.of(text), tuple(_joined(shown)))


def is_shown(mark: Mark, sought: Sought) -> bool:
    """Tell whether a mark is worth a reader's eye: no loose translation, no single character of a word."""
    return mark.share >= _MARKED_SHARE and sought.wanted.own.get(mark.term, 0.0) >= 1.0


def moved(quote: Quote, span: Span) -> Quote:
    """Return a quote of the text inside a span as one of the text around it."""
    inner = Span(span.start + quote.span.start, span.start + quote.span.end)
    return Quote(quote.language, inner, quote.text, quote.highlights)


def opening(text: str, limit: int = CHAIN_LENGTH) -> str:
    """Return the first whole sentences of a text up to a length, one at least; cut where it is endless."""
    spans = sentences(text)
    if not spans:
        return text[:limit]
    first = spans[0].start
    last = max((span.end for span in spans if span.end - first <= limit), default=spans[0].end)
    return text[first:last][: 2 * limit]


def _runs(spans: Sequence[Span], limit: int) -> Iterator[Span]:
    """Yield every run of neighbouring sentences within a length, and every sentence alone."""
    for first, span in enumerate(spans):
        yield span
        for last in spans[first + 1 :]:
            if last.end - span.start > limit:
                break
            yield Span(span.start, last.end)


def _joined(spans: Iterable[Span]) -> Iterator[Span]:
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
