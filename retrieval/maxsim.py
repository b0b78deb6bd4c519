"""Pure: how well a comment meets the words of a question, each by the word of its own that is most like it.

This is the late interaction of Khattab and Zaharia's ColBERT (2020), the sum over the question's tokens
of the greatest similarity to a token of the passage, here of tokens by themselves and weighted by how
rare each word is in the archive.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    #: What some of its words are called otherwise: which word, by its place, and the tokens of that, (k, d).
    called: Sequence[tuple[int, Floats]] = ()


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
    like = _like(asked, texts.vectors, texts.passages)
    sizes = np.diff(texts.passages, append=len(texts.vectors))
    scores = asked.weights @ like - LENGTH * np.log(sizes / USUAL)
    lacking = 1 - np.maximum.reduceat(like, texts.comments, axis=1)
    missed = np.add.reduceat(asked.weights[:, None] * lacking, asked.words, axis=0).max(axis=0)
    best = np.maximum.reduceat(scores, texts.comments)
    return [Meeting(*both) for both in zip(best.tolist(), missed.tolist(), strict=True)]


def unnamed(asked: Asked, texts: Texts) -> float:
    """Return the share of what a question asks for that stands in the name which no text has."""
    lacking = 1 - _like(asked, texts.vectors, np.zeros(1, np.intp))[:, 0]
    missed = np.add.reduceat(asked.weights * lacking, asked.words)[asked.names]
    shares = np.add.reduceat(asked.weights, asked.words)[asked.names]
    return float(np.minimum(shares, _NAMES_LACK * missed).max(initial=0.0))


def _like(asked: Asked, vectors: Floats, starts: Places) -> Floats:
    """Return how like each token of a question is to the one most like it, in each of some texts, (n, p).

    These begin at `starts`. A word that is called otherwise as well is as like as the better of both is, each
    taken as the mean of its tokens.
    """
    like: Floats = np.maximum.reduceat(asked.vectors @ vectors.T, starts, axis=1)
    ends = np.append(asked.words[1:], len(like))
    for word, tokens in asked.called:
        own = slice(asked.words[word], ends[word])
        other = np.maximum.reduceat(tokens @ vectors.T, starts, axis=1).mean(axis=0)
        like[own] = np.where(other > like[own].mean(axis=0), other, like[own])
    return like
