"""Pure: from what two indexes found to comments in one order, with a score that means something."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from heapq import nlargest
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from retrieval.maxsim import Meeting
    from retrieval.types import Hit, Language, PassageId, TextHit


class Weights(NamedTuple):
    """What each kind of evidence counts; see the README's evaluation."""

    #: The best passage's cosine similarity, and that of the whole comment.
    passage: float
    whole: float
    #: A unit of BM25.
    lexical: float
    #: How well the question's words are met.
    meeting: float

    def of(self, passage: float, whole: float, lexical: float, meeting: float = 0.0) -> float:
        """Return the evidence, given each kind of it."""
        return self.passage * passage + self.whole * whole + self.lexical * lexical + self.meeting * meeting


#: For choosing the candidates that are read, and for ordering those.
FOUND = Weights(0.45, 0.55, 1 / 80, 0.0)
MET = Weights(0.4, 0.55, 0.5 / 80, 1.0)
#: What the latter lose by how much more like what their thread asks they are than like the question: what
#: answers that alone is like every question about its thread.
_ASIDE = 0.14
#: Where no comment meets a question's words better than this, it is asked in other words, and those that some
#: have by chance say less: by so many times what the best lacks, down to what is left at least.
_WELL, _BY, _LEFT = 0.7, 3.0, 0.7
#: For telling whether the first of them answers at all: how like the question it is counts for more there,
#: and the words they share for less, than for telling which of them answers best.
ANSWERING = Weights(0.45, 0.65, 0.6 / 80, 0.55)
#: What that loses by the share of the question in the word missed most, and in a name that is missing.
MISSED, _UNNAMED = 0.25, 1.2
#: The evidence at which a comment is as likely to answer as not, and how fast that changes. All of these lie
#: near what logistic regression gives; see the README's evaluation.
_EVEN, _STEEPNESS = 0.718, 12.0
#: What a comment gains by the evidence of the best of its thread, and how many those are; and what a reply
#: gains by how far what it answers stands above the last; see the README's evaluation.
_THREAD, _BEST, _PARENT = 0.4, 3, 0.25


@dataclass(slots=True)
class Candidate:
    """One comment that may answer, with the evidence for it."""

    comment_id: str
    #: Cosine similarity of each of its passages that the dense index found.
    dense: dict[PassageId, float] = field(default_factory=dict)
    #: Cosine similarity of the mean of its passages; None where it has one that was not found.
    whole: float | None = None
    #: BM25 of each of its texts that the lexical index found.
    lexical: dict[Language, float] = field(default_factory=dict)
    #: What its similarity may be at most where the dense index did not find it.
    floor: float = 0.0
    #: How like what its thread asks it is, as a whole; None where that is not known.
    common: float | None = None
    #: How well it meets the question's words; None where that was not looked at.
    meeting: Meeting | None = None
    #: How much that counts, at most 1.
    trust: float = 1.0
    #: The share of the question in a name that neither the comment has nor what it stands under; told of the
    #: first of all candidates alone, and of one that comes after another for it.
    unnamed: float = 0.0
    #: What the evidence for the first of all candidates says beyond its being an answer; it counts against
    #: all of them alike.
    doubt: float = 0.0
    #: What its thread and what it replies to speak for it, beyond what the first candidate's speak for that.
    thread: float = 0.0
    #: What a reranker says of it, 0 to 1, if one was asked.
    reranked: float | None = None

    @property
    def best_dense(self) -> float:
        """Return its best passage's similarity."""
        return max(self.dense.values()) if self.dense else self.floor

    @property
    def best_lexical(self) -> float:
        """Return its best text's BM25."""
        return max(self.lexical.values()) if self.lexical else 0.0

    @property
    def evidence(self) -> float:
        """Return what candidates are ordered by."""
        if self.meeting is None:
            return self._weighed(FOUND)
        return self._weighed(MET, self.trust) - _ASIDE * self.aside

    @property
    def beyond(self) -> float:
        """Return what its evidence says beyond its being an answer, where it is the first of all."""
        if self.meeting is None:
            return 0.0
        lacking = MISSED * self.meeting.missed + _UNNAMED * self.unnamed
        return self.evidence - self._weighed(ANSWERING) + lacking

    @property
    def aside(self) -> float:
        """Return how much more like what its thread asks it is than like the question."""
        return max(0.0, self.common - self._as_a_whole) if self.common is not None else 0.0

    @property
    def _as_a_whole(self) -> float:
        return self.floor if self.whole is None else self.whole

    def _weighed(self, weights: Weights, trust: float = 1.0) -> float:
        meeting = trust * self.meeting.score if self.meeting is not None else 0.0
        return weights.of(self.best_dense, self._as_a_whole, self.best_lexical, meeting)

    @property
    def likelihood(self) -> float:
        """Return how likely it answers, 0 to 1, comparable between questions."""
        if self.reranked is not None:
            return self.reranked
        speaks_for = self.evidence + self.thread - self.doubt
        return 1 / (1 + math.exp(-_STEEPNESS * (speaks_for - _EVEN)))

    def passages(self) -> list[PassageId]:
        """Return the passages found, the most similar first."""
        return sorted(self.dense, key=lambda passage: (-self.dense[passage], str(passage)))


