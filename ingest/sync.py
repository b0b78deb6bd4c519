"""Bring the index in step with the files: survey | plan | embed | write | probe | publish.

Each stage hands a frozen value to the next; only `embed` loads a model and only `write` opens a
store. Vectors are committed to the embedding cache before a generation is begun, and a generation is
seen by nobody before it is published, so a run can be killed at any moment and costs its own work at
most.
"""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from contextlib import closing, contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from ingest import exclusions, revisions
from ingest import sources as outside
from ingest.plan import Fate, Step, decide, hide, remove
from ingest.signals import Deferred
from ingest.survey import survey
from ingest.threads import settle, tally, thread_entry
from ingest.turns import writing
from retrieval import generations
from retrieval.errors import RetrievalError
from retrieval.generations import Manifest, ThreadEntry
from retrieval.homes import home_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from ingest.cache import EmbeddingCache
    from ingest.survey import Reading
    from ingest.turns import Turn
    from ingest.write import Change
    from retrieval.embedder import Embedder
    from retrieval.generations import FileEntry, Hidden
    from retrieval.homes import Home
    from retrieval.probe import Probe
    from retrieval.types import Record

#: Texts embedded and kept at a time: what a kill can cost.
_BATCH = 256
#: The part of what Chroma holds that may be dead before its files are written anew.
_DEAD = 1 / 5


class Progress(Protocol):
    """Who is told how far a run is; one stage at a time."""

    def stage(self, name: str, total: int | None) -> None:
        """Begin a stage of `total` units, None where unknown.

        In order: "read" (bytes), and where something changed "model", "embed" (texts), "write"
        (comments), "probe". There is no "model" where every vector is known, and a second "write" and
        "probe" where the first try was broken.
        """

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
    #: Comments that are in the files and excluded.
    excluded: int = 0
    #: Whether the indexes were written anew because too much in them was dead.
    compacted: bool = False
    #: What was wrong with a first try at the new generation, which was then written a second time.
    rebuilt: tuple[str, ...] = ()
    #: What would be done and why, a line per comment that does not stay as it is; only of a dry run.
    plan: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the summary as JSON values."""
        skipped = [{"path": path, "reason": reason} for path, reason in self.skipped]
        return asdict(self) | {"skipped": skipped, "plan": list(self.plan)}


def ingest(
    named: Sequence[str | Path],
    place: Path | Home,
    embedder: Embedder,
    *,
    model: str = "built-in",
    prune: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
    probe: Probe | None = None,
) -> Summary:
    """Bring the index in a data folder, or another home, in step with the named sources.

    A dry run changes nothing and loads no model. A new generation is tried out with `probe`, by default
    in a child process.

    :raises RetrievalError: If another ingest is running, nothing of what is named could be read, or
        the data folder cannot be used; what is published then stays as it is.
    """
    home = home_of(place)
    run = _Run(home, embedder, model, progress or Silent(), probe)
    roots = outside.roots(named)
    if dry_run:
        return run.dry(roots, prune=prune)
    with writing(home) as turn, explained(home):
        return run(turn, roots, prune=prune)


@contextmanager
def explained(home: Home) -> Iterator[None]:
    """Say in one sentence what went wrong with the data folder."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        data_dir = home.data_dir
        reason = getattr(error, "strerror", None) or str(error)
        raise RetrievalError(
            f"The index in {data_dir} could not be written ({reason}); what was published is untouched, "
            "put that right and ingest again.",
            f"无法写入 {data_dir} 中的索引（{reason}）；已发布的内容不受影响，请解决后重新导入。",
        ) from error


@dataclass(frozen=True, slots=True)
class Target:
    """What the index is to hold after the run, and what that takes."""

    files: tuple[FileEntry, ...]
    threads: tuple[ThreadEntry, ...]
    #: For the comments of threads that were read or are gone; all others stay as they are.
    steps: tuple[Step, ...]
    #: Comments that are in the files and excluded.
    hidden: tuple[Hidden, ...] = ()

    def untouched(self) -> list[ThreadEntry]:
        """Return the threads that no step speaks of."""
        planned = {step.record.comment.thread_id for step in self.steps if step.record}
        return [entry for entry in self.threads if entry.thread.id not in planned]

    def fates(self) -> Counter[Fate]:
        """Count the comments by what becomes of them."""
        fates = Counter(step.fate for step in self.steps)
        fates[Fate.UNCHANGED] += sum(entry.comments for entry in self.untouched())
        return fates

    def differs(self, previous: Manifest | None) -> bool:
        """Tell whether an answer could be another one than the previous generation gives."""
        before = {entry.thread.id: entry for entry in previous.threads} if previous else {}
        moved = any(step.fate != Fate.UNCHANGED for step in self.steps)
        return moved or before != {entry.thread.id: entry for entry in self.threads}


