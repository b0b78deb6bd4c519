"""The figures of the two development sets, and of threads kept back, dense alone."""

from __future__ import annotations

import gzip
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from retrieval.fusion import FOUND

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from retrieval.model.recipe.threads import Passages, Thread

    Encode = Callable[[Sequence[str]], NDArray[np.float32]]

_LEAST = 40


@dataclass(frozen=True, slots=True)
class Figures:
    """bitext@1 both ways, and R@1 and MRR@10 of the Chinese questions."""

    en_zh: float
    zh_en: float
    recall: float
    mrr: float

    def __str__(self) -> str:
        return (
            f"bitext@1 en-zh {self.en_zh:.3f}, zh-en {self.zh_en:.3f}; "
            f"Chinese questions R@1 {self.recall:.3f}, MRR@10 {self.mrr:.3f}"
        )


def figures(encode: Encode, data: Path) -> Figures:
    """Return the figures of an encoder of texts into unit vectors, on the sets in the data folder."""
    return Figures(
        *bitext(encode, data / "dev-bitext.tsv.gz"), *questions(encode, data / "dev-zh-questions.jsonl.gz")
    )


def bitext(encode: Encode, path: Path) -> tuple[float, float]:
    """Return how often the nearest neighbour is the translation, English to Chinese and back."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        pairs = [line.rstrip("\n").split("\t") for line in lines]
    scores = encode([pair[0] for pair in pairs]) @ encode([pair[1] for pair in pairs]).T
    own = np.arange(len(pairs))
    return float((scores.argmax(1) == own).mean()), float((scores.argmax(0) == own).mean())


def questions(encode: Encode, path: Path) -> tuple[float, float]:
    """Return R@1 and MRR@10 of questions over paragraphs scored by their best piece."""
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        paragraphs = [json.loads(line) for line in lines]
    cut = [pieces(paragraph["context"]) for paragraph in paragraphs]
    asked = [(number, text) for number, paragraph in enumerate(paragraphs) for text in paragraph["questions"]]
    scores = encode([text for _, text in asked]) @ encode([piece for some in cut for piece in some]).T
    firsts = np.cumsum([0, *(len(some) for some in cut)])[:-1]
    best = np.maximum.reduceat(scores, firsts, axis=1)
    own = best[np.arange(len(asked)), [number for number, _ in asked]]
    ranks = (best > own[:, None]).sum(1) + 1
    return float((ranks == 1).mean()), float(np.where(ranks <= 10, 1 / ranks, 0).mean())


def threads(encode: Encode, found: Sequence[Thread]) -> tuple[float, float]:
    """Return hit@5 and MRR@10 of the questions that have an answer, each over all comments of all threads.

    A comment is weighed as where candidates are found, by meaning alone.
    """
    comments = [own for thread in found for own in thread.comments.values()]
    asked = [one for thread in found for one in thread.asked if one.answers]
    best, whole = similarities(encode, [one.question for one in asked], comments)
    scores = FOUND.passage * best + FOUND.whole * whole
    ranks = np.array(
        [
            1 + (own > max(own[place] for place, text in enumerate(comments) if text in one.answers)).sum()
            for own, one in zip(scores, asked, strict=True)
        ]
    )
    return float((ranks <= 5).mean()), float(np.where(ranks <= 10, 1 / ranks, 0).mean())


def similarities(
    encode: Encode, asked: Sequence[str], comments: Sequence[Passages]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return the cosine of questions to comments' best passages and to the means of these, each (q, c)."""
    firsts = np.cumsum([0, *map(len, comments)])[:-1]
    vectors, questions = encode([text for own in comments for text in own]), encode(asked)
    wholes = np.add.reduceat(vectors, firsts)
    wholes /= np.linalg.norm(wholes, axis=1, keepdims=True)
    return np.maximum.reduceat(questions @ vectors.T, firsts, axis=1), questions @ wholes.T


def pieces(text: str) -> list[str]:
    """Cut a paragraph after its sentences, joined until a piece passes forty characters."""
    found: list[str] = []
    piece = ""
    for sentence in re.findall(r"[^。！？；!?]*[。！？；!?]|[^。！？；!?]+", text):
        piece += sentence
        if len(piece) > _LEAST:
            found.append(piece)
            piece = ""
    if piece.strip() or not found:
        found.append(piece)
    return found
