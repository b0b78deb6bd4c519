"""Pure: how well a comment meets the words of a question, each by the word of its own that is most like it.

This is the late interaction of Khattab and Zaharia's ColBERT (2020), the sum over the question's tokens
of the greatest similarity to a token of the passage, here of tokens by themselves and weighted by how
rare each word is in the archive.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Places = NDArray[np.intp]
Flags = NDArray[np.bool_]

#: The more tokens a passage has, the more alike the most alike one is by chance; see the README's evaluation.
LENGTH, USUAL = 0.06, 40
#: How much more a name is missed than it lacks of what is most like it: other names are half like it.
_NAMES_LACK = 2.0


@dataclass(frozen=True, slots=True)
class Asked:
    """The tokens of a question: vectors (n, d) of unit length, and weights (n,) that sum to one."""

    vectors: Floats
    weights: Floats
    #: Where each of its words begins, (w,).
    words: Places
    #: Which of its words are names, (w,).
    names: Flags


@dataclass(frozen=True, slots=True)
class Texts:
    """The tokens of some comments' passages: vectors (m, d) of unit length, one passage after another."""

    vectors: Floats
    #: Where each passage begins, (p,); none is without tokens.
    passages: Places
    #: The first passage of each comment, (c,).
    comments: Places


@dataclass(frozen=True, slots=True)
class Meeting:
    """How well one comment meets a question."""

    #: By its best passage, at most about one.
    score: float = 0.0
    #: The share of what the question asks for that stands in the word missed most.
    missed: float = 1.0


def meetings(asked: Asked, texts: Texts) -> list[Meeting]:
    """Return how well each comment meets a question."""
    like = np.maximum.reduceat(asked.vectors @ texts.vectors.T, texts.passages, axis=1)
    sizes = np.diff(texts.passages, append=len(texts.vectors))
    scores = asked.weights @ like - LENGTH * np.log(sizes / USUAL)
    lacking = 1 - np.maximum.reduceat(like, texts.comments, axis=1)
    missed = np.add.reduceat(asked.weights[:, None] * lacking, asked.words, axis=0).max(axis=0)
    best = np.maximum.reduceat(scores, texts.comments)
    return [Meeting(*both) for both in zip(best.tolist(), missed.tolist(), strict=True)]


def unnamed(asked: Asked, texts: Texts) -> float:
    """Return the share of what a question asks for that stands in the name which no text has."""
    lacking = 1 - (asked.vectors @ texts.vectors.T).max(axis=1)
    missed = np.add.reduceat(asked.weights * lacking, asked.words)[asked.names]
    shares = np.add.reduceat(asked.weights, asked.words)[asked.names]
    return float(np.minimum(shares, _NAMES_LACK * missed).max(initial=0.0))
