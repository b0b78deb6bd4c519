"""Compare the files with what is published: survey | plan. Nothing is written here, and no model loaded."""

from __future__ import annotations

from collections import Counter
from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest import exclusions, revisions
from ingest.plan import Fate, Step, decide, hide, remove
from ingest.summary import Summary
from ingest.survey import survey
from ingest.threads import settle, tally, thread_entry
from retrieval import generations
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from ingest.exclusions import Exclusions
    from ingest.progress import Progress
    from ingest.survey import Reading, Survey
    from ingest.web.types import Web
    from retrieval.generations import FileEntry, Hidden, Manifest, ThreadEntry
    from retrieval.homes import Home
    from retrieval.types import Record

#: The part of what Chroma holds that may be dead before its files are written anew.
_DEAD = 1 / 5


@dataclass(frozen=True, slots=True)
class Published:
    """What answers when a run begins, and what is excluded by then."""

    home: Home
    #: None where nothing is published.
    manifest: Manifest | None
    excluded: Exclusions

    @classmethod
    def of(cls, home: Home) -> Published:
        """Read it."""
        number = home.follow()
        manifest = generations.read_manifest(home.folder, number) if number is not None else None
        return cls(home, manifest, exclusions.load(home.folder))

    @property
    def threads(self) -> dict[str, ThreadEntry]:
        """Return its threads by id."""
        return {entry.thread.id: entry for entry in self.manifest.threads} if self.manifest else {}

    @property
    def hidden(self) -> tuple[Hidden, ...]:
        """Return the excluded comments that it knows of."""
        return self.manifest.hidden if self.manifest else ()

    def records(self, threads: Sequence[str]) -> dict[str, list[Record]]:
        """Return the comments of threads; no store is opened where none are asked for."""
        if not threads or self.manifest is None:
            return {}
        with closing(self.home.store(self.manifest.generation)) as store:
            return {thread: store.thread_records(thread) for thread in threads}

    def remembered(self) -> Manifest | None:
        """Return the manifest, the files of comments that are not excluded any more to be read again."""
        if self.manifest is None:
            return None
        back = {one.thread for one in self.hidden if not self.excluded.still_hides(one)}
        files = (replace(file, digest="") if file.thread in back else file for file in self.manifest.files)
        return replace(self.manifest, files=tuple(files)) if back else self.manifest

    def freshly_excluded(self, threads: Iterable[str]) -> dict[str, list[Record]]:
        """Return, of threads that were not read, the comments that are excluded by now."""
        if self.manifest is None or self.manifest.exclusions == self.excluded.digest:
            return {}
        found = {
            name: [record for record in own if self.excluded.hides(record.comment)]
            for name, own in self.records(sorted(threads)).items()
        }
        return {name: own for name, own in found.items() if own}

    def unfit(self, fingerprint: str) -> str | None:
        """Say why its indexes are of no use as a start for a model's, None where they are."""
        if self.manifest is None:
            return None
        if self.manifest.fingerprint != fingerprint:
            return f"rebuilt: the index was made with another model ({self.manifest.model})"
        if self.manifest.indexing != revisions.indexing():
            return "rebuilt: the index was made by another version of threadbot"
        return None

    @property
    def mostly_dead(self) -> bool:
        """Tell whether its indexes hold so much dead weight that they are written anew.

        What a run removes does not count yet, so that there is something to go back to after a run
        that removed much by mistake.
        """
        known = self.manifest
        return known is not None and known.dead > _DEAD * (known.dead + known.passages)


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


@dataclass(frozen=True, slots=True)
class Comparison:
    """What was found, and what it takes to bring the index in step."""

    before: Published
    seen: Survey
    target: Target
    #: Why the published indexes are of no use as a start, None where they are.
    unfit: str | None

    @property
    def differs(self) -> bool:
        """Tell whether an answer could be another one than it was."""
        moved = any(step.fate != Fate.UNCHANGED for step in self.target.steps)
        return moved or self.before.threads != {entry.thread.id: entry for entry in self.target.threads}

    def plan(self) -> tuple[str, ...]:
        """Say what would be done and why, a line per comment that does not stay as it is."""
        changing = (step for step in self.target.steps if step.fate != Fate.UNCHANGED)
        lines = (f"{step.fate} {step.id}: {step.reason}" for step in changing)
        return (*([self.unfit] if self.unfit else []), *lines)

    def summary(self) -> Summary:
        """Return the summary of a run that has done nothing yet."""
        fates = self.target.fates()
        known = self.before.manifest
        return Summary(
            generation=known.generation if known else None,
            published=False,
            files_read=sum(reading.parsed is not None for reading in self.seen.readings),
            skipped=self.seen.skipped,
            new=fates[Fate.NEW],
            changed=fates[Fate.CHANGED],
            moved=fates[Fate.MOVED],
            removed=fates[Fate.REMOVED],
            unchanged=fates[Fate.UNCHANGED],
            excluded=len(self.target.hidden),
        )


