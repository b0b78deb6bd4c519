"""English words to the Chinese ones that say the same, out of CC-CEDICT (`dictionary.tsv.gz`).

Lexical evidence needs words of one script; where the question is English and the comment Chinese,
these words are that evidence. The other direction is not needed, but for names: a comment that has English
has Chinese in both formats, but it may have a name in Latin letters alone. What names are called in the
other language stands in `equivalents.tsv`, which is ours, before what CC-CEDICT has.
"""

from __future__ import annotations

import gzip
import math
from dataclasses import dataclass
from functools import lru_cache
from heapq import nsmallest
from importlib.resources import files
from itertools import islice
from typing import TYPE_CHECKING

from retrieval.terms import pieces
from retrieval.terms import stem as stem_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

#: A word whose gloss the question holds less of than this is no translation of it.
LEAST_COVERAGE = 0.3
#: Translations of one word, the closest first; common verbs have hundreds.
MOST_WORDS = 24


def translations(stems: Collection[str]) -> dict[str, dict[str, float]]:
    """Return each English stem's Chinese words, with how much of a gloss of theirs the stems make up, 0 to 1.

    "floppy disk" covers the gloss of 软盘 wholly, "disk" alone in part: rare words of a gloss count
    more, by the logarithm of how many glosses hold them.
    """
    wanted = frozenset(stems)
    return {stem: found for stem in stems if (found := _closest(stem, wanted))}


def called(terms: Collection[str]) -> dict[str, dict[str, float]]:
    """Return how Chinese names among a question's terms are written in Latin letters, by their first pair."""
    found: dict[str, dict[str, float]] = {}
    for first in terms & _latin().keys():
        for chinese, english in _latin()[first]:
            if all(piece in terms for piece in pieces(chinese)):
                found.setdefault(first, {})[english] = 1.0
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """What the dictionary has for one English stem."""

    #: The word, the other stems of the gloss, and how much all of its stems say.
    glosses: tuple[tuple[str, tuple[str, ...], float], ...]
    #: By other stem, the places of the glosses that hold it.
    places: Mapping[str, Sequence[int]]
    #: What the stem alone covers enough of, the closest first: by word its share and its gloss's place.
    alone: Mapping[str, tuple[float, int]]


def _closest(stem: str, wanted: frozenset[str]) -> dict[str, float]:
    """Return the closest words, of equals those the dictionary lists first."""
    known = _known(stem)
    helped = {place for other in wanted & known.places.keys() for place in known.places[other]}
    better = dict(islice(known.alone.items(), MOST_WORDS))
    for place in helped:
        word, rest, whole = known.glosses[place]
        held = _rarity(stem) + sum(_rarity(other) for other in rest if other in wanted)
        if (share := held / whole) >= LEAST_COVERAGE:
            before, first = better.get(word) or known.alone.get(word, (0.0, place))
            better[word] = max(share, before), min(first, place)
    closest = nsmallest(MOST_WORDS, better.items(), key=lambda pair: (-pair[1][0], pair[1][1]))
    return {word: share for word, (share, _) in closest}


@lru_cache(maxsize=4096)
def _known(stem: str) -> _Known:
    """Return a stem's glosses; reckoned once, because common verbs have hundreds."""
    parts = (entry.split(" ") for entry in _lines().get(stem, "").split(",") if entry)
    own = _rarity(stem)
    glosses = tuple((word, tuple(rest), own + sum(map(_rarity, rest))) for word, *rest in parts)
    places: dict[str, list[int]] = {}
    alone: dict[str, tuple[float, int]] = {}
    for place, (word, rest, whole) in enumerate(glosses):
        for other in rest:
            places.setdefault(other, []).append(place)
        if (share := own / whole) >= LEAST_COVERAGE:
            before, first = alone.get(word, (0.0, place))
            alone[word] = max(share, before), first
    return _Known(glosses, places, dict(sorted(alone.items(), key=lambda pair: (-pair[1][0], pair[1][1]))))


@lru_cache(maxsize=65_536)
def _rarity(stem: str) -> float:
    holding = _lines().get(stem, "").count(",") + 1
    return math.log(1 + 100_000 / (1 + holding))


@lru_cache(maxsize=1)
def _lines() -> dict[str, str]:
    """Return what there is for each stem, as the file has it: `word other-stems,word…`."""
    found = dict(_read())
    for english, chinese in equivalents():
        stems = [stem_of(word) for word in english.split(" ")]
        for own in stems:
            rest = " ".join(other for other in stems if other != own)
            entries = [f"{word} {rest}".rstrip() for word in chinese]
            found[own] = ",".join([*entries, *filter(None, [found.get(own)])])
    return found


@lru_cache(maxsize=1)
def _latin() -> Mapping[str, Sequence[tuple[str, str]]]:
    """Return Chinese names that are one English word, with that, by their first pair of characters."""
    found: dict[str, list[tuple[str, str]]] = {}
    for english, chinese in equivalents():
        for word in chinese if " " not in english else ():
            found.setdefault(pieces(word)[0], []).append((word, english))
    return found


def equivalents() -> Iterator[tuple[str, list[str]]]:
    """Yield English names, with what they are called in Chinese, the most usual first."""
    for line in files("retrieval").joinpath("equivalents.tsv").read_text(encoding="utf-8").splitlines():
        if not line.startswith("#"):
            english, _, chinese = line.partition("\t")
            yield english, chinese.split(",")


def _read() -> Iterator[tuple[str, str]]:
    for line in lines("dictionary.tsv.gz"):
        stem, _, entries = line.partition("\t")
        yield stem, entries


def lines(name: str) -> Iterator[str]:
    """Yield the lines of a packed file that `make_dictionary` made, without its comments."""
    packed = files("retrieval").joinpath(name).read_bytes()
    return (
        line for line in gzip.decompress(packed).decode().split("\n") if line and not line.startswith("#")
    )
