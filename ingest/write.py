"""Write the indexes of one generation, a copy of the one it is based on with the changes made."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

from ingest.behind import Behind
from ingest.copying import copy_generation
from retrieval import generations
from retrieval.errors import RetrievalError
from retrieval.lexical import LexicalIndex
from retrieval.vectors import DENSE_GRAPH, ChromaStore, graph_for, scrub

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ingest.embedding import Vectors
    from ingest.progress import Progress
    from retrieval.lexical import Writing
    from retrieval.types import PassageId, Record
    from retrieval.vectors import Embedded

#: Bytes a comment takes in a new generation, seen from above, and what else has to fit beside it.
_BYTES_PER_COMMENT = 20_000
_MARGIN = 20_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done to the generation before."""

    #: That generation; None to start from nothing.
    base: int | None
    #: Comments to write with all their passages.
    written: Sequence[Record]
    #: Comments there already, of which nothing changed but their place.
    moved: Sequence[Record]
    #: Ids of comments that leave.
    removed: Sequence[str]
    #: Passages that leave, those of the removed comments among them.
    stale: Sequence[PassageId]
    #: How many passages there are then, and how many were deleted since the files were last written anew.
    passages: int = 0
    dead: int = 0
    #: Whether it is written a second time, the first having been no good.
    again: bool = False

    @property
    def graph(self) -> dict[str, Any]:
        """Return how to build the graph of what starts from nothing."""
        return DENSE_GRAPH if self.again else graph_for(self.passages)


def write_indexes(
    folder: Path,
    base: Path | None,
    change: Change,
    days: Mapping[str, int],
    vectors: Vectors,
    progress: Progress,
) -> None:
    """Write both indexes into a new folder, starting from those in the folder `base`, if any.

    Comments are written while vectors of others are still made, so that no core is idle. `days` gives the
    day of a thread by its id, as yyyymmdd; 0 stands for unknown.

    :raises RetrievalError: If there is not enough space.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _check_space(folder.parent, base, change)
    if base is not None:
        copy_generation(base, folder)
    with (
        closing(_Indexes(folder, days, change.graph)) as indexes,
        Behind() as behind,
        closing(vectors.of(change.written, progress)) as ready,
    ):
        for batch in ready:
            behind(partial(indexes.add, batch))
        behind(partial(indexes.finish, change))
        behind.wait()
    scrub(folder / "chroma")
    progress.done()


class _Indexes:
    """The indexes that are being written, opened when there is something to write."""

    def __init__(self, folder: Path, days: Mapping[str, int], graph: Mapping[str, Any]) -> None:
        self._folder = folder
        self._days = days
        self._graph = graph

    @cached_property
    def _store(self) -> ChromaStore:
        return ChromaStore.create(self._folder, self._graph)

    @cached_property
    def _words(self) -> Writing:
        return LexicalIndex.create(self._folder / "lexical").writing(self._days)

    def add(self, batch: Sequence[Embedded]) -> None:
        """Write comments with their vectors."""
        self._store.upsert(batch, self._days)
        self._words.add(item.record for item in batch)

    def finish(self, change: Change) -> None:
        """Do the rest of a change."""
        self._store.refresh(change.moved)
        self._store.delete(change.removed, change.stale)
        self._words.remove(change.removed)
        self._words.commit()

    def close(self) -> None:
        """Close them, if they were opened."""
        if "_store" in self.__dict__:
            self._store.close()


def _check_space(folder: Path, base: Path | None, change: Change) -> None:
    copied = generations.size_of(base) if base is not None else 0
    needed = copied + len(change.written) * _BYTES_PER_COMMENT + _MARGIN
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise RetrievalError(
            f"A new generation needs up to {_megabytes(needed)} in {folder} and {_megabytes(free)} are free; "
            "free some space and ingest again, the published generation is untouched.",
            f"新的一代最多需要在 {folder} 占用 {_megabytes(needed)}，而剩余 {_megabytes(free)}；"
            "请腾出空间再重新导入，已发布的一代不受影响。",
        )


def _megabytes(size: int) -> str:
    return f"{size / 1e6:,.0f} MB"
