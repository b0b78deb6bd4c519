"""Which words of a question are names (`names.txt.gz`).

Whoever asks about something says it in words of their own, but calls by its name what has one. So a
comment that does not have the name speaks of something else, however alike the rest of it is.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import TYPE_CHECKING

from retrieval.dictionary import lines
from retrieval.text import HAN

if TYPE_CHECKING:
    from collections.abc import Iterable

_WORD = re.compile(r"[0-9A-Za-z\u00c0-\u024f]+")
#: After one of these a capital says nothing, nor does it at the very beginning.
_ENDS = frozenset(".?!:;…。？！：；")
_QUOTES = " \t\n\"'“”‘’«»()[]（）《》「」"
#: Where more of the words than this have a capital, it is a headline, or the key is stuck.
_MOST_CAPITALS, _HEADLINE = 0.6, 4


def named(question: str, words: Iterable[str]) -> list[bool]:
    """Tell of each word, folded as the model cuts it, whether it is a name in a question.

    A Chinese one is none in a question without Han characters: that is how an archive writes a name of the
    question, maybe one of two ways, of which a comment needs only one.
    """
    latin = _latin(question)
    chinese = _chinese() if HAN.search(question) else frozenset()
    return [word in latin or word in chinese for word in words]


def _latin(question: str) -> frozenset[str]:
    """Return the names in Latin letters: what has a capital that its place does not give it.

    A capital or a digit inside a word makes it one anywhere; in a Chinese question each of them is one.
    """
    found = list(_WORD.finditer(question))
    chinese = sum(map(len, HAN.findall(question))) > len(found)
    capitals = sum(match[0][0].isupper() for match in found)
    if not chinese and len(found) >= _HEADLINE and capitals > _MOST_CAPITALS * len(found):
        return frozenset()
    return frozenset(
        _plain(match[0])
        for match in found
        if len(match[0]) > 1
        and not match[0].isdigit()
        and (chinese or _stands_out(match[0]) or (match[0][0].isupper() and not _begins(question, match)))
    )


def _stands_out(word: str) -> bool:
    return word[1:] != word[1:].lower() or any(character.isdigit() for character in word)


def _begins(question: str, match: re.Match[str]) -> bool:
    """Tell whether a word is the first of a sentence."""
    before = question[: match.start()].rstrip(_QUOTES)
    return not before or before[-1] in _ENDS


def _plain(word: str) -> str:
    """Return a word without capitals and accents, as the model's vocabulary has it."""
    return "".join(
        character
        for character in unicodedata.normalize("NFD", word.lower())
        if not unicodedata.combining(character)
    )


def is_known(word: str) -> bool:
    """Tell whether a Chinese word is a name that the dictionary has."""
    return word in _chinese()


@lru_cache(maxsize=1)
def _chinese() -> frozenset[str]:
    return frozenset(lines("names.txt.gz"))
