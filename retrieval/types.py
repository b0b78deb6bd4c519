"""The values that travel from the archive to an answer, one frozen type per stage; standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, Language] = ("zh", "en")


@unique
class Kind(StrEnum):
    """Whether a comment answers the thread's question or another comment."""

    ANSWER = "answer"
    REPLY = "reply"


@dataclass(frozen=True, slots=True)
class Bilingual:
    """One text in each language it exists in; a language it does not exist in is None, never empty."""

    zh: str | None = None
    en: str | None = None

    def __getitem__(self, language: Language) -> str | None:
        return self.zh if language == "zh" else self.en

    def items(self) -> Iterator[tuple[Language, str]]:
        """Yield (language, text) for the languages the text exists in, Chinese first."""
        for language in LANGUAGES:
            text = self[language]
            if text is not None:
                yield language, text

    def preferring(self, language: Language) -> tuple[Language, str] | None:
        """Return (language, text) in the given language, else in the other one, else None."""
        texts = dict(self.items())
        for choice in (language, other(language)):
            if choice in texts:
                return choice, texts[choice]
        return None


def other(language: Language) -> Language:
    """Return the other one of the two languages."""
    return "en" if language == "zh" else "zh"


@dataclass(frozen=True, slots=True)
class Thread:
    """One archived thread, without its comments."""

    #: Digest of format, title, date and question; renaming the file keeps it.
    id: str
    title: Bilingual
    #: The text under the title that the answers answer.
    question: Bilingual
    #: ISO date, e.g. "2025-09-02".
    date: str | None
    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment of a thread, as a reader of the page sees it."""

    #: Stable public id, e.g. "k3f9q2m7xd4a"; None before identification.
    id: str
    thread_id: str
    #: Place in the file, counted from 1.
    position: int
    kind: Kind
    author: str
    #: The name after "reply" in the header, if any.
    reply_to: str | None
    #: Position of the comment it answers; None for an answer.
    parent: int | None
    text: Bilingual
    #: First (header) and last line of the comment in its file, 1-based, inclusive.
    lines: tuple[int, int]
    #: How many images stood in it.
    images: int
