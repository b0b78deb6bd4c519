"""Pure: which of the comments found make a page: near-duplicates folded, many voices rather than one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retrieval.fusion import Candidate
    from retrieval.types import Comment, Record

#: Of all runs of characters that two texts have, the share in common from which they say the same.
_ALIKE = 0.7
#: The length of those runs, and how much of a text is looked at (code points).
_RUN, _LOOKED_AT = 4, 400


@dataclass(slots=True)
class Chosen:
    """One comment of the page."""

    candidate: Candidate
    record: Record
    #: Ids of near-duplicates that would have come after it.
    similar: list[str] = field(default_factory=list)


def select(
    candidates: Sequence[Candidate], records: Mapping[str, Record], count: int, *, per_author: int
) -> list[Chosen]:
    """Return the page: at most `count` comments in their order, but beyond `per_author` others come first.

    Candidates without a record are left out.
    """
    first: list[Chosen] = []
    spare: list[Chosen] = []
    shapes: list[tuple[frozenset[str], Chosen]] = []
    for candidate in candidates:
        record = records.get(candidate.comment_id)
        if record is None:
            continue
        shape = _shape(record.comment)
        twin = next((chosen for known, chosen in shapes if _alike(shape, known)), None)
        if twin is not None:
            twin.similar.append(candidate.comment_id)
            continue
        chosen = Chosen(candidate, record)
        shapes.append((shape, chosen))
        own = sum(other.record.comment.author == record.comment.author for other in first)
        (first if own < per_author else spare).append(chosen)
    return (first + spare)[:count]


def _shape(comment: Comment) -> frozenset[str]:
    text = comment.text.zh or comment.text.en or ""
    bare = re.sub(r"\W+", "", text.lower())[:_LOOKED_AT]
    return frozenset(bare[place : place + _RUN] for place in range(max(1, len(bare) - _RUN + 1)))


def _alike(one: frozenset[str], other: frozenset[str]) -> bool:
    if min(len(one), len(other)) < _ALIKE * max(len(one), len(other)):
        return False
    common = len(one & other)
    return common >= _ALIKE * (len(one) + len(other) - common)
