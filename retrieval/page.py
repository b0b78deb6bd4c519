"""Pure: what is shown of a comment: its quote, the counterpart in the other language, what it replies to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from retrieval import alignment, excerpts, fusion, maxsim
from retrieval.excerpts import Sought
from retrieval.maxsim import Meeting
from retrieval.types import ChainLink, Excerpt, Span, other

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from retrieval.excerpts import Mark
    from retrieval.fusion import Candidate
    from retrieval.generations import Manifest
    from retrieval.maxsim import Asked, Texts
    from retrieval.rerank import Reranker
    from retrieval.selection import Chosen
    from retrieval.types import Language, Quote, Record

_NOTHING = Sought()
#: From what share of the question in a name that the first comment lacks others are held against it, and how
#: many are; with what part of that it has the name, and what evidence less makes it as good.
_LACKS, _HELD, _HAS, _AS_GOOD = 0.1, 5, 0.25, 0.05


class TokenVectors(Protocol):
    """What knows the vectors of tokens."""

    def __call__(self, packed: Sequence[Sequence[bytes]], /) -> Texts | None:
        """Return those of comments, given each by its passages, none of them empty; None for no comment."""


def excerpt(
    manifest: Manifest,
    chosen: Chosen,
    related: Mapping[str, Record],
    sought: Sought,
    *,
    rank: int,
    ranks: tuple[int | None, int | None],
    language: Language,
    limit: int,
) -> Excerpt:
    """Put together what is shown of one comment that was found.

    `related` holds its ancestors by id, `ranks` its dense and its lexical rank; quotes have at most
    about `limit` code points and are in `language` where the comment is.
    """
    comment = chosen.record.comment
    held = {known: excerpts.marks(text, sought.wanted) for known, text in comment.text.items()}
    quote, counterpart = _quotes(chosen, language, held, sought, limit)
    entry = manifest.holding(comment)
    return Excerpt(
        rank=rank,
        score=round(chosen.candidate.likelihood, 4),
        comment=comment,
        thread=entry.thread,
        path=entry.path,
        quote=quote,
        other=counterpart,
        chain=_chain(chosen.record, related, language),
        similar=tuple(chosen.similar),
        explanation=_explanation(chosen, ranks, held, sought),
    )


def whole(manifest: Manifest, record: Record, related: Mapping[str, Record], language: Language) -> Excerpt:
    """Put together a comment that is shown whole, not found."""
    comment = record.comment
    entry = manifest.holding(comment)
    shown, text = comment.text.preferring(language) or (language, "")
    opposite = comment.text[other(shown)]
    return Excerpt(
        rank=1,
        score=0.0,
        comment=comment,
        thread=entry.thread,
        path=entry.path,
        quote=_all_of(text, shown),
        other=_all_of(opposite, other(shown)) if opposite else None,
        chain=_chain(record, related, language),
        similar=(),
        explanation={},
    )


def _all_of(text: str, language: Language) -> Quote:
    return excerpts.quote(text, language, Span(0, len(text)), [], _NOTHING)


def _quotes(
    chosen: Chosen, language: Language, held: Mapping[Language, Sequence[Mark]], sought: Sought, limit: int
) -> tuple[Quote, Quote | None]:
    """Choose what to quote in the language asked for, if the comment has it, and its counterpart."""
    record = chosen.record
    shown, text = record.comment.text.preferring(language) or (language, "")
    found = _best_passage(chosen.candidate, record, shown)
    quote = excerpts.choose(text, shown, found, held.get(shown, ()), sought, limit)
    opposite = record.comment.text[other(shown)]
    pairs = record.aligned if shown == "zh" else [(en, zh) for zh, en in record.aligned]
    span = alignment.counterpart(pairs, quote.span)
    if opposite is None or span is None:
        return quote, None
    return quote, excerpts.quote(opposite, other(shown), span, held[other(shown)], sought)


def _best_passage(candidate: Candidate, record: Record, language: Language) -> Span | None:
    """Return the passage of a language that the dense index likes best, None where it found none."""
    for passage in candidate.passages():
        spans = record.passages.get(passage.language, ())
        if passage.language == language and passage.number < len(spans):
            return spans[passage.number]
    return None


def _chain(record: Record, related: Mapping[str, Record], language: Language) -> tuple[ChainLink, ...]:
    return tuple(_link(related[above], language) for above in record.ancestors if above in related)


def _link(record: Record, language: Language) -> ChainLink:
    comment = record.comment
    text = comment.text.preferring(language)
    return ChainLink(comment.id, comment.author, comment.position, excerpts.opening(text[1]) if text else "")


class Surroundings(Protocol):
    """What knows where a comment stands."""

    def __call__(self, record: Record, /) -> Sequence[bytes]:
        """Return the packed tokens of what it replies to and of its thread's title and question."""


