"""Fill the embedding cache: the only stage that loads a model."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest.signals import Deferred

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.cache import EmbeddingCache
    from ingest.progress import Progress
    from retrieval.embedder import Embedder
    from retrieval.types import Record

#: Texts embedded and kept at a time: what a kill can cost.
_BATCH = 256


@dataclass(frozen=True, slots=True)
class Filled:
    """What filling the cache came to."""

    #: Passages that were encoded, and passages whose vectors were there already.
    embedded: int
    cached: int
    #: Seconds spent in the model.
    seconds: float


def fill(cache: EmbeddingCache, records: Sequence[Record], embedder: Embedder, progress: Progress) -> Filled:
    """Put the vectors of all passages into the cache, shortest texts first, so that batches are even."""
    texts = {cache.key(text): text for record in records for text in record.passage_texts()}
    missing = sorted(cache.missing(texts), key=lambda key: (len(texts[key]), key))
    seconds = 0.0
    with ExitStack() as stack:
        if missing:
            progress.stage("model", None)
            stack.enter_context(embedder.encoding())
            progress.done()
        progress.stage("embed", len(missing))
        for start in range(0, len(missing), _BATCH):
            keys = missing[start : start + _BATCH]
            with Deferred():
                began = time.monotonic()
                vectors = embedder.passages([texts[key] for key in keys])
                seconds += time.monotonic() - began
                cache.put(dict(zip(keys, vectors, strict=True)))
            progress.advance(len(keys))
        progress.done()
    passages = sum(len(record.passage_ids()) for record in records)
    return Filled(len(missing), passages - len(missing), round(seconds, 3))
