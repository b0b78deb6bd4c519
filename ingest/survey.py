"""Look at every file of every source and read what is new, against what the last generation saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest import sources
from ingest.decoding import decode
from ingest.formats import parse
from ingest.types import ParsedThread, ParseError
from retrieval.errors import RetrievalError
from retrieval.generations import FileEntry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from retrieval.generations import Manifest


@dataclass(frozen=True, slots=True)
class Reading:
    """One file as this run found it."""

    entry: FileEntry
    #: What it says, where that had to be read; None for a file as before, and for a skipped one.
    parsed: ParsedThread | None


@dataclass(frozen=True, slots=True)
class Survey:
    """What a run found in all its sources, and what it keeps of the others."""

    readings: tuple[Reading, ...]
    #: Sources that could not be looked at, with the reason; their comments stay.
    missing: tuple[tuple[str, str], ...]

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Return (path, reason) for everything that could not be read."""
        files = [(r.entry.path, r.entry.skipped) for r in self.readings]
        return (*((path, reason) for path, reason in files if reason is not None), *self.missing)


def survey(
    named: Sequence[Path], previous: Manifest | None, *, prune: bool, advance: Callable[[int], None]
) -> Survey:
    """Look at the named sources; those of the last generation that are not named are kept, unless pruned.

    `advance` is told the size of every file once it is done with.
    """
    before = {(entry.root, entry.path): entry for entry in previous.files} if previous else {}
    readings: list[Reading] = []
    missing: list[tuple[str, str]] = []
    for root in named:
        try:
            found = sources.files_of(root)
        except RetrievalError as error:
            missing.append((str(root), str(error)))
            readings.extend(_kept(entry for entry in before.values() if entry.root == str(root)))
            continue
        for file in found:
            readings.append(_reading(file, before.get((str(file.root), file.path))))
            advance(file.size)
    if not prune:
        names = {str(root) for root in named}
        readings.extend(_kept(entry for entry in before.values() if entry.root not in names))
    return Survey(tuple(readings), tuple(missing))


def _kept(entries: Iterable[FileEntry]) -> list[Reading]:
    return [Reading(entry, None) for entry in entries]


def _reading(file: sources.FoundFile, before: FileEntry | None) -> Reading:
    """Read one file, unless it is as it was."""
    entry = FileEntry(str(file.root), file.path, file.size, file.mtime_ns, file.inode, "", None, None)
    if before and (before.size, before.mtime_ns, before.inode) == (entry.size, entry.mtime_ns, entry.inode):
        return Reading(before, None)
    known = before.thread if before else None
    try:
        data, digest = sources.read(file)
        if before and digest == before.digest:
            return Reading(replace(entry, digest=digest, thread=known, skipped=before.skipped), None)
        return Reading(replace(entry, digest=digest), parse(decode(data)))
    except ParseError as error:
        return Reading(replace(entry, digest=digest, thread=known, skipped=str(error)), None)
    except OSError as error:
        # Without a digest it is read again next time; until then its comments stay.
        return Reading(
            replace(entry, mtime_ns=0, thread=known, skipped=f"cannot be read: {error.strerror}"), None
        )
