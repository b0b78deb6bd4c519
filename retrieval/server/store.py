"""One generation of a server's index: its vectors there, its comments here; see `retrieval.homes.Store`."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval.errors import SupersededError
from retrieval.server.connection import PAGE
from retrieval.types import Hit, PassageId
from retrieval.vectors import conditions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from retrieval.documents import Documents
    from retrieval.server.connection import Server
    from retrieval.types import Record, Scope
    from retrieval.vectors import Collection


#: Vectors looked for with one request.
_TOGETHER = 40


class ServerStore:
    """An open generation.

    Every method may raise UnreachableError, and SupersededError where its rows are gone from the server
    because something newer is published there.
    """

    def __init__(self, server: Server, epoch: str, documents: Documents) -> None:
        self._server = server
        self._epoch = epoch
        self._documents = documents

    @cached_property
    def _passages(self) -> Collection:
        found = self._server.listing().get(f"passages-{self._epoch}")
        if found is None:
            raise SupersededError
        return found

    def close(self) -> None:
        """Let go of the file."""
        self._documents.close()

    def nearest(self, vector: NDArray[np.float32], count: int, scope: Scope) -> list[Hit]:
        """Return the passages nearest to a vector, nearest first, with their cosine similarity.

        Rows that are not alive, being written or about to be removed, are passed over.
        """
        if not vector.size or scope.threads == ():
            return []
        return self._nearest(vector[None, :], count, conditions(scope))[0]

    def neighbours(self, vectors: NDArray[np.float32], count: int) -> list[list[Hit]]:
        """Return what is nearest to each of several vectors, (n, dimensions), sooner than one by one."""
        parts = (vectors[start : start + _TOGETHER] for start in range(0, len(vectors), _TOGETHER))
        return [hits for part in parts for hits in self._nearest(part, count, None)]

    def _nearest(
        self, vectors: NDArray[np.float32], count: int, limits: dict[str, Any] | None
    ) -> list[list[Hit]]:
        found = self._server.nearest(self._passages, vectors, min(count, PAGE), limits)
        hits = []
        for vector, own in zip(vectors, found, strict=True):
            alive = self._alive(own)
            if len(alive) < min(count, len(own)) and len(own) < PAGE:
                (more,) = self._server.nearest(self._passages, vector[None, :], PAGE, limits)
                alive = self._alive(more)
            hits.append(alive[:count])
        return hits

    def _alive(self, found: Sequence[tuple[str, float]]) -> list[Hit]:
        rows = [(*row.rpartition("@")[::2], distance) for row, distance in found]
        hits = [(PassageId.parse(name), int(tag), distance) for name, tag, distance in rows]
        tags = self._documents.tags(list({passage.comment_id for passage, _, _ in hits}))
        return [
            Hit(passage, 1.0 - distance)
            for passage, tag, distance in hits
            if tags.get(passage.comment_id) == tag
        ]

    def wholes(self, comment_ids: Sequence[str]) -> dict[str, bytes]:
        """Return where comments of several passages point, each as a whole, packed, by id."""
        return self._documents.wholes(comment_ids)

    def records(self, comment_ids: Sequence[str]) -> dict[str, Record]:
        """Return comments by id; ids that are not there are left out."""
        return self._documents.records(comment_ids)

    def thread_records(self, thread_id: str) -> list[Record]:
        """Return the comments of one thread in file order."""
        return self._documents.thread(thread_id)

    def all_records(self) -> Iterator[Record]:
        """Yield every comment."""
        return self._documents.everything()

    def passage_ids(self) -> list[PassageId]:
        """Return the ids of all passages."""
        return [passage for record in self.all_records() for passage in record.passage_ids()]

    def vectors(self, passages: Sequence[PassageId]) -> dict[PassageId, NDArray[np.float32]]:
        """Return the vectors of passages by id; ids that are not there are left out."""
        tags = self._documents.tags(list({passage.comment_id for passage in passages}))
        rows = {
            f"{passage}@{tags[passage.comment_id]}": passage
            for passage in passages
            if passage.comment_id in tags
        }
        found = self._server.rows(self._passages, list(rows), "embeddings") if rows else {}
        return {rows[row]: np.asarray(vector, dtype=np.float32) for row, vector in found.items()}

    def counts(self) -> tuple[int, int]:
        """Return how many comments and passages there are."""
        passages = [len(record.passage_ids()) for record in self.all_records()]
        return len(passages), sum(passages)
