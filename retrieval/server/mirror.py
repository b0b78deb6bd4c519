"""A server's generations on this machine: made from its documents, one from the other where that can be."""

from __future__ import annotations

import json
import shutil
import sqlite3
from contextlib import closing, contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

from filelock import FileLock

from retrieval import generations, readers, records
from retrieval.documents import Documents, Written
from retrieval.errors import RetrievalError, SupersededError
from retrieval.generations import days
from retrieval.lexical import LexicalIndex
from retrieval.server.publication import Envelope

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from retrieval.generations import ThreadEntry
    from retrieval.server.connection import Server
    from retrieval.vectors import Collection

_REST = "server.json"
_DOCUMENTS = "documents.sqlite"
_EXCLUSIONS = "exclusions.json"
#: What reading a damaged copy may raise.
_DAMAGED = (RetrievalError, OSError, ValueError, KeyError, TypeError, AttributeError, sqlite3.Error)


class Mirror:
    """A folder with generations of one index on one server."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Be the one of this machine who changes what the folder publishes; wait for others to finish."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / "mirror.lock"):
            yield

    def current(self) -> int | None:
        """Return the newest generation that is here."""
        return generations.current(self.folder)

    def sound(self) -> int | None:
        """Return the newest generation that is here; one that is damaged is forgotten, to be copied again.

        Only while `alone`.
        """
        try:
            number = self.current()
            if number is None or self._is_whole(number):
                return number
        except _DAMAGED:
            pass
        generations.retract(self.folder)
        return None

    def _is_whole(self, generation: int) -> bool:
        envelope = self.envelope(generation)
        threads = envelope.manifest.threads
        with self.documents(generation) as documents:
            if documents.sizes() != _sizes(threads):
                return False
        lexical = LexicalIndex.open(generations.folder_of(self.folder, generation) / "lexical")
        if lexical.count() != sum(entry.zh + entry.en for entry in threads):
            return False
        return bool(self.exclusions()) or not envelope.exclusions

    def envelope(self, generation: int, place: Path | None = None) -> Envelope:
        """Return what was published with a generation that is here, or below another folder."""
        place = place or self.folder
        manifest = generations.read_manifest(place, generation)
        assert manifest is not None  # noqa: S101 - its number was given
        rest = json.loads((generations.folder_of(place, generation) / _REST).read_text(encoding="utf-8"))
        superseded = tuple((thread, tag) for thread, tag in rest.pop("superseded"))
        return Envelope(manifest=manifest, superseded=superseded, **rest)

    def documents(self, generation: int, place: Path | None = None) -> Documents:
        """Open the comments of a generation."""
        return Documents.open(generations.folder_of(place or self.folder, generation) / _DOCUMENTS)

    def build(self, place: Path, envelope: Envelope, base: int | None, written: Iterable[Written]) -> None:
        """Write a generation below a folder: a base's, but for threads that are written, or gone.

        :raises SupersededError: If comments are missing.
        """
        folder = generations.folder_of(place, envelope.manifest.generation)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        if base is not None:
            before = generations.folder_of(self.folder, base)
            shutil.copytree(before / "lexical", folder / "lexical", ignore=shutil.ignore_patterns("*.lock"))
            shutil.copyfile(before / _DOCUMENTS, folder / _DOCUMENTS)
        threads = envelope.manifest.threads
        with closing(Documents.create(folder / _DOCUMENTS)) as documents:
            old = documents.threads()
            left = [thread for thread, tag in old.items() if envelope.tags.get(thread) != tag]
            new = [thread for thread, tag in envelope.tags.items() if old.get(thread) != tag]
            removed = documents.ids(left)
            documents.change(left, written)
            if documents.sizes() != _sizes(threads):
                raise SupersededError
            added = (record for thread in new for record in documents.thread(thread))
            LexicalIndex.create(folder / "lexical").update(removed, added, days(threads))

    def finish(self, place: Path, envelope: Envelope) -> None:
        """Seal a generation below a folder."""
        folder = generations.folder_of(place, envelope.manifest.generation)
        generations.replace_text(folder / _REST, _rest(envelope))
        # There is nothing to go back to on a server.
        generations.seal(place, replace(envelope.manifest, previous=None))

    def note(self, envelope: Envelope) -> None:
        """Replace what a published generation's manifest says; its comments still fit it."""
        self.finish(self.folder, envelope)

    def adopt(self, place: Path, envelope: Envelope) -> None:
        """Publish a finished generation here, moved from below another folder if it is there.

        Only while `alone`; where this or a newer one is published already, nothing happens.
        """
        number = envelope.manifest.generation
        if (self.current() or 0) >= number:
            return
        if place != self.folder:
            target = generations.folder_of(self.folder, number)
            shutil.rmtree(target, ignore_errors=True)
            target.parent.mkdir(exist_ok=True)
            generations.folder_of(place, number).replace(target)
        if envelope.exclusions:
            generations.replace_text(self.folder / _EXCLUSIONS, envelope.exclusions)
        else:
            (self.folder / _EXCLUSIONS).unlink(missing_ok=True)
        generations.publish(self.folder, number)
        readers.sweep(self.folder)

    def exclusions(self) -> str:
        """Return what `exclusions.json` holds, empty where there is none."""
        try:
            return (self.folder / _EXCLUSIONS).read_text(encoding="utf-8")
        except FileNotFoundError:
            return ""


def fetched(server: Server, comments: Collection, tags: Mapping[str, int]) -> Iterator[Written]:
    """Yield from the server the rows of threads, given with their tags, page by page."""
    for tag in sorted(set(tags.values())):
        for _, document in server.where(comments, {"tag": tag}, "documents"):
            record = records.loads(document)
            thread = record.comment.thread_id
            if tags.get(thread) == tag:
                yield Written(thread, tag, [record])


def _sizes(threads: Sequence[ThreadEntry]) -> dict[str, int]:
    return {entry.thread.id: entry.comments for entry in threads if entry.comments}


def _rest(envelope: Envelope) -> str:
    return json.dumps(
        {
            "epoch": envelope.epoch,
            "tags": dict(envelope.tags),
            "superseded": envelope.superseded,
            "exclusions": envelope.exclusions,
            "host": envelope.host,
            "key": envelope.key,
        },
        ensure_ascii=False,
    )
