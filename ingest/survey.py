"""Look at every file of every source and read what is new, against what the last generation saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest import revisions, sources
from ingest.types import ParsedThread, ParseError
from retrieval.errors import RetrievalError
from retrieval.generations import FileEntry

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from ingest.progress import Progress
    from retrieval.generations import Manifest


@dataclass(frozen=True, slots=True)
class Reading:
    """One file as this run found it."""

    #: `entry.thread` is the thread the file held in the last generation, see `ingest.threads.settle`.
    entry: FileEntry
    #: What it says, where that had to be read; None for a file as before, and for a skipped one.
    parsed: ParsedThread | None


@dataclass(frozen=True, slots=True)
class Survey:
    """What a run found in all its sources, and what it keeps of the others."""

    readings: tuple[Reading, ...]
    #: (path, reason) of sources and folders that could not be looked at; their comments stay.
    missing: tuple[tuple[str, str], ...]
    #: Whether at least one named source has a file that could be read, now or in the last run.
    fruitful: bool

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Return (path, reason) for everything that could not be read."""
        files = [(r.entry.path, r.entry.skipped) for r in self.readings]
        return (*((path, reason) for path, reason in files if reason is not None), *self.missing)


@dataclass(frozen=True, slots=True)
class _Look:
    """What the named sources hold, listed but not read."""

    files: tuple[sources.FoundFile, ...]
    #: (source, path below it or "" for all of it, reason)
    closed: tuple[tuple[str, str, str], ...]

    def hides(self, entry: FileEntry) -> bool:
        """Tell whether a file was not found only because where it stood could not be looked at."""
        return any(
            entry.root == root and (not folder or entry.path.startswith(f"{folder}/"))
            for root, folder, _ in self.closed
        )


def survey(named: Sequence[Path], previous: Manifest | None, *, prune: bool, progress: Progress) -> Survey:
    """Look at the named sources; those of the last generation that are not named are kept, unless pruned."""
    look = _look(named)
    before = {sources.location(entry.root, entry.path): entry for entry in _remembered(previous)}
    progress.stage("read", sum(file.size for file in look.files))
    found: list[Reading] = []
    for file in look.files:
        found.append(_reading(file, before.pop(file.location, None)))
        progress.advance(file.size)
    progress.done()
    names = {str(root) for root in named}
    kept = [e for e in before.values() if look.hides(e) or (e.root not in names and not prune)]
    return Survey(
        readings=(*found, *(Reading(entry, None) for entry in kept)),
        missing=tuple((f"{root}/{folder}" if folder else root, why) for root, folder, why in look.closed),
        fruitful=any(reading.parsed or reading.entry.skipped is None for reading in found),
    )


def _look(named: Sequence[Path]) -> _Look:
    """List every named source; a file found under two of them belongs to the first."""
    files: dict[str, sources.FoundFile] = {}
    closed: list[tuple[str, str, str]] = []
    for root in named:
        try:
            listing = sources.list_files(root)
        except RetrievalError as error:
            closed.append((str(root), "", str(error)))
            continue
        for file in listing.files:
            files.setdefault(file.location, file)
        closed.extend((str(root), folder, reason) for folder, reason in listing.closed)
    return _Look(tuple(files.values()), tuple(closed))


def _remembered(previous: Manifest | None) -> Iterator[FileEntry]:
    """Yield the files of the last generation, to be read again if that was done in another way."""
    if previous is None:
        return
    same_way = previous.reading == revisions.reading()
    for entry in previous.files:
        yield entry if same_way else replace(entry, digest="")


def _reading(file: sources.FoundFile, before: FileEntry | None) -> Reading:
    """Read one file, unless it is as it was."""
    known = before.thread if before else None
    entry = FileEntry(file.root, file.path, file.size, file.mtime_ns, file.inode, "", known, file.problem)
    if file.problem is not None:
        return Reading(entry, None)
    if before and before.digest:
        entry = replace(entry, digest=before.digest, skipped=before.skipped)
        if _stamp(entry) == _stamp(before):
            return Reading(entry, None)
    try:
        data, digest = sources.read(file)
    except OSError as error:
        # Without a digest it is read again next time; until then its comments stay.
        return Reading(replace(entry, digest="", skipped=f"cannot be read: {error.strerror}"), None)
    if digest == entry.digest:
        return Reading(entry, None)
    # The parsers are not worth loading where nothing changed.
    from ingest.decoding import decode
    from ingest.formats import parse

    try:
        return Reading(replace(entry, digest=digest, skipped=None), parse(decode(data)))
    except ParseError as error:
        return Reading(replace(entry, digest=digest, skipped=str(error)), None)


def _stamp(entry: FileEntry) -> tuple[int, int, int]:
    return entry.size, entry.mtime_ns, entry.inode
