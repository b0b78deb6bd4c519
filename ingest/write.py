"""Write the indexes of one generation, a copy of the one it is based on with the changes made."""

from __future__ import annotations

import shutil
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ingest.copying import copy_generation
from retrieval import generations
from retrieval.errors import RetrievalError
from retrieval.lexical import LexicalIndex
from retrieval.vectors import ChromaStore, Embedded, scrub

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ingest.cache import EmbeddingCache
    from ingest.progress import Progress
    from retrieval.types import PassageId, Record

#: Comments written to Chroma at a time.
_BATCH = 1000
#: Bytes a comment takes in a new generation, seen from above, and what else has to fit beside it.
_BYTES_PER_COMMENT = 20_000
_MARGIN = 20_000_000


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be done to the generation before."""

    #: That generation; None to start from nothing.
    base: int | None
    #: Comments to write with all their passages; the vectors of these are in the cache.
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


def write_indexes(
    folder: Path,
    base: Path | None,
    change: Change,
    days: Mapping[str, int],
    cache: EmbeddingCache,
    progress: Progress,
) -> None:
    """Write both indexes into a new folder, starting from those in the folder `base`, if any.

    `days` gives the day of a thread by its id, as yyyymmdd; 0 stands for unknown.

    :raises RetrievalError: If there is not enough space.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    _check_space(folder.parent, base, change)
    if base is not None:
        copy_generation(base, folder)
    progress.stage("write", len(change.written))
    with closing(ChromaStore.open(folder / "chroma")) as store:
        for start in range(0, len(change.written), _BATCH):
            batch = change.written[start : start + _BATCH]
            store.upsert(embedded(batch, cache), days)
            progress.advance(len(batch))
        store.refresh(change.moved)
        store.delete(change.removed, change.stale)
        store.settle()
    scrub(folder / "chroma")
    LexicalIndex.open(folder / "lexical").update(change.removed, change.written, days)
    progress.done()


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


def embedded(records: Sequence[Record], cache: EmbeddingCache) -> list[Embedded]:
    """Return comments with the vectors of their passages, all of which are in the cache."""
    keys = [[cache.key(text) for text in record.passage_texts()] for record in records]
    vectors = cache.get(list({key for own in keys for key in own}))
    none = np.empty((0, 0), dtype=np.float32)
    return [
        Embedded(record, np.stack([vectors[key] for key in own]) if own else none)
        for record, own in zip(records, keys, strict=True)
    ]
