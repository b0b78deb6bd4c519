"""What goes into a harvest and what comes out of it; frozen, without I/O, and nothing to load."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from aiohttp.abc import AbstractResolver

    from ingest.survey import Reading
    from ingest.web.indexes import Index
    from retrieval.generations import FileEntry, Remote


@dataclass(frozen=True, slots=True)
class Web:
    """How addresses are fetched."""

    #: Whether http:// may be used, and machines on private networks and this one may be connected to.
    http: bool = False
    private: bool = False
    #: Bytes of one page or list, after decompression.
    largest: int = 32_000_000
    concurrency: int = 8
    #: Seconds for one try, and how many there are.
    timeout: float = 60.0
    tries: int = 4
    #: How to wait between tries, which IP addresses may be connected to, and how names become such; tests
    #: replace them.
    sleep: Callable[[float], Awaitable[None]] | None = None
    allowed: Callable[[str], bool] | None = None
    resolver: Callable[[], AbstractResolver] | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """A source that leads to addresses."""

    #: As the manifest has it: an address, or the path of a list.
    root: str
    #: What a list that is a file names; None for an address, which has to be fetched.
    listed: Index | None = None


@dataclass(frozen=True, slots=True)
class Known:
    """What the last generation has of addresses."""

    entries: Mapping[str, FileEntry]
    remotes: Mapping[str, Remote]

    def under(self, root: str) -> list[str]:
        """Return the pages with comments that a source led to."""
        entries = self.entries.values()
        return [entry.path for entry in entries if entry.root == root != entry.path and entry.thread]

    def trusted(self, address: str) -> Remote | None:
        """Return what a server may be asked about: only of a page whose comments are in the index."""
        remote = self.remotes.get(address)
        if remote is None or remote.kind is not None:
            return remote
        entry = self.entries.get(address)
        return remote if entry is not None and entry.digest else None


@dataclass(frozen=True, slots=True)
class Harvest:
    """What was found at all addresses."""

    readings: tuple[Reading, ...] = ()
    #: (source, reason) of sources that could not be looked at; what they had stays.
    closed: tuple[tuple[str, str], ...] = ()
    #: (address, reason) of what else was not read.
    troubles: tuple[tuple[str, str], ...] = ()
    #: What the servers said with what could be read, and all addresses that were asked for.
    remotes: tuple[Remote, ...] = ()
    visited: frozenset[str] = frozenset()
