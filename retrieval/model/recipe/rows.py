"""The rows, without a gradient: what the dictionary says a word means, then what translations say.

A word starts as the mean of its senses' English wordpiece rows. Then one ridge regression moves all
rows at once so that the mean over a Chinese text's rows comes close to the mean over its translation's
wordpiece rows: words seen often follow the translations, words never seen stay with the dictionary.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tokenizers import Tokenizer
    from torch import Tensor

    from retrieval.model.recipe.pairs import Pair

_UNKNOWN = "[UNK]"
#: Wordpieces of a gloss that say nothing about its word.
_ARTICLES = ("to", "of", "the", "a", "an", "in", "on", "and", "or", "for", "with", "by", "as", "one", "be")
_ABBREVIATIONS = ("is", "are", "it", "that", "this", "sb", "sth", "s", "etc")
_EMPTY = frozenset((*_ARTICLES, *_ABBREVIATIONS, *"',.()-;:\"/"))
_SENSES, _PIECES = 5, 8
#: How much a collection's pairs weigh: manuals are many and narrow.
_COLLECTIONS = {"pydocs": 0.3, "vue": 0.4, "tldr": 0.7}
#: Resistance of a row to leaving the dictionary, in units of one text of one word.
RIDGE = 0.15
#: The share of all words at which a word weighs half: "the" and 的 say little of what a text is about.
_COMMON = 0.012
_ROUNDS = 15


def from_glosses(
    words: Sequence[str], senses: Mapping[str, Sequence[str]], tokenizer: Tokenizer, english: Tensor
) -> Tensor:
    """Return a row per word, (n, 384): its senses' wordpiece rows averaged, earlier senses weighing more.

    `english` are the base model's rows. A word without senses gets the mean of its characters' rows.
    """
    vocabulary = tokenizer.get_vocab()
    empty = {vocabulary[piece] for piece in (*_EMPTY, _UNKNOWN) if piece in vocabulary}
    length = english[1000:].norm(dim=1).mean()
    middle = english[1000:].mean(0)
    rows = torch.zeros(len(words), english.shape[1])
    known: dict[str, int] = {}
    for number, word in enumerate(words):
        total, weight = torch.zeros(english.shape[1]), 0.0
        encoded = tokenizer.encode_batch(list(senses.get(word, ())[:_SENSES]), add_special_tokens=False)
        for rank, sense in enumerate(encoded, start=1):
            pieces = [piece for piece in sense.ids if piece not in empty][:_PIECES]
            if pieces:
                total += english[pieces].mean(0) / rank
                weight += 1 / rank
        if weight:
            rows[number], known[word] = total / weight, number
    for number, word in enumerate(words):
        if word not in known:
            parts = [known[letter] for letter in word if letter in known]
            rows[number] = rows[parts].mean(0) if parts else middle
    scaled: Tensor = rows / rows.norm(dim=1, keepdim=True) * length
    return scaled


def from_pairs(
    start: Tensor,
    words: Sequence[str],
    pairs: Sequence[tuple[Pair, str]],
    tokenizer: Tokenizer,
    english: Tensor,
    *,
    device: str,
    say: Callable[[str], None],
) -> Tensor:
    """Return the rows moved towards the pairs, (n, 384).

    `pairs` hold each pair with its Chinese text parted into words; the regression runs on `device`.
    """
    numbers = {word: number for number, word in enumerate(words)}
    chinese = [[numbers[word] for word in text.split() if word in numbers] for _, text in pairs]
    rests = [" ".join(word for word in text.split() if word not in numbers) for _, text in pairs]
    source_ids = _ids(tokenizer, [pair.english for pair, _ in pairs])
    rest_ids = _ids(tokenizer, rests)  # Latin words and digits have their rows already
    word_weights, piece_weights = _weights(chinese, len(words)), _weights(source_ids, len(english))
    seen = sorted(set().union(*chinese))
    columns = {number: column for column, number in enumerate(seen)}
    places: list[int] = []
    values: list[float] = []
    ends = [0]
    wanted = torch.zeros(len(pairs), english.shape[1])
    for row, (pair, _) in enumerate(pairs):
        counts = Counter(chinese[row])
        own = {number: word_weights[number] * times for number, times in counts.items()}
        total = sum(own.values()) + sum(piece_weights[piece] for piece in rest_ids[row])
        importance = _COLLECTIONS.get(pair.source, 1.0) ** 0.5
        places += (columns[number] for number in sorted(own))
        values += (own[number] / total * importance for number in sorted(own))
        ends.append(len(places))
        source, rest = (_sum(ids[row], piece_weights, english) for ids in (source_ids, rest_ids))
        share = sum(piece_weights[piece] for piece in source_ids[row])
        wanted[row] = importance * (source / max(share, 1e-9) - rest / total)
    texts = torch.sparse_csr_tensor(
        torch.tensor(ends), torch.tensor(places), torch.tensor(values), (len(pairs), len(seen)), device=device
    )
    moved = start.clone()
    moved[seen] += _ridge(texts, wanted.to(device) - texts @ start[seen].to(device), say).cpu()
    return moved


def _ids(tokenizer: Tokenizer, texts: Sequence[str]) -> list[list[int]]:
    return [encoding.ids for encoding in tokenizer.encode_batch(list(texts), add_special_tokens=False)]


def _weights(texts: Sequence[Sequence[int]], size: int) -> list[float]:
    """Return what a word weighs in a mean: near one where it is rare, little where it is everywhere."""
    counts = Counter(number for text in texts for number in text)
    common = _COMMON * counts.total()
    return [common / (common + counts[number]) for number in range(size)]


def _sum(ids: Sequence[int], weights: Sequence[float], rows: Tensor) -> Tensor:
    if not ids:
        return torch.zeros(rows.shape[1])
    return torch.tensor([weights[number] for number in ids]) @ rows[list(ids)]


def _ridge(texts: Tensor, missing: Tensor, say: Callable[[str], None]) -> Tensor:
    """Return the change of the rows that explains what is missing, against RIDGE times its square.

    Conjugate gradients, every column of the rows a system of its own.
    """
    back = texts.to_sparse_coo().t().coalesce().to_sparse_csr()  # type: ignore[no-untyped-call]
    change = torch.zeros(texts.shape[1], missing.shape[1], device=missing.device)
    left = back @ missing
    way = left.clone()
    size = (left * left).sum(0)
    for number in range(_ROUNDS):
        ahead = back @ (texts @ way) + RIDGE * way
        step = size / (way * ahead).sum(0).clamp_min(1e-12)
        change += step * way
        left -= step * ahead
        smaller = (left * left).sum(0)
        way = left + smaller / size.clamp_min(1e-12) * way
        size = smaller
        say(f"regression: round {number + 1} of {_ROUNDS}, {float(size.sum()):.0f} left")
    return change
