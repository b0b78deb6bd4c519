"""Answers as blocks of styled lines, for terminals and for plain text; pure, without any markup.

A block is a `Card` (a quote and what stands around it) or a `Note` (a sentence of the interface). `plain`
writes it for pipes; `bot.screen` draws it. Nothing of a commenter's that a terminal would act on survives.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum, unique
from typing import TYPE_CHECKING

from bot import messages
from retrieval.types import other

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from retrieval.types import Answer, ChainLink, Comment, Excerpt, Language, Quote, Thread

#: Control characters but tab and newline, changes of direction, and what cannot be encoded.
_UNSEEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


@unique
class Style(Enum):
    """What a piece of text is; the front end decides how that looks."""

    PLAIN = "plain"
    MATCH = "match"
    AUTHOR = "author"
    QUIET = "quiet"
    STRONG = "strong"


@dataclass(frozen=True, slots=True)
class Piece:
    """A text of one style, without line ends."""

    text: str
    style: Style = Style.PLAIN


Line = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class Card:
    """A quote and what stands around it."""

    #: The excerpt's rank, or the language of a whole text.
    label: str
    quote: tuple[Line, ...]
    #: Who wrote it, where it stands, what it answers.
    notes: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence, or a few lines, of the interface."""

    text: str
    style: Style = Style.PLAIN


Block = Card | Note


def visible(text: str) -> str:
    """Drop what a terminal would act on; all other characters stay."""
    return _UNSEEN.sub("", text)


def one_line(text: str) -> str:
    """Make a name or a title fit on a line."""
    return " ".join(visible(text).split())


def answer(
    answer: Answer, hint: messages.Message = messages.NEAREST_BY_JSON, *, explain: bool = False
) -> list[Block]:
    """Show an answer; where there is none, say so, and by `hint` where the nearest comments are."""
    language = answer.question.language
    if not answer.answered:
        found: list[Block] = [Note(messages.NOTHING_RELEVANT(language), Style.STRONG)]
        return [*found, Note(hint(language), Style.QUIET)] if answer.excerpts else found
    return [*excerpts(answer.excerpts, language, explain=explain), *archive_date(answer)]


def heading(question: str) -> Block:
    """Repeat a question over its answer."""
    return Note("› " + one_line(question), Style.STRONG)


def nearest(answer: Answer) -> list[Block]:
    """Show the nearest comments of a question that nothing answers, as such."""
    language = answer.question.language
    return [Note(messages.NEAREST(language), Style.STRONG), *excerpts(answer.excerpts, language)]


def archive_date(answer: Answer) -> list[Block]:
    """Say how old the archive is."""
    if answer.archive_date is None:
        return []
    return [Note(messages.ARCHIVE_DATE(answer.question.language, date=answer.archive_date), Style.QUIET)]


def excerpts(found: Iterable[Excerpt], language: Language, *, explain: bool = False) -> list[Block]:
    """Show excerpts as numbered cards."""
    return [card(excerpt, language, explain=explain) for excerpt in found]


def card(excerpt: Excerpt, language: Language, *, explain: bool = False) -> Card:
    """Show one excerpt; `language` is the interface's."""
    full = excerpt.comment.text[excerpt.quote.language] or ""
    lines = quote_lines(excerpt.quote, full) or ((Piece(messages.NO_TEXT(language), Style.QUIET),),)
    why = (_explanation(excerpt),) if explain else ()
    return Card(str(excerpt.rank), lines, (*_notes(excerpt, language), *why))


def whole(excerpt: Excerpt, language: Language) -> list[Block]:
    """Show a whole comment in each language it exists in, the interface's first."""
    texts = sorted(excerpt.comment.text.items(), key=lambda item: item[0] != language)
    notes = tuple(_notes(excerpt, language))
    if not texts:
        return [Card(excerpt.comment.id, ((Piece(messages.NO_TEXT(language), Style.QUIET),),), notes)]
    cards: list[Block] = [
        Card(
            (messages.CHINESE if code == "zh" else messages.ENGLISH)(language),
            tuple((Piece(line),) for line in visible(text).split("\n")),
            notes if code == texts[-1][0] else (),
        )
        for code, text in texts
    ]
    return cards


