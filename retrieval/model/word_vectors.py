"""What each token means by itself: its row of the model, in few dimensions and of unit length.

The rows of words that say the same lie near each other, across forms and languages, so they tell which
words of a question a passage has something like. Of all 384 directions, 64 learned from threads tell it
best (`python -m retrieval.model.learn`, README.md of the model), in a sixth of the time.
"""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from cachetools import cached
from numpy.typing import NDArray

from retrieval.maxsim import Texts
from retrieval.model import packed, vocabulary

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float32]

#: The directions that come with threadbot, and what they are called in the file.
DIRECTIONS = Path(__file__).with_name("directions.safetensors")
NAME = "directions"
#: Rows taken at a time, which bounds the memory.
_BLOCK = 8192


@cached({}, condition=threading.Condition())
def word_vectors() -> Floats:
    """Return every token's vector, (n, 64), rows of unit length; made once, in a third of a second.

    Raises ModelError where the table, the directions or the base package are missing, damaged or others.
    """
    rows = vocabulary.rows()
    directions = packed.read(DIRECTIONS)[NAME].astype(np.float32)
    found = np.empty((len(rows), directions.shape[1]), np.float32)
    for start in range(0, len(rows), _BLOCK):
        part = slice(start, start + _BLOCK)
        found[part] = unit(rows[part] @ directions)
    return found


def of_comments(comments: Sequence[Sequence[bytes]]) -> Texts | None:
    """Return the vectors of the packed tokens of comments' passages; None for no comment.

    Each comment has passages, and each passage tokens.
    """
    if not comments:
        return None
    passages = [own for comment in comments for own in comment]
    sizes = [vocabulary.count(own) for own in passages]
    return Texts(
        vectors=word_vectors()[vocabulary.unpacked(b"".join(passages))],
        passages=np.cumsum([0, *sizes[:-1]]),
        comments=np.cumsum([0, *map(len, comments[:-1])]),
    )


def unit(rows: Floats) -> Floats:
    """Return rows (n, d) at unit length."""
    lengths = np.linalg.norm(rows, axis=1, keepdims=True)
    found: Floats = rows / np.maximum(lengths, 1e-9)
    return found