def compare(
    home: Home,
    roots: Sequence[Path | str],
    fingerprint: str,
    *,
    prune: bool,
    progress: Progress,
    web: Web | None = None,
) -> Comparison:
    """Read what is new in the sources and decide what it takes; `fingerprint` is the model's.

    :raises RetrievalError: If nothing of what is named could be read, and nothing left.
    """
    before = Published.of(home)
    seen = survey(roots, before.remembered(), prune=prune, progress=progress, web=web)
    found = Comparison(before, seen, _target(before, settle(seen.readings)), before.unfit(fingerprint))
    if not seen.fruitful and not found.differs:
        raise RetrievalError(*_nothing_read(roots, seen.skipped))
    return found


def _target(before: Published, readings: Sequence[Reading]) -> Target:
    """Decide the fate of every comment of every file that was read, and of every thread that is gone."""
    old = before.threads
    present = {reading.entry.thread: reading for reading in readings if reading.entry.thread}
    read = {identity for identity, reading in present.items() if reading.parsed}
    gone = sorted(old.keys() - present.keys())
    stored = before.records([*gone, *sorted(read & old.keys())])
    freshly = before.freshly_excluded(old.keys() - read - set(gone))
    steps: list[Step] = []
    threads: list[ThreadEntry] = []
    hidden = [one for one in before.hidden if one.thread in present.keys() - read]
    for identity, reading in present.items():
        if reading.parsed is None:
            own = freshly.get(identity, [])
            entry = old[identity]
            if own or entry.path != reading.entry.path:
                entry = tally(entry, [record.comment for record in own], sign=-1)
                entry = replace(entry, path=reading.entry.path)
            threads.append(entry)
            steps += remove(own, "excluded")
            hidden += [exclusions.hidden(record.comment) for record in own]
            continue
        entry, planned, apart = _plan_thread(before, reading, identity, stored.get(identity, []))
        threads.append(entry)
        steps += planned
        hidden += apart
    for identity in gone:
        steps += remove(stored[identity])
    return Target(tuple(reading.entry for reading in readings), tuple(threads), tuple(steps), tuple(hidden))


def _plan_thread(
    before: Published, reading: Reading, identity: str, own: Sequence[Record]
) -> tuple[ThreadEntry, list[Step], list[Hidden]]:
    """Decide the fate of every comment of one thread that was read; excluded ones are left out."""
    assert reading.parsed is not None  # noqa: S101 - it was read
    pairs = ((comment.author, comment.reply_to) for comment in reading.parsed.comments)
    stubs = exclusions.stubs((one for one in before.hidden if one.thread == identity), pairs)
    entry, comments = thread_entry(reading.parsed, identity, reading.entry.path, [*own, *stubs])
    _, apart = exclusions.split(comments, before.excluded)
    steps = hide(decide(comments, own), {comment.id for comment in apart})
    return tally(entry, apart, sign=-1), steps, [exclusions.hidden(comment) for comment in apart]


def _nothing_read(roots: Sequence[Path | str], skipped: Sequence[tuple[str, str]]) -> tuple[str, str]:
    """Say why there is nothing to do, in English and Chinese."""
    where = ", ".join(map(str, roots))
    if not skipped:
        return (
            f"There is no thread file (.md, .txt) in {where}; name a folder that has some.",
            f"{where} 中没有帖子文件（.md、.txt）；请指定有帖子的文件夹。",
        )
    path, reason = skipped[0]
    reason = reason.rstrip(".")
    which, which_zh = ("", "") if path == where else (f"{path}: ", f"{path}：")
    others = len(skipped) - 1
    return (
        f"Nothing could be read from {where}: {which}{reason}{f' (and {others} more)' if others else ''}.",
        f"从 {where} 读不到任何内容：{which_zh}{reason}{f'（另有 {others} 个）' if others else ''}。",
    )
