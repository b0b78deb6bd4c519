"""Bring the index in step with the files: survey | plan | embed | write | publish.

Each stage hands a frozen value to the next; only `embed` loads a model and only `write` opens a
store. Vectors are committed to the embedding cache before a generation is begun, and a generation is
seen by nobody before it is published, so a run can be killed at any moment and costs its own work at
most.
"""

from __future__ import annotations

import time
from collections import Counter
from contextlib import closing
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, Protocol

from filelock import FileLock, Timeout

from ingest import sources as outside
from ingest.plan import Fate, Step, decide, remove
from ingest.survey import survey
from ingest.threads import settle, thread_entry
from retrieval import generations
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.cache import EmbeddingCache
    from ingest.survey import Reading
    from retrieval.embedder import Embedder
    from retrieval.generations import ThreadEntry
    from retrieval.types import Record

#: Texts embedded and kept at a time: what a kill can cost.
_BATCH = 256


class Progress(Protocol):
    """Who is told how far a run is; one stage at a time."""

    def stage(self, name: str, total: int | None) -> None:
        """Begin a stage ("read", "embed", "write") of `total` units, None where unknown."""

    def advance(self, units: int) -> None:
        """Say that so many more units are done."""

    def done(self) -> None:
        """Say that the last stage is over."""


