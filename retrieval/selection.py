"""Pure: which of the comments found make a page: near-duplicates folded, many voices rather than one."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retrieval.fusion import Candidate
    from retrieval.types import Record

#: Of all runs of characters that two texts have, the share in common from which they say the same.
_ALIKE = 0.7
#: The length of those runs, four characters in UTF-16, and how much of a text is looked at (code points).
_RUN_BYTES, _LOOKED_AT = 8, 400
#: How many texts' runs are kept for the next questions, which often find the same ones.
_KEPT = 1024


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
    first: list[tuple[frozenset[int], Chosen]] = []
    spare: list[tuple[frozenset[int], Chosen]] = []
    for candidate in candidates:
        record = records.get(candidate.comment_id)
        if record is None:
            continue
        text = record.comment.text
        shape = _shape(text.zh or text.en or "")
        is_full = len(first) >= count
        known = first if is_full else [*first, *spare]
        twin = next((chosen for its, chosen in known if _alike(shape, its)), None)
        if twin is not None:
            twin.similar.append(candidate.comment_id)
        elif not is_full:
            own = sum(other.record.comment.author == record.comment.author for _, other in first)
            (first if own < per_author else spare).append((shape, Chosen(candidate, record)))
    return [chosen for _, chosen in first + spare][:count]


@lru_cache(maxsize=_KEPT)
def _shape(text: str) -> frozenset[int]:
    """Return the runs of characters of a text's beginning, each as one number: that is five times faster.

    Characters are units of UTF-16 here, so that a run has 64 bits; few characters are more than one.
    """
    bare = _bare(text[: 2 * _LOOKED_AT])
    if len(bare) < _LOOKED_AT < len(text) / 2:
        bare = _bare(text)
    units = memoryview(bare[:_LOOKED_AT].encode("utf-16-le", "surrogatepass"))
    if len(units) < _RUN_BYTES:
        return frozenset({int.from_bytes(units, "little")})
    whole = (
        units[start : len(units) - (len(units) - start) % _RUN_BYTES] for start in range(0, _RUN_BYTES, 2)
    )
    return frozenset(chain.from_iterable(part.cast("Q") for part in whole))


def _bare(text: str) -> str:
    return re.sub(r"\W+", "", text.lower())


def _alike(one: frozenset[int], other: frozenset[int]) -> bool:
    size, its = len(one), len(other)
    if size < _ALIKE * its or its < _ALIKE * size:
        return False
    common = len(one & other)
    return common >= _ALIKE * (size + its - common)
