"""Thread files of any length, made up from the words of the sample threads; no two comments alike.

A comment is three to five clauses that stood in the samples, put together anew: some 60 Chinese
characters, or 35 English words. Every other comment is Chinese.
"""

from __future__ import annotations

import random
import re
from typing import TYPE_CHECKING

from tests.benchmarks.made_up import sample_sentences
from tests.ingest import pages

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from retrieval.types import Language

_CLAUSE = re.compile(r"[，。！？；,.!?;]+\s*")
#: How long a clause may be, in characters.
_SHORTEST, _LONGEST = {"zh": 5, "en": 15}, {"zh": 30, "en": 90}


def clauses(language: Language) -> list[str]:
    """Return the clauses of the samples in a language, each once, in a fixed order."""
    found = (part.strip() for line in sample_sentences(language) for part in _CLAUSE.split(line))
    right = (part for part in found if _SHORTEST[language] <= len(part) <= _LONGEST[language])
    return list(dict.fromkeys(right))


def texts(count: int) -> Iterator[str]:
    """Yield so many texts, no two alike, always the same ones."""
    dice = random.Random(2025)  # noqa: S311 - dice, not keys
    zh, en = clauses("zh"), clauses("en")
    seen: set[str] = set()
    while len(seen) < count:
        chosen = dice.sample(zh if len(seen) % 2 else en, k=dice.randint(3, 5))
        text = "，".join(chosen) + "。" if len(seen) % 2 else ", ".join(chosen) + "."
        if text not in seen:
            seen.add(text)
            yield text


def write(folder: Path, comments: int, each: int = 200) -> None:
    """Write threads with so many comments in all, so many in each."""
    made = list(texts(comments))
    for start in range(0, comments, each):
        own = [
            (f"author {number % 397}", text) for number, text in enumerate(made[start : start + each], start)
        ]
        pages.write(folder / f"thread-{start:06}.txt", *own, title=f"讨论 {start}")
