"""What a question asks for, and what each part of it is worth in an archive: what is rare there says more."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from retrieval.excerpts import Sought
from retrieval.maxsim import Asked
from retrieval.names import named
from retrieval.terms import stop_words, terms, wanted

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from retrieval.lexical import LexicalIndex

#: What an English word that only shapes a question counts: where most texts are Chinese, all words are rare.
_SHAPING = 0.5
#: How closely a translation says what a name says, to be held against comments in its place, and how many.
_CLOSE, _MOST_CALLED = 0.999, 4


class Word(NamedTuple):
    """A word of a question."""

    text: str
    tokens: Sequence[int]
    #: How rare it is in the archive.
    rarity: float


def sought(question: str, lexical: LexicalIndex) -> Sought:
    """Return what a question looks for, with what each of its terms is worth in an archive."""
    asked_for = wanted(question)
    worth = {
        term: weight * lexical.rarity(term, asked_for.translated.get(term, ()))
        for term, weight in asked_for.own.items()
    }
    return Sought(asked_for, worth)


def words(text: str, looked_for: Sought, lexical: LexicalIndex) -> list[Word]:
    """Return the words of a question that say something, given what `sought` returned of it."""
    from retrieval.model.vocabulary import vocabulary

    translated = looked_for.wanted.translated
    rated = (Word(word, own, _rarity(word, translated, lexical)) for word, own in vocabulary().words(text))
    return [word for word in rated if word.rarity]


def asked(question: str, text: str, looked_for: Sought, lexical: LexicalIndex) -> Asked | None:
    """Return the tokens of a question, weighted by how rare their words are; None if it has no word.

    `text` is the question with names as the archive has them, and `looked_for` what `sought` returned of it.
    """
    from retrieval.model.word_vectors import word_vectors

    found = words(text, looked_for, lexical)
    if not found:
        return None
    weights = np.array([word.rarity / len(word.tokens) for word in found for _ in word.tokens], np.float32)
    names = named(question, [word.text for word in found])
    # Of Chinese words only those few are called otherwise that the dictionary knows as names.
    is_chinese = not all(map(str.isascii, looked_for.wanted.translated))
    called = [
        (place, word_vectors()[tokens])
        for place, (word, is_name) in enumerate(zip(found, names, strict=True))
        if is_name or (is_chinese and not word.text.isascii())
        for tokens in _called(word.text, looked_for, lexical)
    ]
    return Asked(
        vectors=word_vectors()[[token for word in found for token in word.tokens]],
        weights=weights / weights.sum(),
        words=np.cumsum([0, *(len(word.tokens) for word in found[:-1])]),
        names=np.array(names),
        called=called,
    )


def _called(word: str, looked_for: Sought, lexical: LexicalIndex) -> Iterator[list[int]]:
    """Yield the tokens of what a word is called in the other language, as far as the archive has that."""
    from retrieval.model.vocabulary import vocabulary

    translated = looked_for.wanted.translated
    known = [translated[term.text] for term in terms(word) if term.strong and term.text in translated]
    for own in known:
        there = [name for name, share in own.items() if share >= _CLOSE and lexical.has(name)]
        for name in there[:_MOST_CALLED]:
            if tokens := [token for _, some in vocabulary().words(name) for token in some]:
                yield tokens


def _rarity(word: str, translated: Mapping[str, Iterable[str]], lexical: LexicalIndex) -> float:
    """Return how rare a word is: its rarest pair of characters if it is Chinese; none for a mark."""

    def rarity(term: str) -> float:
        found = lexical.rarity(term, translated.get(term, ()))
        return _SHAPING * found if term.isascii() and term in stop_words() else found

    return max((rarity(term.text) for term in terms(word) if term.strong), default=0.0)
