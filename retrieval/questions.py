"""From what a person typed to a question that can be answered."""

from __future__ import annotations

import unicodedata
from datetime import date
from typing import TYPE_CHECKING, Literal

from retrieval.errors import UsageError
from retrieval.terms import fold
from retrieval.text import language_of
from retrieval.types import Filters, Question, Scope

if TYPE_CHECKING:
    from retrieval.generations import Manifest
    from retrieval.types import Language

#: Longer questions are refused: nobody reads an answer to one, and a model sees its beginning only.
LONGEST = 2_000


def ask(
    text: str,
    *,
    language: Literal["auto"] | Language = "auto",
    count: int = 5,
    filters: Filters | None = None,
) -> Question:
    """Return a checked question.

    :raises UsageError: If it is empty, too long, or has neither a letter nor a digit, or `count` is under 1.
    """
    clean = "".join(character for character in text if _is_text(character)).strip()
    if not clean:
        raise UsageError(
            "The question is empty; write what you want to know.", "问题是空的；请写下您想知道的事。"
        )
    if len(clean) > LONGEST:
        raise UsageError(
            f"The question has {len(clean)} characters; ask with at most {LONGEST}.",
            f"问题有 {len(clean)} 个字符；请不要超过 {LONGEST} 个。",
        )
    if not any(character.isalnum() for character in clean):
        raise UsageError(
            "The question has no word in it; write what you want to know in English or Chinese.",
            "问题里没有文字；请用中文或英文写下您想知道的事。",
        )
    if count < 1:
        raise UsageError(
            f"The number of comments is {count}; ask for at least 1.",
            f"评论数量是 {count}；请至少要 1 条。",
        )
    chosen = (language_of(clean) or "en") if language == "auto" else language
    return Question(clean, chosen, count, filters or Filters())


def scope_of(filters: Filters, manifest: Manifest) -> Scope:
    """Return filters as the indexes understand them.

    :raises UsageError: If no thread is meant, or a date is none.
    """
    return Scope(
        threads=None if filters.thread is None else _threads(filters.thread, manifest),
        author=None if filters.author is None else fold(filters.author.strip()),
        kind=None if filters.kind is None else filters.kind.value,
        since=None if filters.since is None else _day(filters.since),
        until=None if filters.until is None else _day(filters.until),
    )


def _is_text(character: str) -> bool:
    """Tell whether a character is anything but a control, a lone surrogate or unassigned."""
    return character in "\n\t" or unicodedata.category(character) not in {"Cc", "Cs", "Cn"}


def _threads(name: str, manifest: Manifest) -> tuple[str, ...]:
    wanted = fold(name.strip())
    found = [
        entry.thread.id
        for entry in manifest.threads
        if entry.thread.id == name
        or any(
            wanted in fold(text) for text in (entry.path, *(title for _, title in entry.thread.title.items()))
        )
    ]
    if not wanted or not found:
        raise UsageError(
            f"No thread is called “{name}”; `threadbot status` lists the threads there are.",
            f"没有叫“{name}”的讨论；`threadbot status` 会列出所有讨论。",
        )
    return tuple(found)


def _day(text: str) -> int:
    try:
        return int(date.fromisoformat(text).strftime("%Y%m%d"))
    except ValueError:
        raise UsageError(
            f"“{text}” is not a date; write it as 2025-09-02.",
            f"“{text}”不是日期；请写成 2025-09-02 这样。",
        ) from None
