"""Pure: from the passages two indexes found to comments in one order, with a score that means something."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from retrieval.types import Hit, PassageId

#: How much lexical evidence counts beside dense similarity; see the README's evaluation.
LEXICAL_WEIGHT = 0.6


@dataclass(slots=True)
class Candidate:
    """One comment that may answer, with the evidence for it."""

    comment_id: str
    #: Cosine similarity of each of its passages that the dense index found.
    dense: dict[PassageId, float] = field(default_factory=dict)
    #: Share of the question's terms each passage holds, 0 to 1, rare terms counting more.
    lexical: dict[PassageId, float] = field(default_factory=dict)
    #: What it may have at most where the dense index did not find it.
    floor: float = 0.0

    @property
    def best_dense(self) -> float:
        """Return its best passage's similarity."""
        return max(self.dense.values(), default=self.floor)

    @property
    def best_lexical(self) -> float:
        """Return its best passage's lexical score."""
        return max(self.lexical.values(), default=0.0)

    @property
    def score(self) -> float:
        """Return how likely it answers, comparable between questions."""
        return self.best_dense + LEXICAL_WEIGHT * self.best_lexical

    def passages(self) -> list[PassageId]:
        """Return the passages that speak for it, the strongest first."""
        found = dict.fromkeys([*self.dense, *self.lexical])
        strength = {p: self.dense.get(p, 0.0) + LEXICAL_WEIGHT * self.lexical.get(p, 0.0) for p in found}
        return sorted(found, key=lambda passage: (-strength[passage], str(passage)))

    def explanation(self) -> dict[str, float | int | str | list[str]]:
        """Return how the score came about."""
        return {
            "dense": round(self.best_dense, 4),
            "lexical": round(self.best_lexical, 4),
            "passages": [str(passage) for passage in self.passages()],
        }


def fuse(dense: Sequence[Hit], lexical: Iterable[Hit], ideal: float) -> list[Candidate]:
    """Join what the two indexes found into comments, best first.

    `ideal` is the lexical score of a passage that holds every term of the question.
    """
    floor = min((hit.score for hit in dense), default=0.0)
    candidates: dict[str, Candidate] = {}
    for hit in dense:
        candidates.setdefault(hit.passage.comment_id, Candidate(hit.passage.comment_id)).dense[
            hit.passage
        ] = hit.score
    for hit in lexical:
        candidate = candidates.setdefault(
            hit.passage.comment_id, Candidate(hit.passage.comment_id, floor=floor)
        )
        candidate.lexical[hit.passage] = min(1.0, hit.score / ideal) if ideal > 0 else 0.0
    return sorted(candidates.values(), key=lambda candidate: (-candidate.score, candidate.comment_id))
