"""Write one generation, a copy of the one it is based on with the changes made; nothing is published here."""

from __future__ import annotations

import shutil
from contextlib import closing
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval import generations
from retrieval.generations import Manifest
from retrieval.lexical import LexicalIndex
from retrieval.vectors import ChromaStore, Embedded

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ingest.cache import EmbeddingCache
    from ingest.sync import Progress, Target
    from retrieval.embedder import Embedder
    from retrieval.types import Record

#: Comments written to Chroma at a time.
_BATCH = 1000


def write_generation(
    data_dir: Path,
    number: int,
    *,
    base: Manifest | None,
    target: Target,
    records: Sequence[Record],
    cache: EmbeddingCache,
    embedder: Embedder,
    model: str,
    run: dict[str, Any],
    progress: Progress,
) -> None:
    """Write the generation that holds what `target` says, `records` being what it has to write.

    `base` is the generation it starts from, None to start from nothing; the vectors of all passages
    of `records` are in the cache.
    """
    folder = generations.folder_of(data_dir, number)
    if base is None:
        folder.mkdir(parents=True)
    else:
        shutil.copytree(generations.folder_of(data_dir, base.generation), folder)
    dimensions = base.dimensions if base else len(embedder.question("?"))
    days = {entry.thread.id: _day(entry.thread.date) for entry in target.threads}
    progress.stage("write", len(records))
    with closing(ChromaStore.open(folder / "chroma")) as store:
        # Upserts before deletes: a store that is read meanwhile lacks nothing that is to stay.
        for start in range(0, len(records), _BATCH):
            batch = records[start : start + _BATCH]
            store.upsert(_embedded(batch, cache, dimensions), days)
            progress.advance(len(batch))
        store.delete(target.removed, [passage for step in target.steps for passage in step.stale_passages])
    LexicalIndex.open(folder / "lexical").update(target.removed, records, days)
    progress.done()
    manifest = Manifest(
        generation=number,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        model=model,
        fingerprint=embedder.fingerprint,
        dimensions=dimensions,
        threads=target.threads,
        files=tuple(reading.entry for reading in target.readings),
        run=run,
    )
    generations.write_manifest(folder, manifest)


def _embedded(records: Sequence[Record], cache: EmbeddingCache, dimensions: int) -> list[Embedded]:
    keys = [[cache.key(text) for text in record.passage_texts()] for record in records]
    vectors: Mapping[bytes, Any] = cache.get(list({key for own in keys for key in own}))
    return [
        Embedded(
            record,
            np.stack([vectors[key] for key in own]) if own else np.empty((0, dimensions), dtype=np.float32),
        )
        for record, own in zip(records, keys, strict=True)
    ]


def _day(date: str | None) -> int:
    """Return an ISO date as yyyymmdd, 0 where there is none."""
    return int(date.replace("-", "")) if date else 0
