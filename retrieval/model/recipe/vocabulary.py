"""Which words get a row, and what a word costs when a text is cut."""

from __future__ import annotations

import math
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.model.chinese import Words, han_runs

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

#: Dictionary words kept by length: at least so many times in jieba's counts. Its corpus is older than
#: today's slang, so short words need not be in it; long ones mostly mean what their parts mean.
_DICTIONARY = {1: 1, 2: 0, 3: 0, 4: 3, 5: 5, 6: 5}
#: Words the dictionary lacks but the pairs use: at least so often, and of these lengths.
_NEW_TIMES, _NEW_LENGTHS = 4, range(2, 7)
#: A word of the pairs says more about our texts than one of jieba's news corpus.
_PAIRS_WEIGHT = 3
#: What a word counts that neither corpus holds.
_RARE = 2
#: A long word that jieba's corpus lacks is so much cheaper than its parts, in nats: in 打工人 the
#: dictionary's word is meant though its parts are common. One that the corpus has competes as it is.
_WHOLE = 1.0
_LONG = 3


def frequencies(folds: Mapping[str, str]) -> Counter[str]:
    """Return how often jieba's corpus holds each word, the words folded."""
    import jieba

    table = str.maketrans(dict(folds))
    counts: Counter[str] = Counter()
    with Path(jieba.__file__).with_name("dict.txt").open(encoding="utf-8") as lines:
        for line in lines:
            word, times, *_ = line.split()
            counts[word.translate(table)] += int(times)
    return counts


def choose(
    senses: Mapping[str, Sequence[str]], folds: Mapping[str, str], texts: Iterable[str]
) -> dict[str, float]:
    """Return the table's words and their costs, in nats, by code point.

    They are the dictionary's common words, the texts' own, and every character of any of them.
    """
    import jieba

    jieba.setLogLevel(60)  # its progress lines are not ours
    common = frequencies(folds)
    folded = (Words({}, folds).folded(text) for text in texts)
    seen: Counter[str] = Counter()
    for run in han_runs(folded):
        seen.update(jieba.cut(run))
    words = {word for word in senses if _common(word, common[word]) or word in seen}
    words |= {word for word, times in seen.items() if times >= _NEW_TIMES and len(word) in _NEW_LENGTHS}
    words |= set("".join(words))
    total = sum(common.values())
    counts = {word: common[word] + _PAIRS_WEIGHT * seen[word] + _RARE for word in words}
    costs: dict[str, float] = {}
    for word in sorted(words, key=lambda word: (len(word), word)):
        costs[word] = math.log(total / counts[word])
        if len(word) >= _LONG and not common[word]:
            costs[word] = min(costs[word], _split(word, costs) - _WHOLE)
    return dict(sorted(costs.items()))


def _split(word: str, costs: Mapping[str, float]) -> float:
    """Return the least cost of a word as two shorter ones, infinite where it has no such parts."""
    cuts = range(1, len(word))
    return min(costs.get(word[:cut], math.inf) + costs.get(word[cut:], math.inf) for cut in cuts)


def _common(word: str, times: int) -> bool:
    return times >= _DICTIONARY.get(len(word), math.inf)
