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


def questions(ratings: Iterable[Rating], archive: Archive) -> Iterator[JsonObject]:
    """Yield a question per rating, oldest first.

    The comments of an answer found good are its gold; those of a bad one are named as `shown`, for
    somebody to write the gold. Comments that left the archive are left out.
    """
    for rating in ratings:
        if not rating.question:
            continue  # "more like this" asks nothing
        places = [place for comment in rating.comments if (place := _place(comment, rating, archive))]
        found: JsonObject = {"question": rating.question, "lang": rating.language}
        yield found | ({"gold": places} if rating.good else {"gold": None, "shown": places})


def _place(comment: str, rating: Rating, archive: Archive) -> tuple[str, int] | None:
    """Return a comment's file and position, None where it is gone."""
    try:
        excerpt = archive.show(comment, rating.language)
    except UsageError:
        return None
    return PurePosixPath(excerpt.path).stem, excerpt.comment.position
