"""What no answer may quote: comments by id and authors by name, kept in `exclusions.json`.

The file is the will of whoever runs the bot and outlives every generation; a manifest says which
exclusions its generation was made under, and which comments they hide.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING

from retrieval.errors import RetrievalError
from retrieval.generations import Hidden, replace_text
from retrieval.records import content_digest, short_id
from retrieval.types import Bilingual, Comment, Kind, Record

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

_FILE = "exclusions.json"
_VERSION = 1


@dataclass(frozen=True)
class Exclusions:
    """Ids of comments, and names of authors as they were given."""

    ids: tuple[str, ...] = ()
    authors: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.ids or self.authors)

    @property
    def digest(self) -> str:
        """Return what tells these from others; empty where nothing is excluded."""
        return short_id(json.dumps([sorted(self.ids), sorted(self._names)])) if self else ""

    @cached_property
    def _names(self) -> frozenset[str]:
        return frozenset(map(_author, self.authors))

    def hides(self, comment: Comment) -> bool:
        """Tell whether a comment is excluded; names match as in `--author`, in either kind of characters."""
        return comment.id in self.ids or (bool(self.authors) and _author(comment.author) in self._names)

    def still_hides(self, hidden: Hidden) -> bool:
        """Tell whether a comment that was hidden still is."""
        return hidden.id in self.ids or hidden.author in self._names

    def adding(self, ids: Iterable[str], authors: Iterable[str]) -> Exclusions:
        """Return these and more."""
        names = {_author(name): name for name in (*authors, *self.authors)}
        return Exclusions(tuple(dict.fromkeys((*self.ids, *ids))), tuple(sorted(names.values())))

    def without(self, ids: Iterable[str], authors: Iterable[str]) -> Exclusions:
        """Return these but some."""
        gone_ids, gone = set(ids), set(map(_author, authors))
        return Exclusions(
            tuple(name for name in self.ids if name not in gone_ids),
            tuple(name for name in self.authors if _author(name) not in gone),
        )


def load(data_dir: Path) -> Exclusions:
    """Read what is excluded.

    :raises RetrievalError: If the file cannot be read: better no ingest than one that forgets it.
    """
    path = data_dir / _FILE
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] > _VERSION:
            raise RetrievalError(f"{path} was written by a newer threadbot; update threadbot.")
        return Exclusions(tuple(map(str, data["ids"])), tuple(map(str, data["authors"])))
    except FileNotFoundError:
        return Exclusions()
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RetrievalError(
            f"{path} cannot be read ({type(error).__name__}), and says which comments to leave out; "
            "restore it, or delete it if none is to be."
        ) from error


def save(data_dir: Path, exclusions: Exclusions) -> None:
    """Write what is excluded, atomically."""
    data = {"version": _VERSION, "ids": exclusions.ids, "authors": exclusions.authors}
    replace_text(data_dir / _FILE, json.dumps(data, indent=2) + "\n")


def hidden(comment: Comment) -> Hidden:
    """Return what is remembered of an excluded comment."""
    return Hidden(
        id=comment.id,
        thread=comment.thread_id,
        author=_author(comment.author),
        key=_key(comment.author, comment.reply_to),
        digest=content_digest(comment.text),
        position=comment.position,
    )


def stubs(remembered: Iterable[Hidden], pairs: Iterable[tuple[str, str | None]]) -> list[Record]:
    """Return hidden comments as records without text, so that they keep their ids in `identify`.

    `pairs` are the authors, and whom they reply to, of the comments that are in the file now.
    """
    hidden = list(remembered)
    if not hidden:
        return []
    names = {_key(author, reply_to): (author, reply_to) for author, reply_to in pairs}
    return [_stub(one, *names[one.key]) for one in hidden if one.key in names]


def _stub(one: Hidden, author: str, reply_to: str | None) -> Record:
    comment = Comment(
        id=one.id,
        thread_id=one.thread,
        position=one.position,
        kind=Kind.ANSWER,
        author=author,
        reply_to=reply_to,
        parent=None,
        text=Bilingual(),
        lines=(0, 0),
        images=0,
    )
    return Record(comment, one.digest, (), {})


def split(comments: Sequence[Comment], exclusions: Exclusions) -> tuple[list[Comment], list[Comment]]:
    """Return the comments that may be quoted, and those that may not."""
    if not exclusions:
        return list(comments), []
    apart = [comment for comment in comments if exclusions.hides(comment)]
    ids = {comment.id for comment in apart}
    return [comment for comment in comments if comment.id not in ids], apart


@cache
def _author(name: str) -> str:
    from retrieval.terms import fold  # its dictionaries are of no use where nobody is excluded

    return short_id(fold(name.strip()))


def _key(author: str, reply_to: str | None) -> str:
    return short_id(author, reply_to)
