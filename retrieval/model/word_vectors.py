"""What each token means by itself: its row of the model, in few dimensions and of unit length.

The rows of words that say the same lie near each other, across forms and languages, so they tell which
words of a question a passage has something like. The 64 directions in which the English rows differ
most tell it better than all 384 (README.md of the project, evaluation), in a sixth of the time.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.maxsim import Texts
from retrieval.model import vocabulary
from retrieval.model.tokens import BASE_ROWS

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float32]

DIMENSIONS = 64
#: The first rows of the base vocabulary are unused or characters; of the others a third says enough.
_FIRST, _STEP = 1000, 3
#: Rows taken at a time, which bounds the memory.
_BLOCK = 8192


@cache
def word_vectors() -> Floats:
    """Return every token's vector, (n, 64), rows of unit length; made once, in a third of a second.

    Raises ModelError where the table or the base package is missing, damaged or another one.
    """
    rows = vocabulary.rows()
    sample = _unit(rows[_FIRST:BASE_ROWS:_STEP])
    _, directions = np.linalg.eigh(sample.T @ sample)  # ascending
    basis = np.ascontiguousarray(directions[:, -DIMENSIONS:])
    found = np.empty((len(rows), DIMENSIONS), np.float32)
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        found[part] = _unit(rows[part] @ basis)
    return found


def of_comments(packed: Sequence[Sequence[bytes]]) -> Texts | None:
    """Return the vectors of the packed tokens of comments' passages; None for no comment.

    Each comment has passages, and each passage tokens.
    """
    if not packed:
        return None
    passages = [own for comment in packed for own in comment]
    sizes = [vocabulary.count(own) for own in passages]
    return Texts(
        vectors=word_vectors()[vocabulary.unpacked(b"".join(passages))],
        passages=np.cumsum([0, *sizes[:-1]]),
        comments=np.cumsum([0, *map(len, packed[:-1])]),
    )


def _unit(rows: Floats) -> Floats:
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    unit: Floats = rows / np.maximum(lengths, 1e-9)
    return unit
