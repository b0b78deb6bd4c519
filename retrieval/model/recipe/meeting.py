"""Learning in which directions of the rows words are compared, so that questions meet what answers them.

What is learned stands in the place of the principal directions of the English rows, from where it starts: a
linear map of every token's row, by the sum over the question's words that `retrieval.maxsim` weighs comments
with. It is learned beside the other evidence (what the encoder and BM25 say), of comments of whole
archives, in order to say what those do not: which comments answer, and whether the first of all does.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch
from torch.nn import Parameter
from torch.nn.functional import binary_cross_entropy_with_logits, normalize, softplus

from retrieval import weighing
from retrieval.fusion import ANSWERING, FOUND, MET, MISSED
from retrieval.lexical import LexicalIndex
from retrieval.maxsim import LENGTH, USUAL
from retrieval.model import vocabulary
from retrieval.model.recipe.measure import similarities
from retrieval.model.tokens import BASE_ROWS
from retrieval.model.word_vectors import unit
from retrieval.text import language_of
from retrieval.types import Bilingual, Comment, Kind, Record, Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray
    from torch import Tensor

    from retrieval.model.recipe.threads import Passages, Thread

    Floats = NDArray[np.float32]
    Encode = Callable[[Sequence[str]], Floats]

DIMENSIONS = 64
#: The first rows of the base vocabulary are unused or characters; of the others a third says enough.
_FIRST, _STEP = 1000, 3
#: Comments of an archive at least, and how many of them are put into order for a question.
ARCHIVE, _READ = 200, 40
#: Inverse temperature of the choice among comments, and what telling answered questions apart counts.
_SCALE, _ANSWERED = 20.0, 0.3
#: Rates of learning: of the directions, of the weights of evidence, and of how fast likelihood changes.
_RATE, _WEIGHING, _LIKELIHOOD = 1e-3, 2e-3, 0.05
_TOGETHER, _WARM_UP = 16, 50
#: Where likelihood begins; the weights of evidence begin with those of answers.
_EVEN, _STEEP = 0.72, 12.0


class Read(NamedTuple):
    """A comment as it is read: the tokens of its passages, one after another, and how many each has."""

    tokens: Tensor
    sizes: Tensor


@dataclass(frozen=True, slots=True)
class Example:
    """A question to an archive, and the comments that are put into order for it."""

    #: Its tokens, what each is worth, and the number of the word that each belongs to; (n,).
    tokens: Tensor
    weights: Tensor
    words: Tensor
    candidates: tuple[Read, ...]
    #: What else speaks for each: its best passage's cosine, that of the whole, and BM25; (c, 3).
    evidence: Tensor
    #: Which of them answer, (c,).
    right: Tensor
    #: Whether any comment of the archive does.
    answered: bool


def archives(found: Sequence[Thread], seed: int) -> list[list[Thread]]:
    """Deal threads into archives of ARCHIVE comments or more, the long ones apart, in an order of chance."""
    dealt: list[list[Thread]] = []
    for kind in (True, False):
        own = [thread for thread in found if thread.is_long is kind]
        random.Random(seed).shuffle(own)  # noqa: S311 - nothing secret is drawn
        size = ARCHIVE
        for thread in own:
            if size >= ARCHIVE:
                dealt.append([])
                size = 0
            dealt[-1].append(thread)
            size += len(thread.comments)
    return dealt


def examples(archive: Sequence[Thread], folder: Path, encode: Encode) -> Iterator[Example]:
    """Yield an archive's questions that have a word, with the comments that a search would find for each.

    `folder` is empty, and holds the archive's words afterwards.
    """
    comments = [own for thread in archive for own in thread.comments.values()]
    threads = [thread.name for thread in archive for _ in thread.comments]
    lexical = LexicalIndex.create(folder)
    lexical.update([], map(_record, range(len(comments)), comments), {"": 0})
    read = [_comment(own) for own in comments]
    asked = [one for thread in archive for one in thread.asked]
    similar = similarities(encode, [one.question for one in asked], comments)
    for one, best_passage, whole in zip(asked, *similar, strict=True):
        looked_for = weighing.sought(one.question, lexical)
        words = weighing.words(one.question, looked_for, lexical)
        if not words:
            continue
        evidence = np.zeros((len(comments), 3), np.float32)
        evidence[:, 0], evidence[:, 1] = best_passage, whole
        for hit in lexical.best(looked_for.wanted, len(comments), Scope()):
            evidence[int(hit.comment_id), 2] = hit.score
        best = np.argsort(-(evidence @ np.array(FOUND[:3])), kind="stable")[:_READ]
        weights = torch.tensor([word.rarity / len(word.tokens) for word in words for _ in word.tokens])
        yield Example(
            tokens=torch.tensor([token for word in words for token in word.tokens]),
            weights=weights / weights.sum(),
            words=torch.tensor([place for place, word in enumerate(words) for _ in word.tokens]),
            candidates=tuple(read[number] for number in best),
            evidence=torch.from_numpy(evidence[best]),
            right=torch.tensor(
                [threads[number] == one.thread and comments[number] in one.answers for number in best]
            ),
            answered=bool(one.answers),
        )


def _record(number: int, passages: Passages) -> Record:
    text = "\n".join(passages)
    own = Bilingual(text, None) if language_of(text) == "zh" else Bilingual(None, text)
    return Record(Comment(str(number), "", 1, Kind.ANSWER, "", None, None, own, (1, 1), 0), "", (), {})


def _comment(passages: Passages) -> Read:
    packed = [own for own in vocabulary.vocabulary().packed(passages) if own]
    sizes = torch.tensor([vocabulary.count(own) for own in packed], dtype=torch.int64)
    tokens = torch.from_numpy(vocabulary.unpacked(b"".join(packed)).astype(np.int64))
    return Read(tokens, sizes)


def principal() -> Floats:
    """Return the directions in which the English rows differ most, (384, 64)."""
    sample = unit(vocabulary.rows()[_FIRST:BASE_ROWS:_STEP])
    _, directions = np.linalg.eigh(sample.T @ sample)  # ascending
    return np.ascontiguousarray(directions[:, -DIMENSIONS:])


class Meeting(torch.nn.Module):
    """How well a question's words are met, and what that and other evidence say."""

    def __init__(self, rows: Floats) -> None:
        super().__init__()
        self._rows = normalize(torch.from_numpy(rows), dim=1)
        self.directions = Parameter(torch.from_numpy(principal()))
        self.ranking = Parameter(torch.tensor(MET))
        self.answering = Parameter(torch.tensor([*ANSWERING, -MISSED]))
        self.length, self.even = (Parameter(torch.tensor(start)) for start in (LENGTH, _EVEN))
        self.steepness = Parameter(torch.tensor(_STEEP))

    def forward(self, one: Example) -> tuple[Tensor, Tensor]:
        """Return the evidence for each candidate, (c,), and the log-odds that the first of them answers."""
        used, places = torch.unique(
            torch.cat([one.tokens, *(read.tokens for read in one.candidates)]), return_inverse=True
        )
        vectors = normalize(self._rows[used] @ self.directions, dim=1)
        own, theirs = vectors[places[: len(one.tokens)]], vectors[places[len(one.tokens) :]]
        sizes = torch.cat([read.sizes for read in one.candidates])
        owners = torch.arange(len(one.candidates)).repeat_interleave(
            torch.tensor([len(read.sizes) for read in one.candidates])
        )
        like = _most(own @ theirs.T, torch.arange(len(sizes)).repeat_interleave(sizes), len(sizes))
        allowance = self.length * torch.log(sizes / USUAL)
        met = _most((one.weights @ like - allowance)[None], owners, len(one.candidates))[0]
        lacking = one.weights[:, None] * (1 - _most(like, owners, len(one.candidates)))
        missed = (
            torch.zeros(int(one.words[-1]) + 1, lacking.shape[1]).index_add(0, one.words, lacking).amax(0)
        )
        evidence = torch.cat([one.evidence, met[:, None], missed[:, None]], dim=1)
        ranked = evidence[:, :4] @ self.ranking
        first = evidence[ranked.argmax()] @ self.answering
        return ranked, self.steepness * (first - self.even)


