"""Write everything that is published anew and forget everything else, for space and for takedowns.

What was removed or excluded lingers in Chroma's files, in the generation to go back to and, as
vectors, in the embedding cache; after this it is nowhere. No model is loaded.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest import exclusions
from ingest.exclude import without
from ingest.progress import Silent
from ingest.threads import asking
from ingest.turns import writing
from retrieval import generations
from retrieval.errors import NoIndexError
from retrieval.generations import days
from retrieval.homes import home_of, published

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.progress import Progress
    from ingest.turns import Turn
    from ingest.write import Change
    from retrieval.generations import Manifest
    from retrieval.homes import Home
    from retrieval.probe import Probe


@dataclass(frozen=True, slots=True)
class Compaction:
    """What compacting came to."""

    generation: int
    #: Bytes of the data folder, before and after.
    before: int
    after: int
    #: Generations that stay because somebody reads them; the next ingest or compaction removes them.
    still_read: tuple[int, ...]


def compact(place: Path | Home, progress: Progress | None = None, probe: Probe | None = None) -> Compaction:
    """Publish a generation written from nothing, and drop all others and the vectors only they use.

    :raises NoIndexError: If nothing is published.
    """
    home = home_of(place)
    with writing(home) as turn:
        manifest = published(home)
        if manifest is None:
            raise NoIndexError(
                f"There is no index in {home.name}; run `threadbot ingest YOUR_FOLDER` first.",
                f"{home.name} 里没有索引；请先运行 `threadbot ingest 你的文件夹`。",
            )
        before = generations.size_of(home.data_dir)
        fresh = _rewrite(turn, manifest, progress or Silent(), probe)
        return Compaction(
            generation=fresh.generation,
            before=before,
            after=generations.size_of(home.data_dir),
            still_read=tuple(turn.sweep()),
        )


def _rewrite(turn: Turn, manifest: Manifest, progress: Progress, probe: Probe | None) -> Manifest:
    from ingest.cache import EmbeddingCache
    from ingest.embedding import Vectors, all_texts
    from ingest.release import Release, from_nothing, numbered, refill
    from retrieval.probe import in_child

    home = turn.home
    wanted = exclusions.load(home.folder)
    with EmbeddingCache(home.data_dir / "embeddings.sqlite", manifest.fingerprint) as cache:
        with closing(home.store(manifest.generation)) as store:
            everything = list(store.all_records())
            apart = [record for record in everything if wanted.hides(record.comment)]
            records = [record for record in everything if not wanted.hides(record.comment)]
            refill(cache, store, records)
        whole = replace(without(manifest, wanted, apart), previous=None)

        def describe(number: int, change: Change, problems: Sequence[str]) -> Manifest:
            del problems
            return numbered(whole, number, change)

        release = Release(turn, Vectors(cache), progress, probe or in_child, describe, days(manifest.threads))
        fresh = release(from_nothing(records))
        cache.keep_only(all_texts(records, asking(manifest.threads)))
    return fresh