class Silent:
    """A progress that tells nobody."""

    def stage(self, name: str, total: int | None) -> None:
        """See `Progress.stage`."""

    def advance(self, units: int) -> None:
        """See `Progress.advance`."""

    def done(self) -> None:
        """See `Progress.done`."""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run did."""

    #: The published generation after the run, None where there is none.
    generation: int | None
    #: Whether this run published it.
    published: bool
    files_read: int
    #: (path, reason) of everything that could not be read.
    skipped: tuple[tuple[str, str], ...]
    new: int
    changed: int
    moved: int
    removed: int
    unchanged: int
    #: Passages encoded by this run, and passages whose vectors were there already.
    embedded: int = 0
    cached: int = 0
    seconds: float = 0.0
    encoding_seconds: float = 0.0
    #: One line per comment that does not stay as it is, and why; only of a dry run.
    plan: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        skipped = [{"path": path, "reason": reason} for path, reason in self.skipped]
        return asdict(self) | {"skipped": skipped, "plan": list(self.plan)}


def ingest(
    named: Sequence[str | Path],
    data_dir: Path,
    embedder: Embedder,
    *,
    model: str = "built-in",
    prune: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> Summary:
    """Bring the index in `data_dir` in step with the named sources.

    :raises RetrievalError: If another ingest is running, or nothing at all could be read.
    """
    with _locked(data_dir):
        run = _Run(data_dir, embedder, model, progress or Silent())
        return run(outside.roots(named), prune=prune, dry_run=dry_run)


def _locked(data_dir: Path) -> FileLock:
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(data_dir / "ingest.lock", timeout=0)
        lock.acquire()
    except Timeout:
        raise RetrievalError(f"Another ingest is writing to {data_dir}; try again when it is done.") from None
    except OSError as error:
        raise RetrievalError(
            f"{data_dir} cannot be written to ({error.strerror}); give another folder with --data."
        ) from error
    return lock


@dataclass(frozen=True, slots=True)
class Target:
    """What the index is to hold after the run, and what that takes."""

    readings: tuple[Reading, ...]
    threads: tuple[ThreadEntry, ...]
    #: For the comments of threads that were read or are gone; all others stay as they are.
    steps: tuple[Step, ...]

    @property
    def removed(self) -> list[str]:
        """Return the ids of the comments that leave."""
        return [step.id for step in self.steps if step.fate == Fate.REMOVED]

    def untouched(self) -> list[ThreadEntry]:
        """Return the threads that no step speaks of."""
        planned = {step.record.comment.thread_id for step in self.steps if step.record}
        return [entry for entry in self.threads if entry.thread.id not in planned]


class _Run:
    """One run of the pipeline; it holds what every stage needs."""

    def __init__(self, data_dir: Path, embedder: Embedder, model: str, progress: Progress) -> None:
        self._data_dir = data_dir
        self._embedder = embedder
        self._model = model
        self._progress = progress
        self._previous = generations.read_manifest(data_dir)
        self._started = time.monotonic()

    def __call__(self, roots: Sequence[Path], *, prune: bool, dry_run: bool) -> Summary:
        """Run every stage."""
        self._progress.stage("read", None)
        seen = survey(roots, self._previous, prune=prune, advance=self._progress.advance)
        self._progress.done()
        if not any(reading.parsed or reading.entry.thread for reading in seen.readings):
            raise RetrievalError(_nothing_read(roots, seen.skipped))
        target = self._plan(seen.readings)
        fates = _fates(target)
        summary = Summary(
            generation=self._previous.generation if self._previous else None,
            published=False,
            files_read=sum(reading.parsed is not None for reading in seen.readings),
            skipped=seen.skipped,
            new=fates[Fate.NEW],
            changed=fates[Fate.CHANGED],
            moved=fates[Fate.MOVED],
            removed=fates[Fate.REMOVED],
            unchanged=fates[Fate.UNCHANGED],
        )
        if dry_run:
            lines = [
                f"{step.fate} {step.id}: {step.reason}"
                for step in target.steps
                if step.fate != Fate.UNCHANGED
            ]
            return self._timed(replace(summary, plan=tuple(lines)))
        if self._differs(target):
            return self._carry_out(target, summary)
        return self._timed(summary)

    def _plan(self, readings: tuple[Reading, ...]) -> Target:
        """Decide the fate of every comment of every file that was read, and of every thread that is gone."""
        settled = settle(readings)
        old = {entry.thread.id: entry for entry in self._previous.threads} if self._previous else {}
        present = {identity: reading for reading in settled if (identity := reading.entry.thread)}
        read = {identity for identity, reading in present.items() if reading.parsed}
        gone = sorted(old.keys() - present.keys())
        before = self._stored([*gone, *sorted(read & old.keys())])
        steps: list[Step] = []
        threads: list[ThreadEntry] = []
        for identity, reading in present.items():
            if reading.parsed is None:
                threads.append(replace(old[identity], path=reading.entry.path))
                continue
            entry, comments = thread_entry(
                reading.parsed, identity, reading.entry.path, before.get(identity, [])
            )
            threads.append(entry)
            steps += decide(comments, before.get(identity, []))
        for identity in gone:
            steps += remove(before[identity])
        return Target(settled, tuple(threads), tuple(steps))

    def _differs(self, target: Target) -> bool:
        if self._previous is None or self._rebuilds:
            return True
        changed = any(step.fate != Fate.UNCHANGED for step in target.steps)
        before = {entry.thread.id: entry for entry in self._previous.threads}
        return changed or before != {entry.thread.id: entry for entry in target.threads}

    @property
    def _rebuilds(self) -> bool:
        """Tell whether the published vectors are another model's, so that all have to be made anew."""
        return self._previous is not None and self._previous.fingerprint != self._embedder.fingerprint

    def _stored(self, threads: Sequence[str]) -> dict[str, list[Record]]:
        """Return the published comments of threads; no store is opened where none are asked for."""
        if not threads or self._previous is None:
            return {}
        from retrieval.vectors import ChromaStore

        folder = generations.folder_of(self._data_dir, self._previous.generation)
        with closing(ChromaStore.open(folder / "chroma")) as store:
            return {thread: store.thread_records(thread) for thread in threads}

    def _carry_out(self, target: Target, summary: Summary) -> Summary:
        from ingest.cache import EmbeddingCache
        from ingest.write import write_generation

        records = [step.record for step in target.steps if step.record and step.fate != Fate.UNCHANGED]
        if self._rebuilds:
            kept = self._stored([entry.thread.id for entry in target.untouched()])
            unchanged = [step.record for step in target.steps if step.record and step.fate == Fate.UNCHANGED]
            records += [*unchanged, *(record for own in kept.values() for record in own)]
        with EmbeddingCache(self._data_dir / "embeddings.sqlite", self._embedder.fingerprint) as cache:
            summary = self._embed(records, cache, summary)
            number = max(generations.existing(self._data_dir), default=0) + 1
            summary = self._timed(replace(summary, generation=number, published=True))
            write_generation(
                self._data_dir,
                number,
                base=None if self._rebuilds else self._previous,
                target=target,
                records=records,
                cache=cache,
                embedder=self._embedder,
                model=self._model,
                run=summary.to_json(),
                progress=self._progress,
            )
        generations.publish(self._data_dir, number)
        keep = {number, self._previous.generation if self._previous else number}
        for old in generations.existing(self._data_dir):
            if old not in keep:
                generations.remove(self._data_dir, old)
        return self._timed(summary)

    def _embed(self, records: Sequence[Record], cache: EmbeddingCache, summary: Summary) -> Summary:
        """Fill the cache with the vectors of all passages, shortest texts first, so that batches are even."""
        texts = {cache.key(text): text for record in records for text in record.passage_texts()}
        missing = sorted(cache.missing(texts), key=lambda key: len(texts[key]))
        encoding = 0.0
        self._progress.stage("embed", len(missing))
        for start in range(0, len(missing), _BATCH):
            keys = missing[start : start + _BATCH]
            began = time.monotonic()
            vectors = self._embedder.passages([texts[key] for key in keys])
            encoding += time.monotonic() - began
            cache.put(dict(zip(keys, vectors, strict=True)))
            self._progress.advance(len(keys))
        self._progress.done()
        passages = sum(len(record.passage_ids()) for record in records)
        return replace(
            summary,
            embedded=len(missing),
            cached=passages - len(missing),
            encoding_seconds=round(encoding, 3),
        )

    def _timed(self, summary: Summary) -> Summary:
        return replace(summary, seconds=round(time.monotonic() - self._started, 3))


def _fates(target: Target) -> Counter[Fate]:
    fates = Counter(step.fate for step in target.steps)
    fates[Fate.UNCHANGED] += sum(entry.comments for entry in target.untouched())
    return fates


def _nothing_read(roots: Sequence[Path], skipped: Sequence[tuple[str, str]]) -> str:
    where = ", ".join(map(str, roots))
    if not skipped:
        return f"There is no thread file (.md, .txt) in {where}; name a folder that has some."
    path, reason = skipped[0]
    more = f" (and {len(skipped) - 1} more)" if len(skipped) > 1 else ""
    return f"Nothing could be read from {where}: {path}: {reason}{more}."
