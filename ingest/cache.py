"""The embedding cache: a vector per model fingerprint and text, kept across generations, in SQLite.

It is what makes an interrupted ingest cheap: every batch is committed here before anything else is
done with it, so no text is encoded twice but the batch in flight.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, Self

import numpy as np

from retrieval.errors import RetrievalError
from retrieval.records import digest
from retrieval.rows import BATCH, batches, put

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

#: Bytes of a page: several vectors fit into one of these, and one and a half into SQLite's usual ones.
_PAGE = 16_384


class EmbeddingCache:
    """An open cache for one model; every method may raise RetrievalError if the file is not usable."""

    def __init__(self, path: Path, fingerprint: str) -> None:
        self._path = path
        self._fingerprint = fingerprint
        with self._explained():
            self._connection = sqlite3.connect(path, timeout=30)
            self._connection.execute(f"PRAGMA page_size = {_PAGE}")
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute(
                "CREATE TABLE IF NOT EXISTS vectors (fingerprint TEXT, digest BLOB, vector BLOB,"
                " PRIMARY KEY (fingerprint, digest))"
            )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    @staticmethod
    def key(text: str) -> bytes:
        """Return the key of a text."""
        return digest(text, length=16)

    def get(self, keys: Sequence[bytes]) -> dict[bytes, NDArray[np.float32]]:
        """Return the vectors that are there, float32 rows by key."""
        rows = self._rows("digest, vector", keys)
        return {key: np.frombuffer(vector, dtype="<f4") for key, vector in rows}

    def missing(self, keys: Iterable[bytes]) -> set[bytes]:
        """Return the keys that are not there."""
        wanted = list(dict.fromkeys(keys))
        return set(wanted) - {key for (key,) in self._rows("digest", wanted)}

    def _rows(self, columns: str, keys: Sequence[bytes]) -> Iterator[tuple[bytes, ...]]:
        """Yield columns of the rows that are there."""
        for part in batches(keys, BATCH):
            marks = ",".join("?" * len(part))
            query = f"SELECT {columns} FROM vectors WHERE fingerprint = ? AND digest IN ({marks})"  # noqa: S608 - only names of columns and question marks are put in
            with (
                self._explained(),
                closing(self._connection.execute(query, (self._fingerprint, *part))) as rows,
            ):
                yield from rows

    def put(self, vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        """Keep vectors, durably, all or none."""
        rows = ((self._fingerprint, key, vector.astype("<f4").tobytes()) for key, vector in vectors.items())
        with self._explained(), self._connection as connection:
            put(connection, "vectors", rows)

    def keep_only(self, texts: Iterable[str]) -> None:
        """Forget all vectors but those of these texts, and every trace of the others in the file."""
        keys = set(map(self.key, texts))
        with self._explained(), self._connection as connection:
            connection.execute("PRAGMA secure_delete = ON")
            connection.execute("CREATE TEMP TABLE kept (digest BLOB PRIMARY KEY) WITHOUT ROWID")
            connection.executemany("INSERT INTO kept VALUES (?)", ((key,) for key in keys))
            connection.execute(
                "DELETE FROM vectors WHERE fingerprint <> ? OR digest NOT IN (SELECT digest FROM kept)",
                (self._fingerprint,),
            )
            connection.execute("DROP TABLE kept")
        with self._explained():
            self._connection.execute("VACUUM")
            self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Say what a user can do about a file that SQLite cannot use."""
        try:
            yield
        except sqlite3.DatabaseError as error:
            raise RetrievalError(*_sentences(self._path, error)) from error


def _sentences(path: Path, error: sqlite3.DatabaseError) -> tuple[str, str]:
    """Return what to do, in English and Chinese."""
    # The low byte is the kind of error, the rest its detail; errors of the Python module have none.
    kind = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
    if kind in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_ERROR}:
        advice, zh = (
            "delete it and ingest again, nothing else is lost",
            "请删除它再重新导入，不会丢失别的数据",
        )
    elif kind == sqlite3.SQLITE_FULL:
        advice, zh = "free some space and ingest again", "请腾出空间再重新导入"
    else:
        advice, zh = (
            "check that its folder can be written to, and ingest again",
            "请确认文件夹可写，再重新导入",
        )
    return (
        f"The embedding cache {path} cannot be used ({error}); {advice}.",
        f"无法使用向量缓存 {path}（{error}）；{zh}。",
    )
