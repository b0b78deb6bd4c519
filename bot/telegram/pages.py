"""Pure: what an answer showed, kept without a word of it, and put together again from the archive.

A page remembers which comments were quoted and where in their texts, never the texts themselves, so a
comment that leaves the archive leaves every stored page too.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from retrieval.excerpts import opening
from retrieval.types import Quote, Span

if TYPE_CHECKING:
    from retrieval.types import Excerpt, Language

_LINKS = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class Cut:
    """Where a quote stands, without its words."""

    language: Language
    start: int
    end: int
    highlights: tuple[tuple[int, int], ...] = ()

    @classmethod
    def of(cls, quote: Quote) -> Cut:
        """Remember a quote."""
        marks = tuple((span.start, span.end) for span in quote.highlights)
        return cls(quote.language, quote.span.start, quote.span.end, marks)

    def quote(self, text: str) -> Quote:
        """Cut the quote out of its text again."""
        span = Span(self.start, self.end)
        marks = tuple(Span(start, end) for start, end in self.highlights)
        return Quote(self.language, span, span.of(text), marks)


@dataclass(frozen=True, slots=True)
class Item:
    """One excerpt of a page."""

    id: str
    rank: int
    #: Of the comment's texts; tells whether the cuts still fit.
    digest: str
    quote: Cut
    other: Cut | None
    similar: tuple[str, ...]
    #: The thread it belongs to, for follow-ups.
    thread: str
    #: Where it can be read on the web, if its source has an address.
    link: str | None
    #: How likely it is to answer, 0 to 1, and its places by meaning and by words, from 1; 0 for none.
    score: float = 0.0
    places: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an answer, as `bot.sqlite` keeps it."""

    id: str
    chat: int
    user: int
    question: str
    #: Of the sentences around the quotes.
    language: Language
    #: The language of quotes asked for, the thread asked within, and the comment others should be like.
    quotes: Literal["auto"] | Language = "auto"
    thread: str | None = None
    like: str | None = None
    answered: bool = True
    #: Whether it shows, as such, the nearest comments of a question that nothing answers.
    nearest: bool = False
    items: tuple[Item, ...] = ()
    #: Ids shown on the pages before this one.
    seen: tuple[str, ...] = ()
    #: Whether there is a next page, and its id once it was shown.
    more: bool = False
    successor: str | None = None
    created: float = 0.0
    #: Of a group with topics, the one it was shown in.
    topic: int | None = None

    def content(self) -> dict[str, Any]:
        """Return what is kept as JSON."""
        names = ("quotes", "thread", "like", "answered", "nearest", "seen", "more", "topic")
        return {name: getattr(self, name) for name in names} | {
            "items": [_plain(each) for each in self.items]
        }


def content(data: dict[str, Any]) -> dict[str, Any]:
    """Read what `Page.content` wrote."""
    return data | {"items": tuple(map(_item, data["items"])), "seen": tuple(data["seen"])}


def item(excerpt: Excerpt) -> Item:
    """Remember an excerpt."""
    return Item(
        id=excerpt.comment.id,
        rank=excerpt.rank,
        digest=digest(excerpt),
        quote=Cut.of(excerpt.quote),
        other=Cut.of(excerpt.other) if excerpt.other else None,
        similar=tuple(excerpt.similar),
        thread=excerpt.thread.id,
        link=link(excerpt),
        score=excerpt.score,
        places=(_place(excerpt, "dense_rank"), _place(excerpt, "lexical_rank")),
    )


def digest(excerpt: Excerpt) -> str:
    """Return a digest of a comment's texts."""
    texts = "\0".join(text for pair in excerpt.comment.text.items() for text in pair)
    return hashlib.sha256(texts.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def _place(excerpt: Excerpt, key: str) -> int:
    found = excerpt.explanation.get(key, 0)
    return found if isinstance(found, int) else 0


def link(excerpt: Excerpt) -> str | None:
    """Return the address of an excerpt's source, None where it is a file."""
    return excerpt.path if excerpt.path.startswith(_LINKS) else None


def restored(kept: Item, whole: Excerpt) -> tuple[Excerpt, bool]:
    """Put an excerpt together again from the comment as it is now; also tell whether it was edited since.

    The cuts of an edited comment fit no longer, so its opening is quoted.
    """
    fresh = replace(whole, rank=kept.rank, similar=kept.similar)
    if digest(whole) == kept.digest:
        texts = whole.comment.text
        quote = kept.quote.quote(texts[kept.quote.language] or "")
        counterpart = kept.other.quote(texts[kept.other.language] or "") if kept.other else None
        return replace(fresh, quote=quote, other=counterpart), False
    return replace(fresh, quote=_opening(whole.quote), other=_maybe_opening(whole.other)), True


def flipped(excerpt: Excerpt) -> Excerpt:
    """Show an excerpt in the other language, if it has one."""
    if excerpt.other is None:
        return excerpt
    return replace(excerpt, quote=excerpt.other, other=excerpt.quote)


def _opening(quote: Quote) -> Quote:
    text = opening(quote.text)
    start = quote.text.find(text)
    return Quote(quote.language, Span(start, start + len(text)), text)


def _maybe_opening(quote: Quote | None) -> Quote | None:
    return None if quote is None else _opening(quote)


def _plain(kept: Item | Cut) -> dict[str, Any]:
    """Return what JSON can hold; `asdict` copies deeply, which takes longer than all else about a page."""
    found = {name: getattr(kept, name) for name in kept.__slots__}
    return {name: _plain(value) if isinstance(value, Cut) else value for name, value in found.items()}


def _item(data: dict[str, Any]) -> Item:
    other = data["other"]
    return Item(
        **data
        | {
            "quote": _cut(data["quote"]),
            "other": None if other is None else _cut(other),
            "similar": tuple(data["similar"]),
            "places": tuple(data.get("places", (0, 0))),
        }
    )


def _cut(data: dict[str, Any]) -> Cut:
    marks = tuple((start, end) for start, end in data["highlights"])
    return Cut(data["language"], data["start"], data["end"], marks)
