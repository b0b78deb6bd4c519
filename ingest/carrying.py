"""Carry out what a comparison asks for: embed and write | probe | publish, or note the files alone."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from ingest import revisions
from ingest.cache import EmbeddingCache
from ingest.embedding import Vectors, all_texts
from ingest.plan import Fate
from ingest.release import Release, from_nothing, numbered
from ingest.summary import Summary
from ingest.threads import asking
from ingest.write import Change
from retrieval.generations import Manifest, days
from retrieval.records import make_record
from retrieval.vectors import outgrows

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ingest.compare import Comparison
    from ingest.progress import Progress
    from ingest.turns import Turn
    from retrieval.embedder import Embedder
    from retrieval.probe import Probe


def note(turn: Turn, found: Comparison) -> Summary:
    """Remember the files as they are now, so that the next run need not read them again."""
    known = found.before.manifest
    if known is not None:
        noted = replace(
            known,
            files=found.target.files,
            reading=revisions.reading(),
            exclusions=found.before.excluded.digest,
            hidden=found.target.hidden,
            remotes=found.seen.remotes,
        )
        if noted != known:
            turn.note(noted)
    return found.summary()


@dataclass(frozen=True, slots=True)
class Carrying:
    """Carry out what a comparison asks for."""

    turn: Turn
    found: Comparison
    embedder: Embedder
    #: The model's name.
    model: str
    progress: Progress
    probe: Probe
    #: When the run began, by the monotonic clock.
    began: float
    #: A folder of vectors that were made elsewhere, see `ingest.shards`.
    vectors: Path | None = None

    def __call__(self) -> Summary:
        """Embed what has to be, write a new generation and publish it."""
        before, target = self.found.before, self.found.target
        change = self._change()
        asked = asking(target.threads)
        cache_path = before.home.data_dir / "embeddings.sqlite"
        with EmbeddingCache(cache_path, self.embedder.fingerprint) as cache:
            useless = self._join(cache, all_texts(change.written, asked))
            vectors = Vectors(cache, self.embedder, asked)
            summary = replace(
                self.found.summary(), published=True, useless=useless, compacted=before.mostly_dead
            )

            def describe(number: int, written: Change, problems: Sequence[str]) -> Manifest:
                passages = sum(len(record.passage_ids()) for record in written.written)
                told = replace(
                    summary,
                    generation=number,
                    rebuilt=tuple(problems),
                    embedded=vectors.encoded,
                    cached=passages - vectors.encoded,
                    seconds=round(time.monotonic() - self.began, 3),
                    encoding_seconds=round(vectors.seconds, 3),
                )
                dimensions = self._dimensions(written, cache)
                return numbered(self._manifest(told, dimensions), number, written)

            release = Release(
                turn=self.turn,
                vectors=vectors,
                progress=self.progress,
                probe=self.probe,
                describe=describe,
                days=days(target.threads),
            )
            manifest = release(change)
            if summary.compacted:
                cache.keep_only(all_texts(change.written, asked))
        return Summary.from_json(manifest.run)

    def _join(self, cache: EmbeddingCache, texts: Iterable[str]) -> tuple[tuple[str, str], ...]:
        """Put vectors that were made elsewhere into the cache; return (path, reason) of useless files."""
        if self.vectors is None:
            return ()
        from ingest.shards import joined

        found = joined(self.vectors, self.embedder.fingerprint, cache.missing(map(cache.key, texts)))
        cache.put(found.vectors)
        return found.skipped

    def _change(self) -> Change:
        """Return what the target takes, from nothing where what is published is no start."""
        before, steps = self.found.before, self.found.target.steps
        known = before.manifest
        passages = (known.passages if known else 0) + sum(step.growth for step in steps)
        outgrown = known is not None and outgrows(known.passages, passages)
        if self.found.unfit or before.mostly_dead or outgrown:
            gone = {step.id for step in steps if step.record is None}
            kept = before.records([entry.thread.id for entry in self.found.target.untouched()])
            everything = [r for own in kept.values() for r in own if r.comment.id not in gone]
            if self.found.unfit:  # what is kept beside a comment's text may be made in another way by now
                everything = [make_record(record.comment, record.ancestors) for record in everything]
            everything += [step.record for step in steps if step.record]
            return from_nothing(everything)
        stale = [passage for step in steps for passage in step.stale_passages]
        moved = (step for step in steps if step.fate == Fate.MOVED and not step.rewrites)
        return Change(
            base=known.generation if known else None,
            written=[step.record for step in steps if step.record and step.rewrites],
            moved=[step.record for step in moved if step.record],
            removed=[step.id for step in steps if step.fate == Fate.REMOVED],
            stale=stale,
            passages=passages,
            dead=(known.dead if known else 0) + len(stale),
        )

    def _dimensions(self, change: Change, cache: EmbeddingCache) -> int:
        """Return the vectors' length, without loading the model where one of them is at hand."""
        known = self.found.before.manifest
        if change.base is not None and known is not None and known.dimensions:
            return known.dimensions
        first = next(all_texts(change.written, {}), None)
        return len(cache.get([cache.key(first)])[cache.key(first)]) if first is not None else 0

    def _manifest(self, summary: Summary, dimensions: int) -> Manifest:
        before, target = self.found.before, self.found.target
        known = before.manifest if not summary.compacted else None
        return Manifest(
            generation=summary.generation or 0,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            model=self.model,
            fingerprint=self.embedder.fingerprint,
            dimensions=dimensions,
            threads=target.threads,
            files=target.files,
            run=summary.to_json(),
            reading=revisions.reading(),
            indexing=revisions.indexing(),
            previous=known.generation if known else None,
            exclusions=before.excluded.digest,
            hidden=target.hidden,
            remotes=self.found.seen.remotes,
        )
