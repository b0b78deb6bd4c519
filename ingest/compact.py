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
from ingest.lock import writing
from ingest.sync import Silent, days, explained
from retrieval import generations, readers
from retrieval.errors import NoIndexError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.sync import Progress
    from ingest.write import Change
    from retrieval.generations import Manifest
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


def compact(data_dir: Path, progress: Progress | None = None, probe: Probe | None = None) -> Compaction:
    """Publish a generation written from nothing, and drop all others and the vectors only they use.

    :raises NoIndexError: If nothing is published.
    """
    with writing(data_dir), explained(data_dir):
        manifest = generations.read_manifest(data_dir)
        if manifest is None:
            raise NoIndexError(
                f"There is no index in {data_dir}; run `threadbot ingest YOUR_FOLDER` first.",
                f"{data_dir} 里没有索引；请先运行 `threadbot ingest 你的文件夹`。",
            )
        before = generations.size_of(data_dir)
        fresh = _rewrite(data_dir, manifest, progress or Silent(), probe)
        return Compaction(
            generation=fresh.generation,
            before=before,
            after=generations.size_of(data_dir),
            still_read=tuple(readers.sweep(data_dir)),
        )


def _rewrite(data_dir: Path, manifest: Manifest, progress: Progress, probe: Probe | None) -> Manifest:
    from ingest.cache import EmbeddingCache
    from ingest.release import Release, from_nothing, numbered, refill
    from retrieval.probe import in_child
    from retrieval.vectors import ChromaStore

    wanted = exclusions.load(data_dir)
    folder = generations.folder_of(data_dir, manifest.generation)
    with EmbeddingCache(data_dir / "embeddings.sqlite", manifest.fingerprint) as cache:
        with closing(ChromaStore.open(folder / "chroma")) as store:
            everything = list(store.all_records())
            apart = [record for record in everything if wanted.hides(record.comment)]
            records = [record for record in everything if not wanted.hides(record.comment)]
            refill(cache, store, records)
        whole = replace(without(manifest, wanted, apart), previous=None)

        def describe(number: int, change: Change, problems: Sequence[str]) -> Manifest:
            del problems
            return numbered(whole, number, change)

        release = Release(data_dir, cache, progress, probe or in_child, describe, days(manifest.threads))
        fresh = release(from_nothing(records))
        cache.keep_only(records)
    return fresh
