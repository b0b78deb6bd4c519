"""The parts a command is put together from, each imported only when it is built; tests replace them."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol

from bot.home import home

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from pathlib import Path

    from bot.settings import Settings
    from ingest.progress import Progress
    from ingest.shards import Embedding, Shard
    from ingest.summary import Summary
    from ingest.web.types import Web
    from retrieval.archive import Archive
    from retrieval.embedder import Backend, Embedder
    from retrieval.rerank import Reranker


class OpenArchive(Protocol):
    """How to open the archive that the settings name."""

    def __call__(self, settings: Settings) -> Archive:
        """Return it; its model is not loaded yet."""


class Ingest(Protocol):
    """How to bring the index that the settings name in step with sources."""

    def __call__(
        self,
        sources: Sequence[str | Path],
        settings: Settings,
        *,
        prune: bool = False,
        dry_run: bool = False,
        progress: Progress | None = None,
        vectors: Path | None = None,
    ) -> Summary:
        """Return what was done."""


class Embed(Protocol):
    """How to encode a shard of the texts of sources."""

    def __call__(
        self,
        sources: Sequence[str | Path],
        settings: Settings,
        *,
        out: Path,
        shard: Shard,
        progress: Progress | None = None,
    ) -> Embedding:
        """Return what was done."""


@lru_cache(maxsize=1)
def _embedder(model: str, device: str | None, backend: Backend, devices: tuple[str, ...]) -> Embedder:
    """Return the process's one embedder, so that a demo loads its model once."""
    from retrieval.embedder import embedder_for

    return embedder_for(model, device, backend, devices)


def _configured(settings: Settings) -> Embedder:
    devices = tuple(filter(None, map(str.strip, settings.encoding_devices.split(","))))
    return _embedder(settings.model, settings.device, settings.backend, devices)


def open_archive(settings: Settings) -> Archive:
    """See `OpenArchive`."""
    from retrieval.archive import Archive

    embedder = _configured(settings)
    return Archive(
        home(settings),
        embedder,
        excerpt_length=settings.excerpt_length,
        reranker=_reranker(settings.reranker, settings.device),
    )


def _reranker(name: str, device: str | None) -> Reranker | None:
    if not name:
        return None
    from retrieval.rerank import CrossEncoderReranker

    return CrossEncoderReranker(name, device)


def ingest(
    sources: Sequence[str | Path],
    settings: Settings,
    *,
    prune: bool = False,
    dry_run: bool = False,
    progress: Progress | None = None,
    vectors: Path | None = None,
) -> Summary:
    """See `Ingest`."""
    from ingest import sync

    summary = sync.ingest(
        sources,
        home(settings),
        _configured(settings),
        model=settings.model,
        prune=prune,
        dry_run=dry_run,
        progress=progress,
        web=_web(settings),
        vectors=vectors,
    )
    if summary.compacted:
        from bot import housekeeping

        housekeeping.drop_pages(home(settings))
    return summary


def embed(
    sources: Sequence[str | Path],
    settings: Settings,
    *,
    out: Path,
    shard: Shard,
    progress: Progress | None = None,
) -> Embedding:
    """See `Embed`."""
    from ingest import shards

    web = _web(settings)
    return shards.embed(sources, out, shard, _configured(settings), progress=progress, web=web)


def _web(settings: Settings) -> Web:
    from ingest.web.types import Web

    return Web(
        http=settings.fetch_http,
        private=settings.fetch_private,
        largest=settings.fetch_size * 1_000_000,
        concurrency=settings.fetch_concurrency,
        timeout=settings.fetch_timeout,
        tries=settings.fetch_tries,
    )


def fingerprint(settings: Settings) -> str:
    """Return what tells the configured model's vectors from others; loads no model."""
    return _configured(settings).fingerprint


def now() -> datetime:
    """Return the time."""
    return datetime.now(UTC)


def changes(roots: Sequence[Path]) -> Iterator[Collection[str]]:
    """See `ingest.watch.changes`."""
    from ingest import watch

    return watch.changes(roots)


def ingest_apart(arguments: Sequence[str], hear: Callable[[str], None]) -> Summary:
    """See `bot.apart.ingest_apart`."""
    from bot import apart

    return apart.ingest_apart(arguments, hear)


@dataclass(frozen=True, slots=True)
class Parts:
    """The real ones, unless told otherwise."""

    open_archive: OpenArchive = open_archive
    ingest: Ingest = ingest
    embed: Embed = embed
    fingerprint: Callable[[Settings], str] = fingerprint
    #: For what is done again and again: a run in a process of its own, the time, how to wait, and how to
    #: hear of changed files.
    ingest_apart: Callable[[Sequence[str], Callable[[str], None]], Summary] = ingest_apart
    clock: Callable[[], datetime] = now
    wait: Callable[[float], None] = time.sleep
    changes: Callable[[Sequence[Path]], Iterator[Collection[str]]] = changes
