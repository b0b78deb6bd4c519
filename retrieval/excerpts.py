"""Pure: which sentences of a comment to quote, and which words in them to mark."""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

from retrieval.terms import NOTHING, fold, is_word, stem, words
from retrieval.text import each_sentence, sentences
from retrieval.types import Language, Quote, Span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from retrieval.terms import Wanted

#: How much standing in the passage that was found counts against holding every term asked for.
_IN_PASSAGE = 0.5
#: How much a run as long as allowed loses against an empty one: no sentence is quoted for nothing.
_LENGTH = 0.15
#: A quote shorter than this share of what is allowed gets its neighbours too: alone it says little.
_CONTEXT: dict[Language, float] = {"zh": 1 / 12, "en": 1 / 5}
#: A translation that says less of a word than this is evidence, but not marked.
_MARKED_SHARE = 0.6
#: Code points of the short quotes in a reply chain.
CHAIN_LENGTH = 90
#: How many texts' sentences and words are kept for the next questions: some ten pages of ten comments.
_KEPT = 512


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

    def shares(self) -> dict[str, float]:
        """Return how much of the whole worth each term has; empty where nothing is asked for."""
        worth = self.worth or self.wanted.own
        total = sum(worth.values())
        return {term: weight / total for term, weight in worth.items()} if total else {}


class _Parsed:
    """What of a text is the same for every question, each part reckoned when it is first asked for."""

    def __init__(self, text: str) -> None:
        self._text = text

    @cached_property
    def sentences(self) -> Sequence[Span]:
        return sentences(self._text)

    @cached_property
    def folded(self) -> str:
        return fold(self._text)

    @cached_property
    def words(self) -> Mapping[str, Sequence[Span]]:
        found: dict[str, list[Span]] = {}
        for term, span in words(self.folded):
            found.setdefault(term, []).append(span)
        return found


_parsed = lru_cache(maxsize=_KEPT)(_Parsed)


def marks(text: str, wanted: Wanted) -> list[Mark]:
    """Return where the question's terms and their translations stand in a text, in order of place."""
    if not wanted:
        return []
    parsed = _parsed(text)
    folded, own = parsed.folded, wanted.own
    found = [Mark(span, term, 1.0) for term in own if is_word(term) for span in parsed.words.get(term, ())]
    # Looking for what is wanted is some five times faster than going through all that is there.
    found += [Mark(span, term, 1.0) for term in own if _is_han(term) for span in _places(term, folded)]
    found += [
        Mark(span, term, share)
        for term, known in wanted.translated.items()
        for word, share in known.items()
        for span in _said(word, parsed)
    ]
    return sorted(found, key=lambda mark: (mark.span.start, mark.span.end, mark.term))


def _said(word: str, parsed: _Parsed) -> Iterable[Span]:
    """Return where a translation stands in a text."""
    if word.isascii():
        return parsed.words.get(stem(word), ())
    return _places(word, parsed.folded) if word in parsed.folded else ()


def _is_han(term: str) -> bool:
    return term[0] > "\u3000" and not term[0].isdigit()


def _places(word: str, folded: str) -> Iterator[Span]:
    start = folded.find(word)
    while start >= 0:
        yield Span(start, start + len(word))
        start = folded.find(word, start + 1)


def choose(
    text: str, language: Language, found: Span | None, held: Sequence[Mark], sought: Sought, limit: int
) -> Quote:
    """Return the run of whole sentences that answers best, at most `limit` code points long.

    One sentence alone may be longer; a very short one comes with the next, or else the one before.
    `found` is the passage that matched best, `held` are the text's marks.
    """
    best, highest = Span(0, len(text)), -math.inf
    inside, size = found or Span(0, 0), (found.end - found.start if found else 0) or 1
    spans = _parsed(text).sentences
    for run, matching in _runs(spans, inside, held, sought, limit):
        overlap = min(run.end, inside.end) - max(run.start, inside.start)
        value = matching - _LENGTH * (run.end - run.start) / limit + _IN_PASSAGE * max(0, overlap) / size
        # Of equals the first, and of those that begin together the shortest.
        if (value := round(value, 6)) > highest:
            best, highest = run, value
    return quote(text, language, _in_context(best, spans, _CONTEXT[language] * limit, limit), held, sought)


def _in_context(run: Span, spans: Sequence[Span], least: float, limit: int) -> Span:
    """Return a run of sentences with as many neighbours as make it long enough, those after it first."""
    if run.end - run.start >= least:
        return run
    after = [span for span in spans if span.start >= run.end]
    before = [span for span in spans if span.end <= run.start]
    while run.end - run.start < least:
        if after and after[0].end - run.start <= limit:
            run = Span(run.start, after.pop(0).end)
        elif before and run.end - before[-1].start <= limit:
            run = Span(before.pop().start, run.end)
        else:
            break
    return run


def _runs(
    spans: Sequence[Span], found: Span, held: Sequence[Mark], sought: Sought, limit: int
) -> Iterator[tuple[Span, float]]:
    """Yield every sentence alone, and the runs of neighbouring ones within a length that may be better.

    With each comes the share of what is asked for that the marks in it hold, 0 to 1. A run is no better
    than one without its first or its last sentence, if that holds no mark and adds nothing of the passage
    found: neither itself nor what lies between it and its neighbours.
    """
    ending = _by_sentence(spans, held)
    worth = sought.shares()
    ends = [0, *(span.end for span in spans)]
    starts = [*(span.start for span in spans[1:]), ends[-1]]
    useful = [end < found.end and found.start < start for end, start in zip(ends, starts, strict=False)]
    for terms in ending.values():
        for _, begun in terms:
            useful[begun] = True
    for first, span in enumerate(spans):
        best: dict[str, float] = {}
        matching = 0.0
        for last in range(first, len(spans)):
            end = spans[last].end
            if last > first and end - span.start > limit:
                break
            known = ending.get(last)
            for (term, begun), share in known.items() if known else ():
                before = best.get(term, 0.0)
                if begun >= first and share > before:
                    best[term] = share
                    matching += worth.get(term, 0.0) * (share - before)
            if last == first or known or useful[last]:
                yield Span(span.start, end), matching
            if not useful[first]:
                break


def _by_sentence(spans: Sequence[Span], held: Iterable[Mark]) -> dict[int, dict[tuple[str, int], float]]:
    """Return the terms that end in each sentence and in which one they begin, with their best share."""
    starts, ends = [span.start for span in spans], [span.end for span in spans]
    ending: dict[int, dict[tuple[str, int], float]] = {}
    for mark in held:
        begun = bisect_right(starts, mark.span.start) - 1
        own = ending.setdefault(bisect_left(ends, mark.span.end), {})
        own[mark.term, begun] = max(mark.share, own.get((mark.term, begun), 0.0))
    return ending


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


@lru_cache(maxsize=_KEPT)
def opening(text: str, limit: int = CHAIN_LENGTH) -> str:
    """Return the first whole sentences of a text up to a length, one at least; cut where it is endless."""
    spans = each_sentence(text)
    first = next(spans, None)
    if first is None:
        return text[:limit]
    last = first.end
    for span in spans:
        if span.end - first.start > limit:
            break
        last = span.end
    return text[first.start : last][: 2 * limit]


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
