"""From named addresses to their pages: what each source names, and what each page says.

Nothing that the index has is given up because a server fails. A source that fails keeps everything it
had, and so does a page; a page leaves when a sitemap or a list that could be read names it no longer, or
when it is answered with 410. What falls off the end of a feed is fetched further on.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field, replace
from http import HTTPStatus
from typing import TYPE_CHECKING, TypeVar

from ingest.survey import Reading, parsed
from ingest.web.client import Fetched, FetchError, Unchanged, connected
from ingest.web.indexes import BrokenIndexError, Index, Kind, read_index
from ingest.web.types import Harvest
from retrieval.generations import FileEntry, Remote

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, Sequence

    from ingest.progress import Progress
    from ingest.web.client import Client
    from ingest.web.types import Known, Source, Web

_Task = TypeVar("_Task")
_Done = TypeVar("_Done")


@dataclass(frozen=True, slots=True)
class _Holding:
    """What one source holds: pages, or nothing for a reason, or it is a page itself."""

    root: str
    pages: tuple[str, ...] = ()
    closed: str | None = None
    page: Reading | None = None


class _ClosedError(Exception):
    """A source that cannot be looked at; the message is a clause."""


def harvest(sources: Sequence[Source], known: Known, web: Web, progress: Progress) -> Harvest:
    """Fetch what the sources lead to; an unchanged page is neither sent nor parsed again."""
    return asyncio.run(_harvest(sources, known, web, progress))


async def _harvest(sources: Sequence[Source], known: Known, web: Web, progress: Progress) -> Harvest:
    async with connected(web) as client:
        run = _Run(client, known)
        progress.stage("fetch", len(sources))
        holdings = await _each(sources, run.look, web.concurrency, progress)
        itself = {holding.root: holding.page for holding in holdings if holding.page is not None}
        pages: dict[str, str] = {}
        for holding in holdings:
            for page in holding.pages:
                pages.setdefault(page, holding.root)
        wanted = [(page, root) for page, root in pages.items() if page not in itself]
        if wanted:
            progress.stage("fetch", len(wanted))
        fetched = await _each(wanted, run.page, web.concurrency, progress)
    return Harvest(
        readings=(*itself.values(), *(reading for reading in fetched if reading is not None)),
        closed=tuple((holding.root, holding.closed) for holding in holdings if holding.closed is not None),
        troubles=tuple(run.troubles),
        remotes=tuple(run.remotes.values()),
        visited=frozenset(run.visited),
    )


async def _each(
    tasks: Iterable[_Task], do: Callable[[_Task], Awaitable[_Done]], concurrency: int, progress: Progress
) -> list[_Done]:
    """Do something for each, so many at a time, and return the results in order."""
    results: dict[int, _Done] = {}
    waiting = iter(enumerate(tasks))

    async def work() -> None:
        for place, task in waiting:
            results[place] = await do(task)
            progress.advance(1)

    async with asyncio.TaskGroup() as group:
        for _ in range(concurrency):
            group.create_task(work())
    progress.done()
    return [results[place] for place in sorted(results)]


@dataclass(slots=True)
class _Run:
    client: Client
    known: Known
    troubles: list[tuple[str, str]] = field(default_factory=list)
    remotes: dict[str, Remote] = field(default_factory=dict)
    visited: set[str] = field(default_factory=set)

    async def look(self, source: Source) -> _Holding:
        """Find out what a source holds."""
        try:
            found = source.listed if source.listed is not None else await self._document(source.root)
            if isinstance(found, Index):
                return _Holding(source.root, await self._pages(source.root, found))
            if self.known.under(source.root):
                return _Holding(source.root, closed="was a feed, a sitemap or a list, and is none now")
            return _Holding(source.root, page=self.read(source.root, source.root, found))
        except (FetchError, BrokenIndexError, _ClosedError) as error:
            return _Holding(source.root, closed=str(error))

    async def page(self, wanted: tuple[str, str]) -> Reading | None:
        """Fetch and read one page of a source; where that fails it stays as it was."""
        address, root = wanted
        self.visited.add(address)
        try:
            got = await self.client.fetch(address, "page", self.known.trusted(address))
            return self.read(address, root, got)
        except FetchError as error:
            if error.status == HTTPStatus.GONE:
                self.troubles.append((address, "is gone for good (410)"))
                return None
            before = self.known.entries.get(address) or FileEntry(root, address, 0, 0, 0, "", None, None)
            # Without a digest it is fetched and read again next time, whatever the server says of it.
            return Reading(replace(before, root=root, digest="", skipped=str(error)), None)

    def read(self, address: str, root: str, got: Fetched | Unchanged) -> Reading:
        """Read a page that came, unless it is as it was.

        :raises FetchError: If it may be a part of a page only.
        """
        before = self.known.entries.get(address)
        if isinstance(got, Unchanged):
            assert before is not None  # noqa: S101 - the server was asked about this very entry
            self.remotes[address] = self.known.remotes[address]
            return Reading(replace(before, root=root), None)
        if before is not None and not got.framed and len(got.data) < before.size:
            raise FetchError("came without its length and is shorter than last time; it may be cut short")
        self.remotes[address] = Remote(address, got.final, got.etag, got.modified)
        digest = hashlib.sha256(got.data).hexdigest()
        thread = before.thread if before else None
        entry = FileEntry(root, address, len(got.data), 0, 0, digest, thread, None)
        if before is not None and before.digest == digest:
            return Reading(replace(entry, skipped=before.skipped), None)
        return parsed(entry, got.data)

    async def _document(self, address: str) -> Index | Fetched | Unchanged:
        """Fetch what was named as a source, and what it names if it names something."""
        self.visited.add(address)
        known = self.known.trusted(address)
        got = await self.client.fetch(address, "source", known)
        if isinstance(got, Unchanged):
            assert known is not None  # noqa: S101 - the server was asked whether this still holds
            if known.kind is None:
                return got
            self.remotes[address] = known
            return Index(Kind(known.kind), known.names)
        index = read_index(got.data, got.final)
        if index is None:
            return got
        if not index.wrong:
            remote = Remote(address, got.final, got.etag, got.modified, index.kind, index.names)
            self.remotes[address] = remote
        return index

    async def _pages(self, root: str, index: Index) -> tuple[str, ...]:
        """Return the pages of a source: those named, and those known where naming is not complete."""
        named, complete = index.names, index.complete
        self.troubles += index.wrong
        if index.kind == Kind.SITEMAPS:
            parts = await asyncio.gather(*(self._sitemap(address) for address in index.names))
            named = tuple(dict.fromkeys(name for part in parts if part for name in part.names))
            complete = complete and all(part is not None and part.complete for part in parts)
        known = self.known.under(root)
        if not named and (complete or not known):
            others = f": its {index.others} entries lead to other things" if index.others else ""
            raise _ClosedError(f"names no page of Markdown{others}")
        return named if complete else tuple(dict.fromkeys((*named, *known)))

    async def _sitemap(self, address: str) -> Index | None:
        """Return what one of several sitemaps names, None where that cannot be told."""
        try:
            found = await self._document(address)
            if isinstance(found, Index) and found.kind in {Kind.SITEMAP, Kind.LIST}:
                self.troubles += found.wrong
                return found
            self.troubles.append((address, "is no sitemap"))
        except (FetchError, BrokenIndexError) as error:
            self.troubles.append((address, str(error)))
        return None