def met(
    asked: Asked,
    candidates: Sequence[Candidate],
    records: Mapping[str, Record],
    vectors: TokenVectors,
    surroundings: Surroundings,
) -> list[Candidate]:
    """Return candidates best first: by all evidence, how they meet the words included, and by their threads.

    Candidates without a record are left out; equals keep their order.
    """
    known = [candidate for candidate in candidates if candidate.comment_id in records]
    packed = {c.comment_id: [own for own in records[c.comment_id].tokens if own] for c in known}
    texts = vectors([own for own in packed.values() if own])
    found = iter(maxsim.meetings(asked, texts) if texts else ())
    meetings = {name: next(found) if own else Meeting() for name, own in packed.items()}
    for candidate in known:
        candidate.meeting = meetings[candidate.comment_id]
        candidate.common = records[candidate.comment_id].common
    ordered = fusion.in_order(
        known,
        {name: records[name].comment.thread_id for name in meetings},
        {name: records[name].ancestors[-1] for name in meetings if records[name].ancestors},
    )
    if ordered:
        ordered = _named_first(ordered, lambda one: _unnamed(asked, records[one], vectors, surroundings))
        doubt = ordered[0].beyond
        for candidate in ordered:
            candidate.doubt = doubt
    return ordered


def _named_first(ordered: Sequence[Candidate], unnamed: Callable[[str], float]) -> list[Candidate]:
    """Return candidates in their order, but one that has a name which the first lacks before it, if as good.

    `unnamed` gives the share of the question in the name that a comment lacks, by its id.
    """
    first = ordered[0]
    first.unnamed = unnamed(first.comment_id)
    if first.unnamed > _LACKS:
        for other in ordered[1:_HELD]:
            if first.evidence + first.thread - other.evidence - other.thread > _AS_GOOD:
                break
            lacking = unnamed(other.comment_id)
            if lacking < _HAS * first.unnamed:
                other.unnamed = lacking
                return fusion.led_by(other, ordered)
    return list(ordered)


def _unnamed(asked: Asked, record: Record, vectors: TokenVectors, surroundings: Surroundings) -> float:
    """Return how much of a question is a name that a comment has not; a reply need not repeat it."""
    if not asked.names.any():
        return 0.0
    packed = [own for own in (*record.tokens, *surroundings(record)) if own]
    texts = vectors([packed] if packed else [])
    return maxsim.unnamed(asked, texts) if texts else 0.0


def reranked(
    reranker: Reranker, question: str, candidates: Sequence[Candidate], records: Mapping[str, Record]
) -> list[Candidate]:
    """Return candidates in the order a reranker gives their best passages; equals keep theirs."""
    known = [candidate for candidate in candidates if candidate.comment_id in records]
    texts = [_judged(candidate, records[candidate.comment_id]) for candidate in known]
    for candidate, score in zip(known, reranker.scores(question, texts), strict=True):
        candidate.reranked = score
    return sorted(known, key=lambda candidate: -candidate.likelihood)


def _judged(candidate: Candidate, record: Record) -> str:
    """Return what a reranker reads of a comment: the best passage found, else as much as it takes."""
    for passage in candidate.passages():
        if passage.number < len(record.passages.get(passage.language, ())):
            return record.passage_text(passage)
    return next((text for _, text in record.comment.text.items()), "")


def _explanation(
    chosen: Chosen,
    ranks: tuple[int | None, int | None],
    held: Mapping[Language, Sequence[Mark]],
    sought: Sought,
) -> dict[str, float | int | str | list[str]]:
    """Return how the score came about; a rank of 0 says that the index did not find it."""
    candidate = chosen.candidate
    found: dict[str, float | int | str | list[str]] = {
        "score": round(candidate.likelihood, 4),
        "evidence": round(candidate.evidence, 4),
        "dense": round(candidate.best_dense, 4),
        "dense_rank": ranks[0] or 0,
        "lexical": round(candidate.best_lexical, 4),
        "lexical_rank": ranks[1] or 0,
        "passages": [str(passage) for passage in candidate.passages()],
        "matched": _matched(chosen.record, held, sought),
    }
    if candidate.meeting is not None:
        found["meeting"] = round(candidate.meeting.score, 4)
        found["trust"] = round(candidate.trust, 4)
        found["aside"] = round(candidate.aside, 4)
        found["missed"] = round(candidate.meeting.missed, 4)
        found["unnamed"] = round(candidate.unnamed, 4)
        found["doubt"] = round(candidate.doubt, 4)
        found["thread"] = round(candidate.thread, 4)
    if candidate.reranked is not None:
        found["reranked"] = round(candidate.reranked, 4)
    return found


def _matched(record: Record, held: Mapping[Language, Sequence[Mark]], sought: Sought) -> list[str]:
    """Return the words of a comment that match the question, as it writes them, each once."""
    found: dict[str, None] = {}
    for language, text in record.comment.text.items():
        quote = excerpts.quote(text, language, Span(0, len(text)), held[language], sought)
        found.update(dict.fromkeys(span.of(text).lower() for span in quote.highlights))
    return list(found)
