"""The file that holds the Chinese words and their embedding rows; numpy only, so that it opens in no time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.model import packed
from retrieval.model.chinese import Words

if TYPE_CHECKING:
    from pathlib import Path

    from retrieval.model.packed import Tensors

WIDTH = 384

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Table:
    """Words in row order with their costs, the fold of scripts, and one embedding row a word, (n, 384)."""

    words: tuple[str, ...]
    costs: Floats
    fold: dict[str, str]
    rows: Floats

    def finder(self) -> Words:
        """Return the words as what cuts a text into them."""
        return _finder(self.words, self.costs, self.fold)


def write(path: Path, table: Table) -> None:
    """Write a table; the bytes depend on nothing but the table."""
    codes, scales = packed.pack(table.rows)
    tensors: Tensors = {
        "costs": table.costs.astype(np.float16),
        "fold": _bytes("".join(old + new for old, new in sorted(table.fold.items()))),
        "rows": codes,
        "scales": scales,
        "words": _bytes("\n".join(table.words)),
    }
    packed.write(path, tensors)


def read(path: Path) -> Table:
    """Read a table and check that it is whole.

    Raises ModelError, one sentence, where the file is missing, damaged or of another format.
    """
    tensors = packed.read(path)
    words, costs, fold = _words(tensors)
    return Table(words, costs, fold, packed.unpack(tensors["rows"], tensors["scales"]))


def read_words(path: Path) -> tuple[tuple[str, ...], Words]:
    """Read the words alone, in row order and as what cuts a text into them; raises like `read`."""
    words, costs, fold = _words(packed.read(path))
    return words, _finder(words, costs, fold)


def _finder(words: tuple[str, ...], costs: Floats, fold: dict[str, str]) -> Words:
    return Words(dict(zip(words, costs.tolist(), strict=True)), fold)


def _words(tensors: Tensors) -> tuple[tuple[str, ...], Floats, dict[str, str]]:
    letters = tensors["fold"].tobytes().decode()
    return (
        tuple(tensors["words"].tobytes().decode().split("\n")),
        tensors["costs"].astype(np.float32),
        dict(zip(letters[0::2], letters[1::2], strict=True)),
    )


def _bytes(text: str) -> NDArray[np.uint8]:
    return np.frombuffer(text.encode(), np.uint8)
