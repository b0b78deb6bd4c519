"""The comments of one generation: an SQLite file in its folder, of an embedded index and of a server's alike.

Chroma could keep them as well, and does on a server. In it, writing a comment took as long as a passage
with its vector, and reading those of one answer 1 to 2 ms.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Self

from retrieval import records
from retrieval.rows import BATCH, batches, put

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from retrieval.types import Record


@dataclass(frozen=True, slots=True)
class Written:
    """Comments of a thread, as a generation has them."""

    thread: str
    tag: int
    comments: Sequence[Record]


class Documents:
    """An open file; every method may raise sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    @classmethod
    def create(cls, path: Path) -> Self:
        """Open a file for writing, made if need be.

        A file that is being written is worth nothing before its generation is sealed, which waits for the
        disk; so nothing here does.
        """
        connection = sqlite3.connect(path, timeout=30, check_same_thread=False)
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("PRAGMA journal_mode = MEMORY")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS comments"
            " (id TEXT PRIMARY KEY, thread TEXT, tag INTEGER, position INTEGER, whole BLOB, document TEXT)"
        )
        connection.execute("CREATE INDEX IF NOT EXISTS threads ON comments (thread, position)")
        return cls(connection)

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a finished file for reading; one of an older version is no such file."""
        address = f"{path.absolute().as_uri()}?mode=ro"
        connection = sqlite3.connect(address, uri=True, timeout=30, check_same_thread=False)
        try:
            connection.execute("SELECT id, thread, tag, position, whole, document FROM comments LIMIT 0")
        except sqlite3.Error:
            connection.close()
            raise
        return cls(connection)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the file."""
        self._connection.close()

    def change(self, gone: Iterable[str], written: Iterable[Written]) -> None:
        """Remove whole threads, and write comments, all or nothing."""
        rows = (row for part in written for row in _rows(part.comments, part.tag))
        with self._connection as connection:
            connection.executemany("DELETE FROM comments WHERE thread = ?", ((name,) for name in gone))
            put(connection, "comments", rows)

    def write(self, items: Sequence[Record]) -> None:
        """Write comments, all or nothing."""
        with self._connection as connection:
            put(connection, "comments", _rows(items))

    def delete(self, comment_ids: Sequence[str]) -> None:
        """Remove comments, all or nothing; ids that are not there are ignored."""
        with self._connection as connection:
            connection.executemany("DELETE FROM comments WHERE id = ?", ((name,) for name in comment_ids))

    def count(self) -> int:
        """Return how many comments there are."""
        (found,) = self._connection.execute("SELECT count(*) FROM comments").fetchone()
        return int(found)

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
        found = {name: kept for name, *kept in self._named(comment_ids, "whole, document")}
        return {name: _read(*found[name]) for name in dict.fromkeys(comment_ids) if name in found}

    def wholes(self, comment_ids: Sequence[str]) -> dict[str, bytes]:
        """Return where comments point, packed, by id; those of fewer than two passages are left out."""
        return {name: whole for name, whole in self._named(comment_ids, "whole") if whole}

    def thread(self, thread_id: str) -> list[Record]:
        """Return the comments of one thread in file order."""
        query = "SELECT whole, document FROM comments WHERE thread = ? ORDER BY position"
        with closing(self._connection.execute(query, (thread_id,))) as rows:
            return [_read(*row) for row in rows]

    def everything(self) -> Iterator[Record]:
        """Yield every comment."""
        with closing(self._connection.execute("SELECT whole, document FROM comments ORDER BY rowid")) as rows:
            yield from (_read(*row) for row in rows)

    def _named(self, comment_ids: Sequence[str], columns: str) -> Iterator[tuple[Any, ...]]:
        for part in batches(comment_ids, BATCH):
            marks = ",".join("?" * len(part))
            query = f"SELECT id, {columns} FROM comments WHERE id IN ({marks})"  # noqa: S608 - names of ours, and question marks
            with closing(self._connection.execute(query, part)) as rows:
                yield from rows


def _rows(items: Sequence[Record], tag: int = 0) -> Iterator[tuple[str | int | bytes, ...]]:
    """Yield comments as rows; the tag tells rows of a server's generations apart."""
    for one in records.tokenized(items):
        text = records.dumps(replace(one, whole=b""))
        yield one.comment.id, one.comment.thread_id, tag, one.comment.position, one.whole, text


def _read(whole: bytes, document: str) -> Record:
    return records.loads(document, whole)
