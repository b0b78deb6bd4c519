"""Comments with the vectors of their passages, from the embedding cache; the only stage that loads a model.

What the cache lacks is encoded and kept there, durably, batch by batch. Comments are handed on as soon as
they lack nothing, so that they can be written while others are still encoded.
"""

from __future__ import annotations

import time
from collections import deque
from contextlib import ExitStack, closing
from itertools import chain
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple, Protocol

import numpy as np

from ingest.signals import Deferred
from retrieval.vectors import Embedded

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from ingest.cache import EmbeddingCache
    from ingest.progress import Progress
    from retrieval.embedder import Embedder
    from retrieval.types import Record

    #: A comment with the keys of its passages' texts.
    Keyed = tuple[Record, tuple[bytes, ...]]

#: Texts are embedded and kept as many at a time as take so many seconds, which is what a kill can cost and
#: an interruption wait for; so many at first and at least, for processes to share, and so many at most.
_SECONDS = 2.0
_FEWEST, _BATCH = 128, 4096
#: Comments handed on at a time: so many, or a part of those before, as Chroma writes its graph's files
#: anew with every batch.
_COMMENTS = 1000
_PART = 1 / 10


class Keep(Protocol):
    """How to keep the vectors of a batch, durably."""

    def __call__(self, vectors: Mapping[bytes, NDArray[np.float32]], /) -> None:
        """Keep them, all or none."""


class Encoded(NamedTuple):
    """A batch that was encoded and kept."""

    #: How many texts it had.
    size: int
    #: What encoding took.
    seconds: float
    #: How many the next one has; 0 after the last one.
    coming: int


