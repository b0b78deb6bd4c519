"""The base model's vocabulary and the table's words as one: how a text becomes tokens, and their rows."""

from __future__ import annotations

import threading
from itertools import islice
from typing import TYPE_CHECKING
from weakref import WeakValueDictionary

import numpy as np
from cachetools import cached
from numpy.typing import NDArray

from retrieval.model import TABLE, base, table, tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tokenizers import Encoding, Tokenizer

    from retrieval.model.chinese import Words

Floats = NDArray[np.float32]

#: Bytes of a packed token: there are 139,000.
_BYTES = 3
#: Texts whose tokens are kept until they are asked for packed; with them, 30 MB.
_KEPT = 50_000


class Vocabulary:
    """How a text becomes tokens, each the number of a row."""

    def __init__(self, words: Words, tokenizer: Tokenizer) -> None:
        self._words = words
        self._tokenizer = tokenizer
        self._lock = threading.Lock()
        self._kept: dict[str, NDArray[np.uint32]] = {}

    def ids(self, texts: Sequence[str], *, keep: bool = False) -> list[list[int]]:
        """Return the tokens that the model reads of each text, in the time it takes on all cores.

        With `keep`, `packed` need not find them again: what an ingest encodes, it writes soon.
        """
        spaced = [self._words.spaced(text) for text in texts]
        found = [encoding.ids for encoding in self._encoded(spaced)]
        if keep:
            with self._lock:
                self._kept |= {
                    text: np.fromiter(own, np.uint32) for text, own in zip(texts, found, strict=True)
                }
                for text in list(islice(self._kept, max(0, len(self._kept) - _KEPT))):
                    del self._kept[text]
        return found

    def _encoded(self, spaced: Sequence[str]) -> list[Encoding]:
        if len(spaced) == 1:
            # A batch lets go of Python, and a question would wait for it longer than this takes.
            return [self._tokenizer.encode(spaced[0])]
        return self._tokenizer.encode_batch_fast(spaced)

    def packed(self, texts: Iterable[str]) -> list[bytes]:
        """Return the distinct tokens of each text, packed for `unpacked`, without those that frame it."""
        wanted = list(texts)
        with self._lock:
            known = [self._kept.pop(text, None) for text in wanted]
        fresh = iter(self.ids([text for text, own in zip(wanted, known, strict=True) if own is None]))
        return [_packed((next(fresh) if own is None else own)[1:-1]) for own in known]

    def words(self, text: str) -> list[tuple[str, list[int]]]:
        """Return the words and marks of a text as the model cuts it, each with its tokens."""
        encoding = self._tokenizer.encode(self._words.spaced(text))
        found: dict[int, list[int]] = {}
        for token, word in zip(encoding.ids, encoding.word_ids, strict=True):
            if word is not None:
                found.setdefault(word, []).append(token)
        return [(self._spelled(own), own) for own in found.values()]

    def _spelled(self, own: list[int]) -> str:
        return "".join((self._tokenizer.id_to_token(token) or "").removeprefix("##") for token in own)


def _packed(ids: Sequence[int] | NDArray[np.uint32]) -> bytes:
    numbers = np.unique(np.asarray(ids, np.uint32))
    return numbers.astype("<u4").view(np.uint8).reshape(-1, 4)[:, :_BYTES].tobytes()


def unpacked(packed: bytes) -> NDArray[np.uint32]:
    """Return the tokens that `Vocabulary.packed` packed, or several such runs in a row, one after another."""
    numbers = np.zeros((len(packed) // _BYTES, 4), np.uint8)
    numbers[:, :_BYTES] = np.frombuffer(packed, np.uint8).reshape(-1, _BYTES)
    return numbers.view("<u4")[:, 0].astype(np.uint32, copy=False)


def count(packed: bytes) -> int:
    """Return how many tokens are packed there."""
    return len(packed) // _BYTES


# Whoever asks while it is being read, as the words of a process's first question do, waits for it.
@cached({}, condition=threading.Condition())
def vocabulary() -> Vocabulary:
    """Return the built-in model's vocabulary, which is read once.

    Raises ModelError where the table or the base package is missing, damaged or another one.
    """
    words, finder = table.read_words(TABLE)
    return Vocabulary(finder, tokens.tokenizer(base.folder() / "tokenizer.json", words))


# Kept as long as somebody has them: they are 200 MB and take a third of a second to unpack.
@cached(WeakValueDictionary(), condition=threading.Condition())
def rows() -> Floats:
    """Return every token's row of the built-in model, (n, 384); the same array for all that hold it.

    Raises ModelError like `vocabulary`.
    """
    from safetensors import safe_open

    folder, chinese = base.folder(), table.read(TABLE)
    with safe_open(folder / "model.safetensors", "numpy") as weights:
        english: Floats = weights.get_tensor("embeddings.word_embeddings.weight")
    numbers = tokens.row_numbers(folder / "tokenizer.json", chinese.words)
    joined = np.empty((max(len(english), max(numbers) + 1), table.WIDTH), np.float32)
    joined[: len(english)] = english
    joined[numbers] = chinese.rows
    return joined
