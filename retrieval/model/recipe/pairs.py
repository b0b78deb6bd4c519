"""The open sentence pairs a table is fitted to."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from typing import TYPE_CHECKING

from retrieval.model.chinese import HAN_RUN

if TYPE_CHECKING:
    from pathlib import Path

#: Longer texts cost much and add little: most of a pair's signal is in its first words.
_LONGEST_ENGLISH, _LONGEST_CHINESE = 420, 260


@dataclass(frozen=True, slots=True)
class Pair:
    """An English text and its Chinese translation, and the collection they come from."""

    source: str
    english: str
    chinese: str


def read(path: Path) -> list[Pair]:
    """Return the distinct pairs of a gzipped file of source, English and Chinese, in its order."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        rows = [line.rstrip("\n").split("\t") for line in lines]
    pairs = dict.fromkeys(Pair(*row) for row in rows if len(row) == 3)
    return [pair for pair in pairs if _usable(pair)]


def _usable(pair: Pair) -> bool:
    short = len(pair.english) <= _LONGEST_ENGLISH and len(pair.chinese) <= _LONGEST_CHINESE
    return short and HAN_RUN.search(pair.chinese) is not None