def _most(values: Tensor, groups: Tensor, count: int) -> Tensor:
    """Return the greatest of each group of columns, (n, count); zero where a group has none."""
    places = groups.expand(len(values), -1)
    return torch.zeros(len(values), count).scatter_reduce(1, places, values, "amax", include_self=False)


def learn(found: Sequence[Example], seed: int, say: Callable[[str], None]) -> Floats:
    """Return the directions that examples teach, seen once, (384, 64)."""
    choice = random.Random(seed)  # noqa: S311 - nothing secret is drawn
    meeting = Meeting(vocabulary.rows())
    slow = [meeting.ranking, meeting.length, meeting.answering, meeting.even]
    optimizer = torch.optim.Adam(
        [
            {"params": [meeting.directions], "rate": _RATE},
            {"params": slow, "rate": _WEIGHING},
            {"params": [meeting.steepness], "rate": _LIKELIHOOD},
        ]
    )
    left = [one for one in found if not one.answered or (one.right.any() and not one.right.all())]
    choice.shuffle(left)
    steps = range(0, len(left), _TOGETHER)
    for step, start in enumerate(steps):
        batch = left[start : start + _TOGETHER]
        for group in optimizer.param_groups:
            group["lr"] = group["rate"] * min(1, (step + 1) / _WARM_UP) * (1 - step / len(steps))
        optimizer.zero_grad()
        loss = torch.stack([_loss(meeting, one) for one in batch]).mean()
        loss.backward()  # type: ignore[no-untyped-call]  # torch's
        optimizer.step()
        if step % 100 == 99 or step + 1 == len(steps):
            say(f"step {step + 1} of {len(steps)}: loss {loss.item():.3f}")
    return meeting.directions.detach().numpy()


def _loss(meeting: Meeting, one: Example) -> Tensor:
    """Return what it costs that others stand above a comment that answers, and that the first misleads."""
    ranked, odds = meeting(one)
    loss = _ANSWERED * binary_cross_entropy_with_logits(odds, torch.tensor(float(one.answered)))
    if one.answered:
        others = torch.logsumexp(_SCALE * ranked[~one.right], 0)
        loss = loss + softplus(others - _SCALE * ranked[one.right]).mean()
    return loss