class _Run:
    """One run of the pipeline; it holds what every stage needs."""

    def __init__(
        self, home: Home, embedder: Embedder, model: str, progress: Progress, probe: Probe | None
    ) -> None:
        self._home = home
        self._embedder = embedder
        self._model = model
        self._progress = progress
        self._probe = probe
        self._previous: Manifest | None = None
        self._excluded = exclusions.Exclusions()
        self._started = time.monotonic()

    def __call__(self, turn: Turn, roots: Sequence[Path], *, prune: bool) -> Summary:
        """Bring the index in step."""
        turn.sweep()
        target, summary = self._compare(roots, prune=prune)
        if self._rebuild or target.differs(self._previous):
            return self._carry_out(turn, target, summary)
        return self._note(turn, target, self._timed(summary))

    def dry(self, roots: Sequence[Path], *, prune: bool) -> Summary:
        """Say what a run would do."""
        target, summary = self._compare(roots, prune=prune)
        changing = (step for step in target.steps if step.fate != Fate.UNCHANGED)
        plan = [f"{step.fate} {step.id}: {step.reason}" for step in changing]
        whole = [self._rebuild] if self._rebuild else []
        return self._timed(replace(summary, plan=(*whole, *plan)))

    def _compare(self, roots: Sequence[Path], *, prune: bool) -> tuple[Target, Summary]:
        """Read what is new and plan what it takes."""
        number = self._home.follow()
        self._previous = generations.read_manifest(self._home.folder, number) if number is not None else None
        self._excluded = exclusions.load(self._home.folder)
        seen = survey(roots, self._remembered(), prune=prune, progress=self._progress)
        target = self._plan(settle(seen.readings))
        if not seen.fruitful and not target.differs(self._previous):
            raise RetrievalError(*_nothing_read(roots, seen.skipped))
        fates = target.fates()
        return target, Summary(
            generation=self._previous.generation if self._previous else None,
            published=False,
            files_read=sum(reading.parsed is not None for reading in seen.readings),
            skipped=seen.skipped,
            new=fates[Fate.NEW],
            changed=fates[Fate.CHANGED],
            moved=fates[Fate.MOVED],
            removed=fates[Fate.REMOVED],
            unchanged=fates[Fate.UNCHANGED],
            excluded=len(target.hidden),
        )

    def _remembered(self) -> Manifest | None:
        """Return the last manifest, the files of comments that are not excluded any more to be read again."""
        previous = self._previous
        if previous is None:
            return None
        back = {one.thread for one in previous.hidden if not self._excluded.still_hides(one)}
        files = (replace(entry, digest="") if entry.thread in back else entry for entry in previous.files)
        return replace(previous, files=tuple(files)) if back else previous

    def _plan(self, readings: Sequence[Reading]) -> Target:
        """Decide the fate of every comment of every file that was read, and of every thread that is gone."""
        old = {entry.thread.id: entry for entry in self._previous.threads} if self._previous else {}
        present = {reading.entry.thread: reading for reading in readings if reading.entry.thread}
        read = {identity for identity, reading in present.items() if reading.parsed}
        gone = sorted(old.keys() - present.keys())
        before = self._stored([*gone, *sorted(read & old.keys())])
        freshly = self._freshly_excluded(old.keys() - read - set(gone))
        steps: list[Step] = []
        threads: list[ThreadEntry] = []
        hidden = [one for one in self._hidden if one.thread in present.keys() - read]
        for identity, reading in present.items():
            if reading.parsed is None:
                own = freshly.get(identity, [])
                entry = tally(old[identity], [record.comment for record in own], sign=-1)
                threads.append(replace(entry, path=reading.entry.path))
                steps += remove(own, "excluded")
                hidden += [exclusions.hidden(record.comment) for record in own]
                continue
            entry, planned, apart = self._plan_thread(reading, identity, before.get(identity, []))
            threads.append(entry)
            steps += planned
            hidden += apart
        for identity in gone:
            steps += remove(before[identity])
        files = tuple(reading.entry for reading in readings)
        return Target(files, tuple(threads), tuple(steps), tuple(hidden))

    def _plan_thread(
        self, reading: Reading, identity: str, own: Sequence[Record]
    ) -> tuple[ThreadEntry, list[Step], list[Hidden]]:
        """Decide the fate of every comment of one thread that was read; excluded ones are left out."""
        assert reading.parsed is not None  # noqa: S101 - it was read
        pairs = ((comment.author, comment.reply_to) for comment in reading.parsed.comments)
        stubs = exclusions.stubs((one for one in self._hidden if one.thread == identity), pairs)
        entry, comments = thread_entry(reading.parsed, identity, reading.entry.path, [*own, *stubs])
        _, apart = exclusions.split(comments, self._excluded)
        steps = hide(decide(comments, own), {comment.id for comment in apart})
        return tally(entry, apart, sign=-1), steps, [exclusions.hidden(comment) for comment in apart]

    @property
    def _hidden(self) -> tuple[Hidden, ...]:
        return self._previous.hidden if self._previous else ()

    def _freshly_excluded(self, threads: Iterable[str]) -> dict[str, list[Record]]:
        """Return, of threads that were not read, the published comments that are excluded by now."""
        if self._previous is None or self._previous.exclusions == self._excluded.digest:
            return {}
        found = ((name, own) for name, own in self._stored(sorted(threads)).items())
        kept = {
            name: [record for record in own if self._excluded.hides(record.comment)] for name, own in found
        }
        return {name: own for name, own in kept.items() if own}

    @property
    def _rebuild(self) -> str | None:
        """Say why the published indexes are of no use as a start, None where they are."""
        if self._previous is None:
            return None
        if self._previous.fingerprint != self._embedder.fingerprint:
            return f"rebuilt: the index was made with another model ({self._previous.model})"
        if self._previous.indexing != revisions.indexing():
            return "rebuilt: the index was made by another version of threadbot"
        return None

    def _stored(self, threads: Sequence[str]) -> dict[str, list[Record]]:
        """Return the published comments of threads; no store is opened where none are asked for."""
        if not threads or self._previous is None:
            return {}
        with closing(self._home.store(self._previous.generation)) as store:
            return {thread: store.thread_records(thread) for thread in threads}

    def _carry_out(self, turn: Turn, target: Target, summary: Summary) -> Summary:
        """Embed what has to be, write a new generation and publish it."""
        from ingest.cache import EmbeddingCache
        from ingest.release import Release, numbered
        from retrieval.probe import in_child

        change = self._change(target)
        summary = replace(summary, published=True, compacted=self._mostly_dead)
        with EmbeddingCache(self._home.data_dir / "embeddings.sqlite", self._embedder.fingerprint) as cache:
            summary = self._embed(change.written, cache, summary)

            def describe(number: int, written: Change, problems: Sequence[str]) -> Manifest:
                told = self._timed(replace(summary, generation=number, rebuilt=tuple(problems)))
                dimensions = self._dimensions(written, cache)
                return numbered(self._manifest(target, told, dimensions), number, written)

            release = Release(
                turn=turn,
                cache=cache,
                progress=self._progress,
                probe=self._probe or in_child,
                describe=describe,
                days=days(target.threads),
                embed=lambda records: self._embed(records, cache, summary),
            )
            manifest = release(change)
            if summary.compacted:
                cache.keep_only(change.written)
        told = manifest.run
        return self._timed(
            replace(summary, generation=manifest.generation, rebuilt=tuple(told.get("rebuilt", ())))
        )

    def _change(self, target: Target) -> Change:
        from ingest.release import from_nothing
        from ingest.write import Change

        if self._rebuild or self._mostly_dead:
            gone = {step.id for step in target.steps if step.record is None}
            kept = self._stored([entry.thread.id for entry in target.untouched()])
            everything = [r for own in kept.values() for r in own if r.comment.id not in gone]
            everything += [step.record for step in target.steps if step.record]
            return from_nothing(everything)
        previous = self._previous
        stale = [passage for step in target.steps for passage in step.stale_passages]
        return Change(
            base=previous.generation if previous else None,
            written=[step.record for step in target.steps if step.record and step.rewrites],
            moved=[
                step.record
                for step in target.steps
                if step.record and step.fate == Fate.MOVED and not step.rewrites
            ],
            removed=[step.id for step in target.steps if step.fate == Fate.REMOVED],
            stale=stale,
            passages=(previous.passages if previous else 0) + sum(step.growth for step in target.steps),
            dead=(previous.dead if previous else 0) + len(stale),
        )

    @property
    def _mostly_dead(self) -> bool:
        """Tell whether the published indexes hold so much dead weight that they are written anew.

        What this run removes does not count yet, so that there is something to go back to after a run
        that removed much by mistake.
        """
        previous = self._previous
        return previous is not None and previous.dead > _DEAD * (previous.dead + previous.passages)

    def _embed(self, records: Sequence[Record], cache: EmbeddingCache, summary: Summary) -> Summary:
        """Fill the cache with the vectors of all passages, shortest texts first, so that batches are even."""
        texts = {cache.key(text): text for record in records for text in record.passage_texts()}
        missing = sorted(cache.missing(texts), key=lambda key: (len(texts[key]), key))
        encoding = 0.0
        if missing:
            self._progress.stage("model", None)
            self._embedder.load()
            self._progress.done()
        self._progress.stage("embed", len(missing))
        for start in range(0, len(missing), _BATCH):
            keys = missing[start : start + _BATCH]
            with Deferred():
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

    def _dimensions(self, change: Change, cache: EmbeddingCache) -> int:
        """Return the vectors' length, without loading the model where one of them is at hand."""
        if change.base is not None and self._previous is not None and self._previous.dimensions:
            return self._previous.dimensions
        texts = (text for record in change.written for text in record.passage_texts())
        first = next(texts, None)
        return len(cache.get([cache.key(first)])[cache.key(first)]) if first is not None else 0

    def _note(self, turn: Turn, target: Target, summary: Summary) -> Summary:
        """Remember the files as they are now, so that the next run need not read them again."""
        previous = self._previous
        if previous is None:
            return summary
        noted = replace(
            previous,
            files=target.files,
            reading=revisions.reading(),
            exclusions=self._excluded.digest,
            hidden=target.hidden,
        )
        if noted == previous:
            return summary
        turn.note(noted)
        return summary

    def _manifest(self, target: Target, summary: Summary, dimensions: int) -> Manifest:
        before = self._previous.generation if self._previous and not summary.compacted else None
        return Manifest(
            generation=summary.generation or 0,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            model=self._model,
            fingerprint=self._embedder.fingerprint,
            dimensions=dimensions,
            threads=target.threads,
            files=target.files,
            run=summary.to_json(),
            reading=revisions.reading(),
            indexing=revisions.indexing(),
            previous=before,
            exclusions=self._excluded.digest,
            hidden=target.hidden,
        )

    def _timed(self, summary: Summary) -> Summary:
        return replace(summary, seconds=round(time.monotonic() - self._started, 3))


def days(threads: Iterable[ThreadEntry]) -> dict[str, int]:
    """Return the day of every thread by its id."""
    return {entry.thread.id: _day(entry.thread.date) for entry in threads}


def _day(date: str | None) -> int:
    """Return an ISO date as yyyymmdd, 0 where there is none."""
    return int(date.replace("-", "")) if date else 0


def _nothing_read(roots: Sequence[Path], skipped: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Say why there is nothing to do, in English and Chinese."""
    where = ", ".join(map(str, roots))
    if not skipped:
        return (
            f"There is no thread file (.md, .txt) in {where}; name a folder that has some.",
            f"{where} 中没有帖子文件（.md、.txt）；请指定有帖子的文件夹。",
        )
    path, reason = skipped[0]
    reason = reason.rstrip(".")
    others = len(skipped) - 1
    return (
        f"Nothing could be read from {where}: {path}: {reason}{f' (and {others} more)' if others else ''}.",
        f"从 {where} 读不到任何内容：{path}：{reason}{f'（另有 {others} 个）' if others else ''}。",
    )
