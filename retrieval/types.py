"""The values that travel from the archive to an answer, one frozen type per stage; standard library only."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum, unique
from typing import TYPE_CHECKING, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

Language = Literal["zh", "en"]
LANGUAGES: tuple[Language, Language] = ("zh", "en")
#: What the name of a comment's only passage ends with.
_SOLE = "!"


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


class Span(NamedTuple):
    """A half-open range of code points in one text."""

    start: int
    end: int

    def of(self, text: str) -> str:
        """Return the text inside the span."""
        return text[self.start : self.end]

    def holds(self, inner: Span) -> bool:
        """Tell whether another span lies inside this one."""
        return self.start <= inner.start and inner.end <= self.end


class PassageId(NamedTuple):
    """Names one passage: the n-th (from 0) of a comment's text in one language."""

    comment_id: str
    language: Language
    number: int
    #: Whether the comment has no other, so that it stands for the whole as well.
    sole: bool = False

    def __str__(self) -> str:
        return f"{self.comment_id}:{self.language}:{self.number}{_SOLE if self.sole else ''}"

    @classmethod
    def parse(cls, text: str) -> PassageId:
        """Read what `str` wrote."""
        comment_id, language, number = text.rsplit(":", 2)
        sole = number.endswith(_SOLE)
        return cls(comment_id, "zh" if language == "zh" else "en", int(number[:-1] if sole else number), sole)


@dataclass(frozen=True, slots=True)
class Record:
    """A comment as the store keeps it."""

    comment: Comment
    #: Of the texts alone; tells whether a comment changed.
    digest: str
    #: Ids from the root answer to the parent; empty for an answer.
    ancestors: tuple[str, ...]
    #: How each text is cut; a passage's place here is its number.
    passages: dict[Language, tuple[Span, ...]]
    #: Which runs of sentences say the same, Chinese and English, in order of place.
    aligned: tuple[tuple[Span, Span], ...] = ()
    #: The distinct tokens of each passage, in the order of their ids, packed by `model.vocabulary`. They
    #: follow from the text, and are made when the comment is written.
    tokens: tuple[bytes, ...] = field(default=(), compare=False)
    #: Where a comment of several passages points, packed by `wholes`; made when it is written as well.
    whole: bytes = field(default=b"", compare=False)
    #: How like what its thread asks it is, as a whole, by the cosine; None where it has no text, or it was
    #: never reckoned. A thread that asks something else is another thread.
    common: float | None = field(default=None, compare=False)

    def passage_ids(self) -> list[PassageId]:
        """Return the ids of all its passages, Chinese first."""
        sole = sum(map(len, self.passages.values())) == 1
        return [
            PassageId(self.comment.id, language, number, sole)
            for language, spans in self.passages.items()
            for number in range(len(spans))
        ]

    def passage_texts(self) -> list[str]:
        """Return the texts of all its passages, in the order of their ids."""
        return [self.passage_text(passage) for passage in self.passage_ids()]

    def passage_text(self, passage: PassageId) -> str:
        """Return the text of one of its passages."""
        return self.passages[passage.language][passage.number].of(self.comment.text[passage.language] or "")


class Hit(NamedTuple):
    """One passage an index found, best first in a list of hits."""

    passage: PassageId
    #: Cosine similarity from the dense index, BM25 from the lexical one.
    score: float


class TextHit(NamedTuple):
    """One text of a comment that the lexical index found, best first in a list of hits."""

    comment_id: str
    language: Language
    #: BM25.
    score: float


@dataclass(frozen=True, slots=True)
class Filters:
    """What an answer may come from; None admits everything."""

    #: A thread's id, or part of its title or file name.
    thread: str | None = None
    author: str | None = None
    #: First and last admitted day of the thread, ISO dates.
    since: str | None = None
    until: str | None = None
    kind: Kind | None = None

    def __bool__(self) -> bool:
        return any(
            value is not None for value in (self.thread, self.author, self.since, self.until, self.kind)
        )


@dataclass(frozen=True, slots=True)
class Scope:
    """Filters as the indexes understand them; None admits everything."""

    threads: tuple[str, ...] | None = None
    #: Folded, see `terms.fold`.
    author: str | None = None
    kind: str | None = None
    #: First and last admitted day of the thread, as yyyymmdd.
    since: int | None = None
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks, checked and with its language decided."""

    text: str
    language: Language
    #: How many comments to return.
    count: int = 5
    filters: Filters = Filters()


@dataclass(frozen=True, slots=True)
class Quote:
    """One contiguous run of whole sentences of a comment, verbatim."""

    language: Language
    #: Where it stands in the comment's text of that language.
    span: Span
    text: str
    #: Ranges in `text` that match the question, ascending and disjoint.
    highlights: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class ChainLink:
    """A short quote of a comment that an excerpt's comment answers, directly or not."""

    id: str
    author: str
    position: int
    quote: str


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One comment that answers, with the part of it that does."""

    rank: int
    #: How likely it answers: comparable between questions, 0 to 1.
    score: float
    comment: Comment
    thread: Thread
    #: Path of the thread's file, relative to the source it was found under.
    path: str
    quote: Quote
    #: The counterpart of the quote in the other language, if the comment has one.
    other: Quote | None
    #: From the root answer to the parent.
    chain: tuple[ChainLink, ...]
    #: Ids of near-duplicates folded into this one.
    similar: tuple[str, ...]
    #: How the score came about, for `--explain`.
    explanation: dict[str, float | int | str | list[str]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What the archive says to one question."""

    question: Question
    #: False when nothing relevant was found; `excerpts` are then the nearest ones, not an answer.
    answered: bool
    generation: int
    #: The newest thread's date.
    archive_date: str | None
    excerpts: tuple[Excerpt, ...]
