"""From a change to a published generation: write | seal | probe | publish | tidy up.

A generation is tried out in a child process before anybody sees it. A broken one is thrown away and
written once more from nothing, with vectors from the embedding cache and a denser graph.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from ingest.write import Change
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.cache import EmbeddingCache
    from ingest.embedding import Vectors
    from ingest.progress import Progress
    from ingest.turns import Turn
    from retrieval.generations import Manifest
    from retrieval.homes import Store
    from retrieval.probe import Probe
    from retrieval.types import Record

#: Texts whose vectors are copied at a time.
_BATCH = 1000


class Describe(Protocol):
    """How to describe a generation that has just been written."""

    def __call__(self, number: int, change: Change, problems: Sequence[str], /) -> Manifest:
        """Return its manifest; `problems` are what was wrong with a first try, if there was one."""


@dataclass(frozen=True, slots=True)
class Release:
    """One way to a published generation."""

    turn: Turn
    vectors: Vectors
    progress: Progress
    probe: Probe
    #: The manifest of what is written.
    describe: Describe
    #: The day of a thread by its id, as yyyymmdd; 0 stands for unknown.
    days: dict[str, int]

    def __call__(self, change: Change) -> Manifest:
        """Write a generation, publish it if it is sound, and remove what is not needed any more.

        :raises RetrievalError: If a second try is broken as well; nothing is published then.
        """
        manifest, problems = self._try(change, ())
        if problems:
            whole = self._from_nothing(change)
            manifest, again = self._try(replace(whole, again=True), problems)
            if again:
                raise RetrievalError(
                    f"The new generation is broken ({again[0]}), and so it was when it was written a second "
                    "time; check the disk, the published generation is untouched.",
                    f"新的一代索引已损坏（{again[0]}），重写一次后仍然如此；请检查磁盘，已发布的索引未受影响。",
                )
        self.turn.publish(manifest.generation)
        return manifest

    def _try(self, change: Change, before: Sequence[str]) -> tuple[Manifest, list[str]]:
        """Write a generation and try it out; one that is no good is removed."""
        number = self.turn.next_number()
        try:
            made = self.turn.write(number, change, self.days, self.vectors, self.progress)
            manifest = self.describe(number, made, before)
            self.progress.stage("probe", None)
            problems = self.turn.seal(manifest, self.probe)
            self.progress.done()
        except BaseException:
            self.turn.discard(number)
            raise
        if problems:
            self.turn.discard(number)
        return manifest, problems

    def _from_nothing(self, change: Change) -> Change:
        """Return the same change without a generation to start from."""
        if change.base is None:
            return change
        gone = {*change.removed, *(record.comment.id for record in (*change.moved, *change.written))}
        with closing(self.turn.home.store(change.base)) as store:
            kept = [record for record in store.all_records() if record.comment.id not in gone]
            records = [*kept, *change.moved, *change.written]
            if self.vectors.embedder is None:
                refill(self.vectors.cache, store, records)
        return from_nothing(records)


def from_nothing(records: Sequence[Record]) -> Change:
    """Return the change that writes all of these comments and starts from nothing."""
    return Change(None, records, (), (), (), passages=sum(len(record.passage_ids()) for record in records))


def refill(cache: EmbeddingCache, store: Store, records: Sequence[Record]) -> None:
    """Put vectors that are missing from the cache into it, from a store made with the same model.

    :raises RetrievalError: If the store lacks them as well.
    """
    for start in range(0, len(records), _BATCH):
        batch = records[start : start + _BATCH]
        keys = {passage: cache.key(r.passage_text(passage)) for r in batch for passage in r.passage_ids()}
        missing = cache.missing(keys.values())
        wanted = {key: passage for passage, key in keys.items() if key in missing}
        found = store.vectors(list(wanted.values())) if wanted else {}
        if len(found) < len(wanted):
            raise RetrievalError(
                "Some vectors are neither in the embedding cache nor in the index; ingest all your sources "
                "anew into another folder with --data."
            )
        cache.put({key: found[passage] for key, passage in wanted.items()})


def numbered(manifest: Manifest, number: int, change: Change) -> Manifest:
    """Return a manifest for the next generation, with what the change says of it."""
    return replace(manifest, generation=number, passages=change.passages, dead=change.dead)