class Vectors:
    """Where comments get their vectors: from a cache, and what that lacks from a model, if there is one."""

    def __init__(
        self,
        cache: EmbeddingCache,
        embedder: Embedder | None = None,
        asking: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> None:
        self.cache = cache
        self.embedder = embedder
        #: The texts that say what a thread asks, by its id.
        self._asking = asking
        #: Passages that were encoded so far, and the seconds spent in the model.
        self.encoded = 0
        self.seconds = 0.0

    def of(self, records: Sequence[Record], progress: Progress) -> Generator[list[Embedded]]:
        """Yield comments with their vectors, some at a time, those first that need the model.

        The last stage is "write", which whoever writes them ends.
        """
        keyed = [(record, tuple(map(self.cache.key, record.passage_texts()))) for record in records]
        done = 0
        ready: list[Keyed] = []
        if self.embedder is None:
            ready = keyed
        else:
            passages = self._missing(keyed)
            # What the threads ask comes first: comments are complete with their last passage then.
            missing = shortest_first(self._missing_of_threads(keyed)) | shortest_first(passages)
            waiting, complete = by_last(keyed, list(missing))
            encoded = 0
            with closing(encode(missing, self.embedder, progress, self.cache.put)) as encoding:
                for batch in encoding:
                    encoded += batch.size
                    self.seconds += batch.seconds
                    while waiting and waiting[0][0] < encoded:
                        ready.append(waiting.popleft()[1])
                    # What is ready before the last texts are encoded need not be written after them.
                    is_last = 0 < batch.coming == len(missing) - encoded
                    if len(ready) >= (1 if is_last else _enough(done)):
                        yield self._embedded(ready)
                        done, ready = done + len(ready), []
            self.encoded += len(passages)
            ready += complete
        progress.stage("write", len(keyed))
        progress.advance(done)
        while ready:
            some, ready = ready[: _enough(done)], ready[_enough(done) :]
            yield self._embedded(some)
            progress.advance(len(some))
            done += len(some)

    def _missing(self, keyed: Sequence[Keyed]) -> dict[bytes, str]:
        """Return the texts that are not in the cache, by key."""
        missing = self.cache.missing(key for _, keys in keyed for key in keys)
        return {
            key: text
            for record, keys in keyed
            if not missing.isdisjoint(keys)
            for key, text in zip(keys, record.passage_texts(), strict=True)
            if key in missing
        }

    def _missing_of_threads(self, keyed: Sequence[Keyed]) -> dict[bytes, str]:
        """Return the texts of the comments' threads that are not in the cache, by key."""
        texts = {self.cache.key(text): text for name in _unlike(keyed) for text in self._asking.get(name, ())}
        missing = self.cache.missing(texts)
        return {key: text for key, text in texts.items() if key in missing}

    def _embedded(self, keyed: Sequence[Keyed]) -> list[Embedded]:
        """Return comments with their vectors, all of which are in the cache."""
        vectors = self.cache.get(list({key for _, own in keyed for key in own}))
        threads = {name: tuple(map(self.cache.key, self._asking.get(name, ()))) for name in _unlike(keyed)}
        asked = self.cache.get(list({key for own in threads.values() for key in own}))
        return [
            Embedded(
                record,
                _stacked(vectors[key] for key in own),
                _stacked(asked[key] for key in threads.get(record.comment.thread_id, ()) if key in asked),
            )
            for record, own in keyed
        ]


def all_texts(records: Iterable[Record], asking: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Yield all that is embedded: comments' passages, and what threads ask, given by their ids."""
    for record in records:
        yield from record.passage_texts()
    yield from chain.from_iterable(asking.values())


def _unlike(keyed: Sequence[Keyed]) -> set[str]:
    """Return the threads of comments of which it is not known how like what these ask they are."""
    return {record.comment.thread_id for record, own in keyed if own and record.common is None}


def _stacked(rows: Iterable[NDArray[np.float32]]) -> NDArray[np.float32]:
    found = list(rows)
    return np.stack(found) if found else np.empty((0, 0), dtype=np.float32)


def _enough(done: int) -> int:
    """Return how many comments to hand on after so many."""
    return max(_COMMENTS, int(done * _PART))


def shortest_first(texts: Mapping[bytes, str]) -> dict[bytes, str]:
    """Return texts in the order to encode them in, so that batches are even."""
    return dict(sorted(texts.items(), key=lambda pair: (len(pair[1]), pair[0])))


def by_last(keyed: Sequence[Keyed], missing: Sequence[bytes]) -> tuple[deque[tuple[int, Keyed]], list[Keyed]]:
    """Return comments by the place that the last of their texts has in `missing`, and those with none."""
    places = {key: place for place, key in enumerate(missing)}
    last = [(max((places[key] for key in one[1] if key in places), default=-1), one) for one in keyed]
    waiting = sorted((pair for pair in last if pair[0] >= 0), key=lambda pair: pair[0])
    return deque(waiting), [one for place, one in last if place < 0]


def next_size(count: int, seconds: float) -> int:
    """Return how many texts to encode at a time, given how long the last ones took."""
    return min(_BATCH, max(_FEWEST, int(count * _SECONDS / max(seconds, 1e-6))))


def encode(
    texts: Mapping[bytes, str], embedder: Embedder, progress: Progress, keep: Keep
) -> Generator[Encoded]:
    """Encode texts given by key, in their order; say so after each batch.

    Each batch is kept before the next one is begun, and no signal comes between it and its being kept.
    """
    keys = list(texts)
    with ExitStack() as stack:
        if keys:
            progress.stage("model", None)
            stack.enter_context(embedder.encoding())
            progress.done()
        progress.stage("embed", len(keys))
        size = place = min(_FEWEST, _BATCH)
        batch = keys[:place]
        while batch:
            coming = keys[place : place + size]
            with Deferred():
                began = time.monotonic()
                vectors = embedder.passages([texts[key] for key in batch], [texts[key] for key in coming])
                seconds = time.monotonic() - began
                keep(dict(zip(batch, vectors, strict=True)))
            progress.advance(len(batch))
            yield Encoded(len(batch), seconds, len(coming))
            size, place, batch = next_size(len(batch), seconds), place + len(coming), coming
        progress.done()
