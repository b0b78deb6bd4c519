"""People's Chinese names as English questions spell them (`pinyin.txt.gz`).

No dictionary has most people, so neither the model nor a lookup knows that Liang Wenfeng is 梁文锋. Which
characters a spelling stands for can be told from the archive: hardly any of the hundreds that sound so ever
stand beside each other.
"""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, NamedTuple

from retrieval.dictionary import lines
from retrieval.names import is_known
from retrieval.terms import stem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

#: Two words with a capital, the second of which may be the first of the next two.
_TWO = re.compile(r"\b([A-Z][a-z]+)(?= ([A-Z][a-z]+)\b)")
#: Pairs of words of a question that are looked up; one of the sounds with most characters takes 3 ms.
_MOST = 8
#: How many ways of writing a name are sought: who types it may choose another character of that sound.
_WAYS = 2


class _Spelt(NamedTuple):
    """The characters, and the family names, that each spelling without tones may stand for."""

    characters: Mapping[str, str]
    families: Mapping[str, tuple[str, ...]]


def in_characters(question: str, frequency: Callable[[str], int]) -> str:
    """Return a question with the Chinese names that it spells as the archive has them.

    A name is a family name and one or two syllables, in either order. `frequency` tells how many texts
    hold an English stem, or two characters beside each other; what texts hold as it is spelt stays.
    """
    parts: list[str] = []
    done = 0
    for match in islice(_TWO.finditer(question), _MOST):
        if match.start() < done:
            continue  # the word before had it as its second
        name = _name(match[1].lower(), match[2].lower(), frequency)
        if name is not None:
            parts += [question[done : match.start()], name]
            done = match.end(2)
    return "".join([*parts, question[done:]])


def _name(first: str, second: str, frequency: Callable[[str], int]) -> str | None:
    return _written(first, second, frequency) or _written(second, first, frequency)


def _written(family: str, given: str, frequency: Callable[[str], int]) -> str | None:
    """Return the ways of writing a name that most texts hold, None where none does."""
    families = _spelt().families.get(family, ())
    if not families or frequency(stem(given)):
        return None
    found = [
        known
        for beginning in families
        for syllables in _cut(given)
        for known in _continued(beginning, syllables, frequency)
        # Two characters are too often beside each other by chance: 由于华为 holds 于华.
        if len(known[1]) > len("于华") or is_known(known[1])
    ]
    ways = dict.fromkeys(name for _, name in sorted(found, reverse=True))
    return " ".join(islice(ways, _WAYS)) or None


def _continued(
    beginning: str, syllables: tuple[str, ...], frequency: Callable[[str], int]
) -> Iterator[tuple[int, str]]:
    """Yield each way of writing syllables after a beginning that stands in the archive, and how often."""
    first, rest = syllables[0], syllables[1:]
    for character in _spelt().characters[first]:
        known = frequency(beginning[-1] + character)
        if known and rest:
            further = _continued(beginning + character, rest, frequency)
            yield from ((min(known, often), name) for often, name in further)
        elif known:
            yield known, beginning + character


def _cut(given: str) -> Iterator[tuple[str, ...]]:
    """Yield a given name as one syllable or as two, however it can be read."""
    known = _spelt().characters
    if given in known:
        yield (given,)
    for place in range(1, len(given)):
        if given[:place] in known and given[place:] in known:
            yield given[:place], given[place:]


@lru_cache(maxsize=1)
def _spelt() -> _Spelt:
    rows = [line.split("\t") for line in lines("pinyin.txt.gz")]
    return _Spelt(
        {spelling: own for spelling, own, _ in rows if own},
        {spelling: tuple(family.split()) for spelling, _, family in rows if family},
    )
