"""Fill the embedding cache: the only stage that loads a model."""

from __future__ import annotations

import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from ingest.signals import Deferred

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from ingest.cache import EmbeddingCache
    from ingest.progress import Progress
    from retrieval.embedder import Embedder
    from retrieval.types import Record

#: Texts embedded and kept at a time: what a kill can cost.
_BATCH = 256


class Keep(Protocol):
    """How to keep the vectors of a batch, durably."""

    def __call__(self, vectors: Mapping[bytes, NDArray[np.float32]], /) -> None:
        """Keep them, all or none."""


@dataclass(frozen=True, slots=True)
class Filled:
    """What filling the cache came to."""

    #: Passages that were encoded, and passages whose vectors were there already.
    embedded: int
    cached: int
    #: Seconds spent in the model.
    seconds: float


def fill(cache: EmbeddingCache, records: Sequence[Record], embedder: Embedder, progress: Progress) -> Filled:
    """Put the vectors of all passages into the cache."""
    texts = {cache.key(text): text for record in records for text in record.passage_texts()}
    missing = cache.missing(texts)
    seconds = encode({key: texts[key] for key in missing}, embedder, progress, cache.put)
    passages = sum(len(record.passage_ids()) for record in records)
    return Filled(len(missing), passages - len(missing), round(seconds, 3))


def encode(texts: Mapping[bytes, str], embedder: Embedder, progress: Progress, keep: Keep) -> float:
    """Encode texts given by key, shortest first, so that batches are even; return the seconds it took.

    Each batch is kept before the next one is begun, and no signal comes between it and its being kept.
    """
    ordered = sorted(texts, key=lambda key: (len(texts[key]), key))
    seconds = 0.0
    with ExitStack() as stack:
        if ordered:
            progress.stage("model", None)
            stack.enter_context(embedder.encoding())
            progress.done()
        progress.stage("embed", len(ordered))
        for start in range(0, len(ordered), _BATCH):
            keys = ordered[start : start + _BATCH]
            with Deferred():
                began = time.monotonic()
                vectors = embedder.passages([texts[key] for key in keys])
                seconds += time.monotonic() - began
                keep(dict(zip(keys, vectors, strict=True)))
            progress.advance(len(keys))
        progress.done()
    return seconds
