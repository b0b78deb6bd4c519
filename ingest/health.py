"""What may be wrong with a data folder, each with what to do about it."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ingest import exclusions, lock, sources
from ingest.web.addresses import is_address
from retrieval import generations
from retrieval import probe as probing
from retrieval.errors import RetrievalError
from retrieval.homes import Embedded, home_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from retrieval.generations import FileEntry, Manifest
    from retrieval.homes import Home
    from retrieval.probe import Probe

#: Room that an ingest wants beside a copy of the published generation.
_MARGIN = 20_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at."""

    name: str
    ok: bool
    #: What was found and, where it is not well, what to do.
    sentence: str


def examine(
    place: Path | Home, fingerprint: Callable[[], str], probe: Probe | None = None
) -> Iterator[Finding]:
    """Yield what there is to say about an index and the data folder, one finding after the other."""
    home = home_of(place)
    data_dir = home.data_dir
    if not isinstance(home, Embedded):
        yield from _on_server(home, fingerprint)
        yield _folder(data_dir)
        yield _cache(data_dir)
        return
    yield _folder(data_dir)
    try:
        manifest = generations.read_manifest(data_dir)
    except RetrievalError as error:
        yield Finding("generation", ok=False, sentence=str(error))
        manifest = None
    else:
        if manifest is None:
            yield Finding(
                "generation", ok=False, sentence="nothing is published; run `threadbot ingest YOUR_FOLDER`"
            )
    if manifest is not None:
        yield _index(data_dir, manifest, probe or probing.in_child)
        yield model(manifest, fingerprint)
        yield _space(data_dir, manifest)
        yield freshness(manifest)
    yield _cache(data_dir)
    yield excluded(data_dir, manifest)
    yield _lock(data_dir)
    yield _leftovers(data_dir)


def _on_server(home: Home, fingerprint: Callable[[], str]) -> Iterator[Finding]:
    from ingest.server_health import examine_server
    from retrieval.server.home import ServerHome

    assert isinstance(home, ServerHome)  # noqa: S101 - there are these two
    return examine_server(home, fingerprint)


def _folder(data_dir: Path) -> Finding:
    if not data_dir.is_dir():
        return Finding(
            "data folder", ok=False, sentence=f"{data_dir} does not exist; the first ingest makes it"
        )
    if not os.access(data_dir, os.R_OK | os.W_OK | os.X_OK):
        return Finding(
            "data folder", ok=False, sentence=f"{data_dir} cannot be read and written; mend its permissions"
        )
    return Finding("data folder", ok=True, sentence=f"{data_dir} can be read and written")


def _index(data_dir: Path, manifest: Manifest, probe: Probe) -> Finding:
    problems = probe(data_dir, manifest.generation)
    if problems:
        advice = "run `threadbot compact`, or `threadbot rollback` if that fails"
        return Finding(
            "index", ok=False, sentence=f"generation {manifest.generation}: {'; '.join(problems)}; {advice}"
        )
    comments = sum(entry.comments for entry in manifest.threads)
    counted = f"{comments} comments, {manifest.passages} passages, both indexes agree"
    return Finding("index", ok=True, sentence=f"generation {manifest.generation}: {counted}")


def model(manifest: Manifest, fingerprint: Callable[[], str]) -> Finding:
    """Compare the configured model with the index's."""
    try:
        same = fingerprint() == manifest.fingerprint
    except RetrievalError as error:
        return Finding("model", ok=False, sentence=str(error))
    if not same:
        advice = "set THREADBOT_MODEL to that one, or ingest again"
        return Finding(
            "model", ok=False, sentence=f"the index was made with another model ({manifest.model}); {advice}"
        )
    return Finding(
        "model", ok=True, sentence=f"the index was made with the configured one ({manifest.model})"
    )


def _space(data_dir: Path, manifest: Manifest) -> Finding:
    needed = generations.size_of(generations.folder_of(data_dir, manifest.generation)) + _MARGIN
    free = shutil.disk_usage(data_dir).free
    said = f"{free / 1e6:,.0f} MB are free, the next generation needs up to {needed / 1e6:,.0f} MB"
    return Finding("disk", ok=free >= needed, sentence=said if free >= needed else f"{said}; free some space")


def freshness(manifest: Manifest) -> Finding:
    """Look whether files changed since they were read."""
    changed = sum(map(_changed, manifest.files))
    said = f"made {manifest.created}, newest thread {manifest.archive_date or 'without a date'}"
    skipped = sum(entry.skipped is not None for entry in manifest.files)
    more = f", {skipped} files were skipped (see `threadbot status`)" if skipped else ""
    if changed:
        advice = "run `threadbot ingest` with your sources"
        return Finding(
            "freshness", ok=False, sentence=f"{said}{more}; {changed} files changed or went since: {advice}"
        )
    return Finding("freshness", ok=True, sentence=f"{said}{more}; no file changed since")


def _changed(entry: FileEntry) -> bool:
    if is_address(entry.path):
        return False  # only asking the server would tell
    try:
        status = os.stat(sources.location(entry.root, entry.path))  # noqa: PTH116 - ten thousand times
    except OSError:
        return True
    return (status.st_size, status.st_mtime_ns) != (entry.size, entry.mtime_ns)


def _cache(data_dir: Path) -> Finding:
    path = data_dir / "embeddings.sqlite"
    if not path.exists():
        return Finding("cache", ok=True, sentence="there is no embedding cache; the next ingest makes one")
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=30)) as cache:
            (verdict,) = cache.execute("PRAGMA quick_check(1)").fetchone()
            (count,) = cache.execute("SELECT count(*) FROM vectors").fetchone()
    except sqlite3.Error as error:
        verdict, count = str(error), 0
    if verdict != "ok":
        advice = "delete it, the next ingest embeds what it needs"
        return Finding("cache", ok=False, sentence=f"{path} is damaged ({verdict}); {advice}")
    return Finding("cache", ok=True, sentence=f"{count} vectors can be read")


def excluded(data_dir: Path, manifest: Manifest | None) -> Finding:
    """Look whether the index was made under the exclusions that hold."""
    try:
        wanted = exclusions.load(data_dir)
    except RetrievalError as error:
        return Finding("exclusions", ok=False, sentence=str(error))
    if manifest is not None and manifest.exclusions != wanted.digest:
        advice = "run `threadbot ingest` with your sources"
        return Finding(
            "exclusions", ok=False, sentence=f"the index was made under other exclusions; {advice}"
        )
    return Finding(
        "exclusions", ok=True, sentence=f"{len(wanted.ids)} comments, {len(wanted.authors)} authors"
    )


def _lock(data_dir: Path) -> Finding:
    if not lock.is_held(data_dir):
        return Finding("lock", ok=True, sentence="nobody is writing")
    found = lock.holder(data_dir)
    who = f"process {found.pid} has been writing since {found.since}" if found else "somebody is writing"
    return Finding("lock", ok=True, sentence=who)


def _leftovers(data_dir: Path) -> Finding:
    left = generations.leftovers(data_dir)
    if left and not lock.is_held(data_dir):
        return Finding(
            "leftovers", ok=True, sentence=f"{len(left)} unfinished generations; the next ingest removes them"
        )
    return Finding(
        "leftovers", ok=True, sentence=f"{len(generations.existing(data_dir))} generations on disk"
    )