#: A comment's ranks by either index alone, dense first; None where it was not found.
Ranks = tuple[int | None, int | None]


def ranks(dense: Iterable[Hit], lexical: Iterable[TextHit]) -> dict[str, Ranks]:
    """Return the ranks, from 1, of the comments found, given what each index found, best first."""
    similar = dict.fromkeys(hit.passage.comment_id for hit in _passages(dense))
    texts = dict.fromkeys(text.comment_id for text in lexical)
    by_dense = {name: rank for rank, name in enumerate(similar, start=1)}
    by_words = {name: rank for rank, name in enumerate(texts, start=1)}
    return {name: (by_dense.get(name), by_words.get(name)) for name in similar | texts}


def in_pieces(dense: Iterable[Hit], ranked: Iterable[str]) -> list[str]:
    """Return which of the comments found may have several passages: those not found by their only one."""
    whole = {hit.passage.comment_id for hit in dense if hit.passage.sole}
    return [name for name in ranked if name not in whole]


def _passages(dense: Iterable[Hit]) -> list[Hit]:
    """Return the hits but for rows of an older version that are no passages; those have negative numbers."""
    return [hit for hit in dense if hit.passage.number >= 0]


def fuse(
    dense: Iterable[Hit],
    lexical: Iterable[TextHit],
    wholes: Mapping[str, float] = MappingProxyType({}),
    count: int | None = None,
) -> list[Candidate]:
    """Join what the two indexes found into comments, the `count` best, best first; equals by their ids.

    `wholes` gives how similar a comment of several passages is as a whole, by its id.

    Lexical evidence is one sum over all words, so a script that question and comment do not share
    adds nothing, and a rare name in common adds much. Neither leg is scaled to the other's best:
    that would make weak evidence look strong where nothing is found.
    """
    passages: dict[str, dict[PassageId, float]] = {}
    whole: dict[str, float] = {}
    similar: dict[str, float] = {}
    said: dict[str, float] = {}
    floor = math.inf
    for passage, score in _passages(dense):
        name = passage.comment_id
        passages.setdefault(name, {})[passage] = score
        similar[name] = max(score, similar.get(name, score))
        floor = min(floor, score)
        if passage.sole:
            whole[name] = max(score, whole.get(name, score))
    whole.update(wholes)
    texts: dict[str, dict[Language, float]] = {}
    for name, language, score in lexical:
        texts.setdefault(name, {})[language] = score
        said[name] = max(score, said.get(name, score))
    floor = floor if similar else 0.0
    # Most of what was found is not read: only what is becomes a candidate.
    of = FOUND.of
    order = sorted(
        [
            (-of(similar.get(name, floor), whole.get(name, floor), said.get(name, 0.0)), name)
            for name in similar | said
        ]
    )
    return [
        Candidate(name, passages.get(name, {}), whole.get(name), texts.get(name, {}), floor)
        for _, name in order[:count]
    ]


def in_order(
    candidates: Sequence[Candidate],
    threads: Mapping[str, str],
    parents: Mapping[str, str] = MappingProxyType({}),
) -> list[Candidate]:
    """Return candidates best first, equals in their order, given the thread of each by its id.

    Where several comments of a thread are about the question, the thread is, and so are others of it. What
    a thread lacks of so many counts as the least evidence there is. A reply need not say again what it is
    about: it gains by the evidence of what it answers, named by `parents`, if that is a candidate too.
    """
    trust = _trust(candidate.meeting.score for candidate in candidates if candidate.meeting is not None)
    for candidate in candidates:
        candidate.trust = trust
    evidence = {candidate.comment_id: candidate.evidence for candidate in candidates}
    least = min(evidence.values(), default=0.0)
    found: dict[str, list[float]] = {}
    for name, own in evidence.items():
        found.setdefault(threads[name], []).append(own)
    means = {
        thread: sum(nlargest(_BEST, all_of_it + [least] * _BEST)) / _BEST
        for thread, all_of_it in found.items()
    }
    for candidate in candidates:
        name = candidate.comment_id
        above = evidence.get(parents.get(name, ""), least) - least
        candidate.thread = _THREAD * means[threads[name]] + _PARENT * above
    ordered = sorted(candidates, key=lambda candidate: -evidence[candidate.comment_id] - candidate.thread)
    return led_by(ordered[0], ordered) if ordered else []


def _trust(meetings: Iterable[float]) -> float:
    """Return how much it counts how candidates meet the words, given how well each does."""
    return min(1.0, max(_LEFT, 1.0 - _BY * (_WELL - max(meetings, default=_WELL))))


def led_by(first: Candidate, ordered: Sequence[Candidate]) -> list[Candidate]:
    """Return candidates in their order, but for one of them that comes first."""
    # Whether the first one answers is for itself to say: by its thread no more questions were told apart.
    lead = first.thread
    for candidate in ordered:
        candidate.thread -= lead
    return [first, *(candidate for candidate in ordered if candidate is not first)]
