"""Leave comments out of every answer, and take that back; no model is loaded."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from ingest import exclusions
from ingest.plan import remove
from ingest.progress import Silent
from ingest.threads import tally
from ingest.turns import writing
from retrieval.errors import UsageError
from retrieval.generations import days
from retrieval.homes import home_of, published

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ingest.exclusions import Exclusions
    from ingest.turns import Turn
    from ingest.write import Change
    from retrieval.generations import Manifest
    from retrieval.homes import Home
    from retrieval.probe import Probe
    from retrieval.types import Record


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """What excluding came to."""

    exclusions: Exclusions
    #: Ids of the comments that were in answers until now.
    withdrawn: tuple[str, ...] = ()
    #: The published generation, None where there is none.
    generation: int | None = None


def exclude(
    place: Path | Home, ids: Sequence[str], authors: Sequence[str], probe: Probe | None = None
) -> Withdrawal:
    """Leave comments out from now on, and publish a generation without those that are there.

    :raises UsageError: If an id names no comment.
    """
    home = home_of(place)
    with writing(home) as turn:
        manifest = published(home)
        before = exclusions.load(home.folder)
        wanted = before.adding(ids, authors)
        found = stored(home, manifest, wanted) if manifest else []
        known = {record.comment.id for record in found} | {*before.ids}
        known |= {one.id for one in manifest.hidden} if manifest else set()
        if strange := [name for name in ids if name not in known]:
            raise UsageError(
                f"No comment has the id “{strange[0]}”; `threadbot ask --json` gives the id of each.",
                f"没有编号为“{strange[0]}”的评论；用 `threadbot ask --json` 可以看到所引评论的编号。",
            )
        exclusions.save(home.folder, wanted)
        if manifest is None:
            return Withdrawal(wanted)
        if found:
            manifest = withdraw(turn, manifest, wanted, found, probe)
        else:
            turn.share_exclusions()
        return Withdrawal(wanted, tuple(record.comment.id for record in found), manifest.generation)


def undo(place: Path | Home, ids: Sequence[str], authors: Sequence[str]) -> Withdrawal:
    """Take exclusions back; the next ingest brings the comments back.

    :raises UsageError: If something was not excluded.
    """
    home = home_of(place)
    with writing(home) as turn:
        number = home.follow()
        before = exclusions.load(home.folder)
        for name in (*ids, *authors):
            if before.without([name], [name]) == before:
                raise UsageError(
                    f"“{name}” is not excluded; `threadbot exclude --list` says what is.",
                    f"“{name}”没有被排除；用 `threadbot exclude --list` 查看已排除的内容。",
                )
        after = before.without(ids, authors)
        exclusions.save(home.folder, after)
        turn.share_exclusions()
        return Withdrawal(after, generation=number)


def stored(home: Home, manifest: Manifest, wanted: Exclusions) -> list[Record]:
    """Return the comments of a generation that are excluded."""
    with closing(home.store(manifest.generation)) as store:
        records = store.all_records() if wanted.authors else store.records(wanted.ids).values()
        return [record for record in records if wanted.hides(record.comment)]


def withdraw(
    turn: Turn,
    manifest: Manifest,
    wanted: Exclusions,
    found: Sequence[Record],
    probe: Probe | None = None,
) -> Manifest:
    """Publish a generation without some comments of another one; return its manifest.

    What there is to go back to stays the same.
    """
    from ingest.cache import EmbeddingCache
    from ingest.embedding import Vectors
    from ingest.release import Release, numbered
    from retrieval.probe import in_child

    fresh = without(manifest, wanted, found)

    def describe(number: int, change: Change, problems: Sequence[str]) -> Manifest:
        del problems
        return numbered(fresh, number, change)

    with EmbeddingCache(turn.home.data_dir / "embeddings.sqlite", manifest.fingerprint) as cache:
        release = Release(turn, Vectors(cache), Silent(), probe or in_child, describe, days(manifest.threads))
        return release(_change(manifest, found))


def without(manifest: Manifest, wanted: Exclusions, found: Sequence[Record]) -> Manifest:
    """Return what a manifest says once excluded comments are left out."""
    own: dict[str, list[Record]] = {}
    for record in found:
        own.setdefault(record.comment.thread_id, []).append(record)
    threads = (
        tally(entry, [record.comment for record in own.get(entry.thread.id, ())], sign=-1)
        for entry in manifest.threads
    )
    return replace(
        manifest,
        threads=tuple(threads),
        exclusions=wanted.digest,
        hidden=(*manifest.hidden, *(exclusions.hidden(record.comment) for record in found)),
    )


def _change(manifest: Manifest, found: Sequence[Record]) -> Change:
    from ingest.write import Change

    steps = remove(found, "excluded")
    stale = [passage for step in steps for passage in step.stale_passages]
    return Change(
        base=manifest.generation,
        written=(),
        moved=(),
        removed=[step.id for step in steps],
        stale=stale,
        passages=manifest.passages - len(stale),
        dead=manifest.dead + len(stale),
    )
