"""What a question asks for, and what each part of it is worth in an archive: what is rare there says more."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from retrieval.excerpts import Sought
from retrieval.maxsim import Asked
from retrieval.names import named
from retrieval.terms import stop_words, terms, wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from retrieval.lexical import LexicalIndex

#: What an English word that only shapes a question counts: where most texts are Chinese, all words are rare.
_SHAPING = 0.5


def sought(question: str, lexical: LexicalIndex) -> Sought:
    """Return what a question looks for, with what each of its terms is worth in an archive."""
    asked_for = wanted(question)
    worth = {
        term: weight * lexical.rarity(term, asked_for.translated.get(term, ()))
        for term, weight in asked_for.own.items()
    }
    return Sought(asked_for, worth)


def asked(question: str, text: str, looked_for: Sought, lexical: LexicalIndex) -> Asked | None:
    """Return the tokens of a question, weighted by how rare their words are; None if it has no word.

    `text` is the question with names as the archive has them, and `looked_for` what `sought` returned of it.
    """
    from retrieval.model.vocabulary import vocabulary
    from retrieval.model.word_vectors import word_vectors

    translated = looked_for.wanted.translated
    rated = ((word, own, _rarity(word, translated, lexical)) for word, own in vocabulary().words(text))
    words = [(word, own, rarity) for word, own, rarity in rated if rarity]
    if not words:
        return None
    sizes = [len(own) for _, own, _ in words]
    weights = np.repeat(np.array([rarity / len(own) for _, own, rarity in words], np.float32), sizes)
    return Asked(
        vectors=word_vectors()[[token for _, own, _ in words for token in own]],
        weights=weights / weights.sum(),
        words=np.cumsum([0, *sizes[:-1]]),
        names=np.array(named(question, [word for word, _, _ in words])),
    )


def _rarity(word: str, translated: Mapping[str, Iterable[str]], lexical: LexicalIndex) -> float:
    """Return how rare a word is: its rarest pair of characters if it is Chinese; none for a mark."""

    def rarity(term: str) -> float:
        found = lexical.rarity(term, translated.get(term, ()))
        return _SHAPING * found if term.isascii() and term in stop_words() else found

    return max((rarity(term.text) for term in terms(word) if term.strong), default=0.0)