def quote_lines(quote: Quote, full: str) -> tuple[Line, ...]:
    """Cut a quote into lines with its matches marked, and `…` where the comment goes on."""
    if not visible(quote.text).strip():
        return ()
    pieces = list(_marked(quote))
    if full[: quote.span.start].strip():
        pieces.insert(0, Piece("…", Style.QUIET))
    if full[quote.span.end :].strip():
        pieces.append(Piece("…", Style.QUIET))
    return tuple(_lines(pieces))


def plain(block: Block) -> str:
    """Write a block as text without any styling."""
    if isinstance(block, Note):
        return block.text
    lines = ["   " + _text(line) if line else "" for line in (*block.quote, *block.notes)]
    return "\n".join([f"[{block.label}]", *lines])


def attribution(excerpt: Excerpt, language: Language) -> Line:
    """Say who wrote a comment, to whom, in which thread, when, and where it stands."""
    comment, thread = excerpt.comment, excerpt.thread
    author = one_line(comment.author)
    who = author
    if comment.reply_to is not None:
        who = messages.REPLYING_TO(language, author=author, name=one_line(comment.reply_to))
    first, last = comment.lines
    place = f"{one_line(excerpt.path)}:{first}-{last}"
    only = _only(comment, language)
    where = [title(thread, language), thread.date, place, comment.id, only]
    rest = " · ".join(part for part in where if part)
    return (Piece("— "), Piece(who, Style.AUTHOR), Piece(f" · {rest}", Style.QUIET))


def title(thread: Thread, language: Language) -> str:
    """Return a thread's title in a language where it has one."""
    found = thread.title.preferring(language)
    return one_line(found[1]) if found else messages.UNTITLED(language)


def _only(comment: Comment, language: Language) -> str | None:
    """Say that a comment does not exist in the language it was asked for in."""
    if comment.text[language] is not None or comment.text[other(language)] is None:
        return None
    return (messages.ONLY_ENGLISH if language == "zh" else messages.ONLY_CHINESE)(language)


def _notes(excerpt: Excerpt, language: Language) -> Iterator[Line]:
    yield attribution(excerpt, language)
    for link in reversed(excerpt.chain):
        yield (Piece(_link(link, language), Style.QUIET),)
    if excerpt.similar:
        yield (Piece(messages.SIMILAR(language, count=len(excerpt.similar)), Style.QUIET),)


def _explanation(excerpt: Excerpt) -> Line:
    parts = {"score": round(excerpt.score, 4)} | excerpt.explanation
    return (Piece(one_line(" · ".join(f"{name} {value}" for name, value in parts.items())), Style.QUIET),)


def _link(link: ChainLink, language: Language) -> str:
    return "↳ " + messages.ANSWERS(language, author=one_line(link.author), quote=one_line(link.quote))


def _marked(quote: Quote) -> Iterator[Piece]:
    """Yield a quote as pieces, each inside or outside the matches."""
    end = 0
    for span in quote.highlights:
        yield Piece(visible(quote.text[end : span.start]))
        yield Piece(visible(span.of(quote.text)), Style.MATCH)
        end = span.end
    yield Piece(visible(quote.text[end:]))


def _lines(pieces: Iterable[Piece]) -> Iterator[Line]:
    line: list[Piece] = []
    for piece in pieces:
        first, *rest = piece.text.split("\n")
        line.append(Piece(first, piece.style))
        for text in rest:
            yield tuple(part for part in line if part.text)
            line = [Piece(text, piece.style)]
    yield tuple(part for part in line if part.text)


def _text(line: Line) -> str:
    return "".join(piece.text for piece in line)
