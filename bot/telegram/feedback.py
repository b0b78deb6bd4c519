"""Ratings as questions that `evaluate` can measure with."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from retrieval.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from bot.as_json import JsonObject
    from bot.telegram.store import Rating
    from retrieval.archive import Archive


def questions(ratings: Iterable[Rating], archive: Archive, *, good: bool) -> Iterator[JsonObject]:
    """Yield a question per good rating, or per bad one, oldest first.

    The comments of an answer found good are its gold; it is empty where "nothing speaks to this" was
    found good. What would have answered a badly answered question nobody knows yet: its gold is null,
    and what was shown is named. Comments that left the archive are left out.
    """
    for rating in ratings:
        if rating.good != good or not rating.question:
            continue  # "more like this" asks nothing
        places = [place for comment in rating.comments if (place := _place(comment, rating, archive))]
        found: JsonObject = {"question": rating.question, "lang": rating.language}
        yield found | ({"gold": places} if good else {"gold": None, "shown": places})


def _place(comment: str, rating: Rating, archive: Archive) -> tuple[str, int] | None:
    """Return a comment's file and position, None where it is gone."""
    try:
        excerpt = archive.show(comment, rating.language)
    except UsageError:
        return None
    return PurePosixPath(excerpt.path).stem, excerpt.comment.position
