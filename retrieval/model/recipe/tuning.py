"""Moving the encoder's weights so that a question's vector lies near the comments that answer it.

Contrastive learning (InfoNCE, van den Oord and others, 2018) with comments of the same thread among the
wrong ones. Beside it, answers are held above one similarity for all questions and the rest below it, that of
questions without an answer as well, so that "near" means the same for each. Translated sentences keep the
vectors where they were, so that the languages still meet.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from torch.nn.functional import cross_entropy, normalize, softplus

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer
    from torch import Tensor

    from retrieval.model.recipe.pairs import Pair
    from retrieval.model.recipe.threads import Asked, Passages

#: What is tuned: the words' rows stay, those of the Chinese table as well as the base model's.
TUNED = "encoder.layer."
#: Tokens of a text that are read in training, and texts that are encoded together, of like length.
_TOKENS, _TOGETHER = 128, 16
#: Inverse temperature of the choice among comments.
_SCALE = 20.0
#: Of all comments that do not answer, how many are among the wrong ones: those most like the question.
_NEAREST, _NEAREST_UNANSWERED = 8, 5
#: How often one of the two best passages that answer is drawn instead of the best.
_SECOND = 0.3
#: What a wrong comment counts of a question that nothing answers, where one of another counts one.
_UNANSWERED = 2.0
#: What the similarity that tells answers apart, and keeping translations in place, count.
_APART, _KEEP = 0.5, 0.5
#: Where similarity and steepness begin that tell answers apart, and how much faster they move.
_LEVEL, _STEEPNESS, _FASTER = 0.45, 2.5, 30.0
_WARM_UP, _LAST = 0.1, 0.05


@dataclass(frozen=True, slots=True)
class Settings:
    """How to tune."""

    epochs: int = 2
    rate: float = 6e-5
    #: Answered questions in a batch, each to another thread, and wrong comments beside each.
    questions: int = 24
    wrong: int = 3
    #: Translated pairs in a batch.
    pairs: int = 12
    seed: int = 0


class Example(NamedTuple):
    """A question with the passages that answer best and the best ones of comments that do not."""

    thread: str
    question: str
    right: tuple[str, ...]
    wrong: tuple[str, ...]


def examples(asked: Sequence[Asked], encode: Callable[[list[str]], NDArray[np.float32]]) -> list[Example]:
    """Choose passages for each question by the vectors of the model that is to be tuned."""
    texts = {one.question for one in asked}
    texts.update(text for one in asked for own in (*one.answers, *one.others) for text in own)
    order = sorted(texts)
    vectors = dict(zip(order, encode(order), strict=True))

    def example(one: Asked) -> Example:
        question = vectors[one.question]

        def likeness(text: str) -> float:
            return float(vectors[text] @ question)

        def nearest(own: Passages) -> str:
            return max(own, key=likeness)

        right = sorted((text for own in one.answers for text in own), key=likeness, reverse=True)
        wrong = sorted(map(nearest, one.others), key=likeness, reverse=True)
        most = _NEAREST if one.answers else _NEAREST_UNANSWERED
        return Example(one.thread, one.question, tuple(right[:2]), tuple(wrong[:most]))

    return [example(one) for one in asked]


def tune(
    model: SentenceTransformer,
    base: SentenceTransformer,
    found: Sequence[Example],
    pairs: Sequence[Pair],
    settings: Settings,
    say: Callable[[str], None],
) -> dict[str, NDArray[np.float32]]:
    """Tune a model in place; return how its weights differ from those of `base`, by their names.

    `base` is the model as it was before anything was tuned.
    """
    choice = random.Random(settings.seed)  # noqa: S311 - nothing secret is drawn
    torch.manual_seed(settings.seed)
    weights = _weights(model)
    level, steepness = (torch.nn.Parameter(torch.tensor(start)) for start in (_LEVEL, _STEEPNESS))
    optimizer = torch.optim.AdamW(
        [
            {"params": list(weights.values()), "faster": 1.0},
            {"params": [level, steepness], "faster": _FASTER, "weight_decay": 0.0},
        ],
        weight_decay=0.01,
    )
    batches = [batch for _ in range(settings.epochs) for batch in _batches(found, settings, choice)]
    model.train()
    for step, batch in enumerate(batches):
        share = step / len(batches)
        for group in optimizer.param_groups:
            group["lr"] = (
                settings.rate * group["faster"] * min(1.0, share / _WARM_UP + 0.01, max(_LAST, 1 - share))
            )
        loss = _loss(model, batch, settings, choice, level, steepness)
        drift = _drift(model, base, choice.sample(list(pairs), min(settings.pairs, len(pairs))))
        (loss + _KEEP * drift).backward()  # type: ignore[no-untyped-call]  # torch's
        torch.nn.utils.clip_grad_norm_(weights.values(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if step % 20 == 19 or step + 1 == len(batches):
            say(f"step {step + 1} of {len(batches)}: loss {loss.item():.3f}, drift {drift.item():.3f}")
    model.eval()
    before = _weights(base)
    return {name: (weight - before[name]).detach().numpy() for name, weight in weights.items()}


def _weights(model: SentenceTransformer) -> dict[str, torch.nn.Parameter]:
    """Return the weights that are tuned, by their names in the base package; the others stand still."""
    inner: torch.nn.Module = model[0].model  # type: ignore[assignment]  # a transformer's is one
    for name, weight in inner.named_parameters():
        weight.requires_grad_(name.startswith(TUNED))
    return {name: weight for name, weight in inner.named_parameters() if name.startswith(TUNED)}


def _batches(found: Sequence[Example], settings: Settings, choice: random.Random) -> Iterator[list[Example]]:
    """Yield batches: questions to different threads, and some that nothing answers."""
    left = [one for one in found if one.right]
    unanswered = [one for one in found if not one.right]
    choice.shuffle(left)
    choice.shuffle(unanswered)
    dealt: list[list[Example]] = []
    while left:
        batch: dict[str, Example] = {}
        rest: list[Example] = []
        for one in left:
            if len(batch) == settings.questions or one.thread in batch:
                rest.append(one)
            else:
                batch[one.thread] = one
        dealt.append(list(batch.values()))
        left = rest
    choice.shuffle(dealt)
    for place, batch_of in enumerate(dealt):
        yield batch_of + unanswered[place :: len(dealt)]


def _loss(
    model: SentenceTransformer,
    batch: Sequence[Example],
    settings: Settings,
    choice: random.Random,
    level: Tensor,
    steepness: Tensor,
) -> Tensor:
    answered = sum(bool(one.right) for one in batch)  # these come first
    right = [
        choice.choice(one.right) if choice.random() < _SECOND else one.right[0] for one in batch[:answered]
    ]
    drawn = [choice.sample(one.wrong, min(settings.wrong, len(one.wrong))) for one in batch]
    owner = torch.tensor([place for place, own in enumerate(drawn) for _ in own])
    questions = _vectors(model, [one.question for one in batch])
    passages = _vectors(model, right + [text for own in drawn for text in own])
    like = questions @ passages.T
    own = torch.arange(answered)
    chosen = cross_entropy(_SCALE * like[:answered], own)
    wrong = like[owner, answered + torch.arange(len(owner))]
    weight = torch.where(owner < answered, 1.0, _UNANSWERED)
    steep = steepness.exp()
    apart = softplus(steep * (level - like[own, own])).mean()
    apart = apart + (softplus(steep * (wrong - level)) * weight).sum() / weight.sum()
    return chosen + _APART * apart


def _drift(model: SentenceTransformer, base: SentenceTransformer, pairs: Sequence[Pair]) -> Tensor:
    """Return how far translated pairs have moved from where the base model has their English."""
    with torch.no_grad():
        before = _vectors(base, [pair.english for pair in pairs])
    english = _vectors(model, [pair.english for pair in pairs])
    chinese = _vectors(model, [pair.chinese for pair in pairs])
    return (1 - (english * before).sum(1)).mean() + 0.5 * (1 - (chinese * before).sum(1)).mean()


def _vectors(model: SentenceTransformer, texts: Sequence[str]) -> Tensor:
    """Encode texts, those of like length together; bfloat16 where the processor is fast in it."""
    order = sorted(range(len(texts)), key=lambda number: len(texts[number].encode()))
    found: list[Tensor] = []
    for start in range(0, len(order), _TOGETHER):
        features = model.preprocess([texts[number] for number in order[start : start + _TOGETHER]])
        cut = {
            name: value[:, :_TOKENS] if torch.is_tensor(value) else value for name, value in features.items()
        }
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found.append(model(cut)["sentence_embedding"])
    back = torch.empty(len(order), dtype=torch.long)
    back[torch.tensor(order)] = torch.arange(len(order))
    return normalize(torch.cat(found).float(), dim=-1)[back]
