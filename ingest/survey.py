"""Look at every file of every source and read what is new, against what the last generation saw."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import revisions, sources
from ingest.types import ParsedThread, ParseError
from ingest.web.addresses import is_address
from ingest.web.types import Harvest, Known, Source, Web
from retrieval.errors import RetrievalError
from retrieval.generations import FileEntry

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from ingest.progress import Progress
    from retrieval.generations import Manifest, Remote


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
    #: Whether nothing has to be tried again that stays as it is.
    settled: bool
    #: What is known of the addresses among the readings.
    remotes: tuple[Remote, ...] = ()

    @property
    def skipped(self) -> tuple[tuple[str, str], ...]:
        """Return (path, reason) for everything that could not be read, whole sources first."""
        files = [(r.entry.path, r.entry.skipped) for r in self.readings]
        return (*self.missing, *((path, reason) for path, reason in files if reason is not None))


@dataclass(frozen=True, slots=True)
class Look:
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


def survey(
    named: Sequence[Path | str],
    previous: Manifest | None,
    *,
    prune: bool,
    progress: Progress,
    web: Web | None = None,
) -> Survey:
    """Look at the named sources; those of the last generation that are not named are kept, unless pruned.

    Paths are files and folders, and strings are addresses, see `ingest.sources.roots`.
    """
    before = {sources.location(entry.root, entry.path): entry for entry in _remembered(previous)}
    leading = _leading(named, before.values())
    look = look_at([root for root in named if isinstance(root, Path) and str(root) not in leading])
    progress.stage("read", sum(file.size for file in look.files))
    found: list[Reading] = []
    for file in look.files:
        found.append(_reading(file, before.pop(file.location, None)))
        progress.advance(file.size)
    progress.done()
    crop = _harvest(list(leading.values()), before, previous, web, progress)
    for reading in crop.readings:
        found.append(reading)
        before.pop(reading.entry.path, None)
    look = replace(look, closed=(*look.closed, *((root, "", why) for root, why in crop.closed)))
    fruitful = any(reading.parsed or reading.entry.skipped is None for reading in found)
    names = {str(root) for root in named}
    kept = [e for e in before.values() if look.hides(e) or (e.root not in names and not prune)]
    return Survey(
        readings=(*found, *(Reading(entry, None) for entry in kept)),
        missing=(
            *((f"{root}/{folder}" if folder else root, why) for root, folder, why in look.closed),
            *crop.troubles,
        ),
        fruitful=fruitful,
        settled=not look.closed
        and fruitful
        and all(reading.entry.digest for reading in found if reading.entry.size),
        remotes=(*crop.remotes, *_kept_remotes(kept, previous, crop.visited)),
    )


def _leading(named: Sequence[Path | str], before: Iterable[FileEntry]) -> dict[str, Source]:
    """Return the sources that lead to addresses: those that are some, and files that list some.

    A list that names nothing any more is one still, so that what it led to is not given up.
    """
    lists = {entry.root for entry in before if is_address(entry.path)}
    found: dict[str, Source] = {}
    for root in named:
        if isinstance(root, str):
            found[root] = Source(root)
        elif (index := sources.listed(root)) is not None:
            found[str(root)] = Source(str(root), index)
        elif str(root) in lists and root.is_file():
            from ingest.web.indexes import NOTHING

            found[str(root)] = Source(str(root), NOTHING)
    return found


def _harvest(
    leading: Sequence[Source],
    before: Mapping[str, FileEntry],
    previous: Manifest | None,
    web: Web | None,
    progress: Progress,
) -> Harvest:
    """Fetch what sources lead to; nothing of the network is loaded where there are none."""
    if not leading:
        return Harvest()
    from ingest.web.harvest import harvest

    pages = {entry.path: entry for entry in before.values() if is_address(entry.path)}
    same_way = previous is not None and previous.reading == revisions.reading()
    remotes = {remote.address: remote for remote in previous.remotes} if previous and same_way else {}
    return harvest(leading, Known(pages, remotes), web or Web(), progress)


def _kept_remotes(
    kept: Sequence[FileEntry], previous: Manifest | None, visited: Collection[str]
) -> Iterator[Remote]:
    """Yield what is known of addresses that stay and were not asked for."""
    if previous is not None and previous.remotes:
        names = {name for entry in kept for name in (entry.root, entry.path)} - set(visited)
        yield from (remote for remote in previous.remotes if remote.address in names)


def look_at(named: Sequence[Path]) -> Look:
    """List every named source; a file found under two of them belongs to the first."""
    files: dict[str, sources.FoundFile] = {}
    closed: list[tuple[str, str, str]] = []
    for root in named:
        try:
            listing = sources.list_files(root)
        except RetrievalError as error:
            closed.append((str(root), "", str(error).removeprefix(f"{root} ")))
            continue
        for file in listing.files:
            files.setdefault(file.location, file)
        closed.extend((str(root), folder, reason) for folder, reason in listing.closed)
    return Look(tuple(files.values()), tuple(closed))


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
    return parsed(replace(entry, digest=digest, skipped=None), data)


def parsed(entry: FileEntry, data: bytes) -> Reading:
    """Return what the bytes of a file or page say, or why they say nothing."""
    # The parsers are not worth loading where nothing changed.
    from ingest.decoding import decode
    from ingest.formats import parse

    try:
        return Reading(entry, parse(decode(data)))
    except ParseError as error:
        return Reading(replace(entry, skipped=str(error)), None)


def _stamp(entry: FileEntry) -> tuple[int, int, int]:
    return entry.size, entry.mtime_ns, entry.inode
