"""A server's index behind the store's contract: every change is published, every look is a reader's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ingest.cache import EmbeddingCache
from ingest.embedding import Vectors
from ingest.progress import Silent
from ingest.release import Release, numbered
from ingest.threads import tally
from ingest.turns import writing
from ingest.write import Change
from retrieval.generations import Manifest, ThreadEntry
from retrieval.homes import published
from retrieval.probe import in_process
from retrieval.types import Bilingual, Thread

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retrieval.homes import Store
    from retrieval.server.home import ServerHome
    from retrieval.types import PassageId, Record
    from retrieval.vectors import Embedded


class PublishedStore:
    """See `ChromaStore`; what only reads is passed on to the store of the newest generation."""

    def __init__(self, home: ServerHome) -> None:
        self._home = home
        self._records: dict[str, Record] = {}
        self._days: Mapping[str, int] = {}
        self._open: Store | None = None
        self._publish([], [], [], [])

    def __getattr__(self, name: str) -> Any:
        number = self._home.follow()
        assert number is not None
        if self._open is None:
            self._open = self._home.store(number)
        return getattr(self._open, name)

    def close(self) -> None:
        """Let go of the files."""
        if self._open is not None:
            self._open.close()
        self._open = None

    def upsert(self, items: Sequence[Embedded], days: Mapping[str, int]) -> None:
        """See `ChromaStore.upsert`."""
        self._days = days
        with self._cache() as cache:
            for item in items:
                keys = map(cache.key, item.record.passage_texts())
                cache.put(dict(zip(keys, item.vectors, strict=True)))
        self._records |= {item.record.comment.id: item.record for item in items}
        self._publish([item.record for item in items], [], [], [])

    def refresh(self, items: Sequence[Record]) -> None:
        """See `ChromaStore.refresh`."""
        self._records |= {record.comment.id: record for record in items}
        self._publish([], items, [], [])

    def delete(self, comment_ids: Sequence[str], passages: Sequence[PassageId]) -> None:
        """See `ChromaStore.delete`."""
        for name in comment_ids:
            self._records.pop(name, None)
        self._publish([], [], comment_ids, passages)

    def _cache(self) -> EmbeddingCache:
        self._home.data_dir.mkdir(parents=True, exist_ok=True)
        return EmbeddingCache(self._home.data_dir / "embeddings.sqlite", "fake")

    def _publish(
        self,
        written: Sequence[Record],
        moved: Sequence[Record],
        removed: Sequence[str],
        stale: Sequence[PassageId],
    ) -> None:
        self.close()
        known = published(self._home)
        count = sum(len(record.passage_ids()) for record in self._records.values())
        change = Change(known.generation if known else None, written, moved, removed, stale, count)

        def describe(number: int, made: Change, _: Sequence[str]) -> Manifest:
            manifest = Manifest(0, "2025-01-01T00:00:00+00:00", "built-in", "fake", 32, self._threads())
            return numbered(manifest, number, made)

        with writing(self._home) as turn, self._cache() as cache:
            Release(turn, Vectors(cache), Silent(), in_process, describe, dict(self._days))(change)

    def _threads(self) -> tuple[ThreadEntry, ...]:
        own: dict[str, list[Record]] = {}
        for record in self._records.values():
            own.setdefault(record.comment.thread_id, []).append(record)
        return tuple(
            tally(
                ThreadEntry(Thread(name, Bilingual(), Bilingual(), self._date(name), ()), name, 0, 0, 0, 0),
                [record.comment for record in rows],
            )
            for name, rows in own.items()
        )

    def _date(self, name: str) -> str | None:
        day = str(self._days[name])
        return f"{day[:4]}-{day[4:6]}-{day[6:]}" if len(day) == 8 else None
