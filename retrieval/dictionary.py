"""English words to the Chinese ones that say the same, out of CC-CEDICT (`dictionary.tsv.gz`).

Lexical evidence needs words of one script; where the question is English and the comment Chinese,
these words are that evidence. The other direction is not needed: a comment that has English has
Chinese in both formats.
"""

from __future__ import annotations

import gzip
import math
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

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


def _closest(stem: str, wanted: frozenset[str]) -> dict[str, float]:
    covered: dict[str, float] = {}
    for word, rest in _entries(stem):
        held = _rarity(stem) + sum(_rarity(other) for other in rest if other in wanted)
        share = held / (_rarity(stem) + sum(map(_rarity, rest)))
        if share >= LEAST_COVERAGE:
            covered[word] = max(share, covered.get(word, 0.0))
    # Stable: of equals, those the dictionary lists first.
    return dict(sorted(covered.items(), key=lambda pair: -pair[1])[:MOST_WORDS])


@lru_cache(maxsize=4096)
def _entries(stem: str) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (word, other stems of the gloss) for the glosses that hold a stem."""
    line = _lines().get(stem, "")
    parts = (entry.split(" ") for entry in line.split(",") if entry)
    return tuple((word, tuple(rest)) for word, *rest in parts)


@lru_cache(maxsize=65_536)
def _rarity(stem: str) -> float:
    holding = _lines().get(stem, "").count(",") + 1
    return math.log(1 + 100_000 / (1 + holding))


@lru_cache(maxsize=1)
def _lines() -> dict[str, str]:
    return dict(_read())


def _read() -> Iterator[tuple[str, str]]:
    packed = files("retrieval").joinpath("dictionary.tsv.gz").read_bytes()
    for line in gzip.decompress(packed).decode().split("\n"):
        if line and not line.startswith("#"):
            stem, _, entries = line.partition("\t")
            yield stem, entries
