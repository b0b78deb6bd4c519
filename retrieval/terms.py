"""Pure: the terms of a text, as the lexical index and the highlights match them.

Han characters are folded to simplified and become single characters and pairs of neighbours, so that
words of any length are found without cutting a sentence into words, which no cutter does without
error. Latin words are lower-cased and stemmed; digits stand as they are.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from operator import add
from typing import TYPE_CHECKING

import opencc
import snowballstemmer

from retrieval.types import Span

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_HAN = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U000323af"
#: A run of letters that are not Han, with its ending such as "'s"; C++ and C# are words.
_WORD = re.compile(rf"[^\W_{_HAN}]+(?:['’][a-z]+)?[+#]*")
_RUN = re.compile(rf"(?P<han>[{_HAN}]+)|(?P<word>{_WORD.pattern})")


@dataclass(frozen=True, slots=True)
class Term:
    """One indexed term and where it stands."""

    text: str
    span: Span
    #: A pair of Han characters or a word; single Han characters are weaker evidence.
    strong: bool


@lru_cache(maxsize=1)
def _folder() -> opencc.OpenCC:
    return opencc.OpenCC("t2s")


@lru_cache(maxsize=1)
def _stemmer() -> snowballstemmer.stemmer:
    return snowballstemmer.stemmer("english")


@lru_cache(maxsize=100_000)
def stem(word: str) -> str:
    """Return the English stem of a lower-case word; words of other languages lose little."""
    return word if word.isdigit() else str(_stemmer().stemWord(word))


def fold(text: str) -> str:
    """Return the text in simplified characters and lower case, of the same length, place for place."""
    if text.isascii():
        return text.lower()
    folded = text.translate(_FOLDED)
    try:
        simplified = str(_folder().convert(folded))
    except UnicodeEncodeError:  # a lone surrogate, which is in no word
        return folded
    return simplified if len(simplified) == len(text) else folded


class _Folded(dict[int, int]):
    """What characters become, as `str.translate` reads it; those met are remembered."""

    #: More than a language has; there are a million, and any of them may be sent.
    _MOST = 20_000

    def __missing__(self, code: int) -> int:
        plain = unicodedata.normalize("NFKC", chr(code)).lower()
        folded = ord(plain) if len(plain) == 1 else code
        if len(self) < self._MOST:
            self[code] = folded
        return folded


_FOLDED = _Folded()


def terms(text: str) -> Iterator[Term]:
    """Yield the terms of a text in order of place; a pair comes after its first character."""
    folded = fold(text)
    for match in _RUN.finditer(folded):
        start, end = match.span()
        if match.lastgroup == "word":
            yield Term(_stem_of(match.group()), Span(start, end), strong=True)
            continue
        run = match.group()
        for place, character in enumerate(run):
            yield Term(character, Span(start + place, start + place + 1), strong=len(run) == 1)
            if place + 1 < len(run):
                yield Term(run[place : place + 2], Span(start + place, start + place + 2), strong=True)


def texts(text: str) -> list[str]:
    """Return the texts of the terms that `terms` yields, in any order and a fraction of the time."""
    found: list[str] = []
    for match in _RUN.finditer(fold(text)):
        run = match.group()
        if match.lastgroup == "word":
            found.append(_stem_of(run))
        else:
            found.extend(run)
            found.extend(map(add, run, run[1:]))
    return found


def words(folded: str) -> Iterator[tuple[str, Span]]:
    """Yield the stems of the words of a folded text that are not Han, and where they stand."""
    for match in _WORD.finditer(folded):
        yield _stem_of(match.group()), Span(*match.span())


def is_word(term: str) -> bool:
    """Tell whether a term is what `words` yields, not Han characters."""
    return _WORD.match(term) is not None


def _stem_of(word: str) -> str:
    return stem(word.split("'")[0].split("’")[0])


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a question asks for, term by term; each term has a weight."""

    #: Its own terms.
    own: Mapping[str, float]
    #: For its English terms, the Chinese words that say the same and how closely, see `dictionary`; for the
    #: first pairs of Chinese names, how these are written in Latin letters.
    translated: Mapping[str, Mapping[str, float]]

    def __bool__(self) -> bool:
        return bool(self.own)


#: Asks for nothing.
NOTHING = Wanted({}, {})


def wanted(question: str) -> Wanted:
    """Return what a question asks for; nothing for one of stop words only."""
    from retrieval.dictionary import called, translations

    own = asked(question)
    return Wanted(own, translations([term for term in own if term.isascii()]) | called(own.keys()))


def asked(question: str) -> dict[str, float]:
    """Return the terms of a question with their weights; none for a question of stop words only.

    A single character inside a longer run is worth a tenth of a pair: alone it is found all over.
    """
    weights: dict[str, float] = {}
    for term in terms(question):
        if term.text in stop_words():
            continue
        weight = 1.0 if term.strong else 0.1
        weights[term.text] = max(weight, weights.get(term.text, 0.0))
    return weights


def pieces(word: str) -> list[str]:
    """Return the indexed terms that a word is made of: pairs of neighbours, if it is Chinese."""
    if word.isascii():
        return [stem(word)]
    return [word[place : place + 2] for place in range(len(word) - 1)] or [word]


@lru_cache(maxsize=1)
def stop_words() -> frozenset[str]:
    """Return the terms that shape a question and say nothing of what it is about."""
    lines = files("retrieval").joinpath("stopwords.txt").read_text(encoding="utf-8").splitlines()
    words = {word for line in lines if not line.startswith("#") for word in line.split()}
    return frozenset(words | {stem(word) for word in words})
