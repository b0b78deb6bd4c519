"""The comments of one generation of a server's index, on this machine: an SQLite file in its folder."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from retrieval import records

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from retrieval.types import Record

#: How many ids one query names, well under SQLite's limit on variables.
_BATCH = 500


@dataclass(frozen=True, slots=True)
class Written:
    """Comments of a thread, as a generation has them."""

    thread: str
    tag: int
    #: One JSON document per comment, see `records.dumps`.
    documents: Sequence[str]


class Documents:
    """An open file; a finished one is only read."""

    def __init__(self, path: Path) -> None:
        self._connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
        self._connection.execute(
            "CREATE TABLE IF NOT EXISTS comments"
            " (id TEXT PRIMARY KEY, thread TEXT, tag INTEGER, position INTEGER, document TEXT)"
        )
        self._connection.execute("CREATE INDEX IF NOT EXISTS threads ON comments (thread, position)")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def change(self, gone: Iterable[str], written: Iterable[Written]) -> None:
        """Remove whole threads, and write comments, all or nothing."""
        rows = (
            (one.comment.id, part.thread, part.tag, one.comment.position, document)
            for part in written
            for document in part.documents
            for one in (records.loads(document),)
        )
        with self._connection as connection:
            connection.executemany("DELETE FROM comments WHERE thread = ?", ((name,) for name in gone))
            connection.executemany("INSERT OR REPLACE INTO comments VALUES (?, ?, ?, ?, ?)", rows)

    def threads(self) -> dict[str, int]:
        """Return the tag of every thread that has comments."""
        return dict(self._connection.execute("SELECT DISTINCT thread, tag FROM comments").fetchall())

    def sizes(self) -> dict[str, int]:
        """Return how many comments every thread has that has any."""
        query = "SELECT thread, count(*) FROM comments GROUP BY thread"
        return dict(self._connection.execute(query).fetchall())

    def ids(self, threads: Iterable[str]) -> list[str]:
        """Return the ids of all comments of threads."""
        query = "SELECT id FROM comments WHERE thread = ?"
        return [name for thread in threads for (name,) in self._connection.execute(query, (thread,))]

    def tags(self, comment_ids: Sequence[str]) -> dict[str, int]:
        """Return the tag of each comment that is there."""
        return dict(self._named(comment_ids, "tag"))

    def records(self, comment_ids: Sequence[str]) -> dict[str, Record]:
        """Return comments by id; those that are not there are left out."""
        found = dict(self._named(comment_ids, "document"))
        return {name: records.loads(found[name]) for name in dict.fromkeys(comment_ids) if name in found}

    def thread(self, thread_id: str) -> list[Record]:
        """Return the comments of one thread in file order."""
        query = "SELECT document FROM comments WHERE thread = ? ORDER BY position"
        with closing(self._connection.execute(query, (thread_id,))) as rows:
            return [records.loads(document) for (document,) in rows]

    def everything(self) -> Iterator[Record]:
        """Yield every comment."""
        with closing(self._connection.execute("SELECT document FROM comments ORDER BY rowid")) as rows:
            yield from (records.loads(document) for (document,) in rows)

    def _named(self, comment_ids: Sequence[str], column: str) -> Iterator[tuple[str, Any]]:
        for start in range(0, len(comment_ids), _BATCH):
            part = comment_ids[start : start + _BATCH]
            marks = ",".join("?" * len(part))
            query = f"SELECT id, {column} FROM comments WHERE id IN ({marks})"  # noqa: S608 - a name of ours, and question marks
            with closing(self._connection.execute(query, part)) as rows:
                yield from rows
