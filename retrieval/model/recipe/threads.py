"""The threads the model learns from, written for it: comments, questions, and which comments answer."""

from __future__ import annotations

import json
import lzma
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from retrieval.model.errors import ModelError
from retrieval.text import passages

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

Passages = tuple[str, ...]

#: Comments of a long thread; the others have up to 18.
_LONG = 40
#: The names of threads that were written after the encoder was tuned.
_LATER = re.compile(r"q[a-h]-\d")


@dataclass(frozen=True, slots=True)
class Asked:
    """A question to a thread."""

    thread: str
    question: str
    #: Of the comments that answer; none where nothing in the thread does.
    answers: tuple[Passages, ...]
    #: Of the thread's other comments.
    others: tuple[Passages, ...]


@dataclass(frozen=True, slots=True)
class Thread:
    """A thread, cut as the index cuts it."""

    name: str
    comments: Mapping[int, Passages]
    asked: Sequence[Asked]

    @property
    def is_long(self) -> bool:
        """Tell whether it has so many comments that most are about the same."""
        return len(self.comments) >= _LONG

    @property
    def is_later(self) -> bool:
        """Tell whether the encoder has never seen it: words' directions are learnt from it as well."""
        return _LATER.match(self.name) is not None


def read(path: Path) -> list[Thread]:
    """Return the threads of a file: xz, a JSON object a line with its `comments` and its `questions`.

    Raises ModelError where there is no file.
    """
    if not path.is_file():
        raise ModelError(f"{path} is missing; name a file of threads, or none for the recipe's.")
    return [_thread(data) for data in as_written(path)]


def as_written(path: Path) -> Iterator[dict[str, Any]]:
    """Yield the threads of a file as they stand in it."""
    with lzma.open(path, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def split(threads: Sequence[Thread]) -> tuple[list[Thread], list[Thread]]:
    """Return the threads to learn from, and those kept back."""
    kept_back = [thread for thread in threads if is_kept_back(thread.name)]
    return [thread for thread in threads if not is_kept_back(thread.name)], kept_back


def is_kept_back(name: str) -> bool:
    """Tell whether a thread is not learnt from: one part of them, about leisure and public life.

    A few of the others are about the subject of one of these all the same; the model card names them.
    """
    return name.startswith(("g", "h"))


def _thread(data: Mapping[str, Any]) -> Thread:
    comments = {int(one["id"]): _cut(one["text"]) for one in data["comments"]}
    return Thread(data["name"], comments, tuple(_asked(data["name"], comments, data["questions"])))


def _asked(
    name: str, comments: Mapping[int, Passages], questions: Sequence[Mapping[str, Any]]
) -> Iterator[Asked]:
    for one in questions:
        gold = set(one["gold"])
        answers = tuple(comments[number] for number in one["gold"])
        others = tuple(own for number, own in comments.items() if number not in gold)
        yield Asked(name, one["q"], answers, others)


def _cut(text: str) -> Passages:
    return tuple(span.of(text) for span in passages(text)) or (text,)
