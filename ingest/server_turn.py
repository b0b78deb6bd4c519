"""One writer's turn at a Chroma server: write rows that nobody sees, publish, remove what is superseded."""

from __future__ import annotations

import shutil
import socket
from contextlib import closing, contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from ingest import lease as leases
from ingest import lock
from ingest.release import refill
from retrieval import generations, readers, records
from retrieval.documents import Written
from retrieval.errors import RetrievalError, SupersededError
from retrieval.lexical import LexicalIndex
from retrieval.probe import problems
from retrieval.rows import batches
from retrieval.server import publication
from retrieval.server.publication import ENVELOPES, Envelope, generation_name
from retrieval.vectors import metadata

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from ingest.cache import EmbeddingCache
    from ingest.embedding import Vectors
    from ingest.lease import Lease
    from ingest.progress import Progress
    from ingest.write import Change
    from retrieval.generations import Manifest
    from retrieval.homes import Home
    from retrieval.probe import Probe
    from retrieval.server.home import ServerHome
    from retrieval.types import Record
    from retrieval.vectors import Collection, Embedded

#: To a graph with fewer rows, rows are added one by one. A server adds those of one request on all cores at
#: once, and in a small graph one of some 200 is never found then, before it is written anew: 57 of 11,000
#: added to 34, and none of 13,000 added to 200, of 2,600 added to 34 one by one, or of those that come first.
_SMALL = 200
#: Threads that one condition names.
_NAMED = 100


class ServerTurn:
    """See `ingest.turns.Turn`."""

    def __init__(self, home: ServerHome, lease: Lease) -> None:
        self.home: Home = home
        self._there = home
        self._server = home.server
        self._lease = lease
        self._stage = home.folder / "staging"
        self._tries = 0
        #: What is being written, and what it starts from.
        self._base: Envelope | None = None
        self._epoch = ""
        self._tags: dict[str, int] = {}
        self._written: list[Written] = []
        self._sealed: Envelope | None = None
        #: Turns that may have left rows nobody sees.
        self.untidy = lease.held.untidy

    def begin(self) -> None:
        """Start from what is published, without what a killed writer should have removed."""
        shutil.rmtree(self._stage, ignore_errors=True)
        number = self._there.follow()
        if self.untidy and number is not None:
            # What is superseded in a published generation is so for good: nobody misses it.
            self._remove_superseded(self._there.mirror.envelope(number))

    def next_number(self) -> int:
        """See `Turn.next_number`."""
        return (self._there.mirror.current() or 0) + 1

    def write(
        self, number: int, change: Change, days: Mapping[str, int], vectors: Vectors, progress: Progress
    ) -> Change:
        """See `Turn.write`; threads are written whole, so that one tag says which rows are alive."""
        self._tries += 1
        self._base = self._there.mirror.envelope(change.base) if change.base is not None else None
        self._epoch = self._base.epoch if self._base else f"{self._lease.token:06d}-{self._tries}"
        dead = 0
        if change.base is None:
            threads = by_thread(change.written)
            for name, graph in (("comments", None), ("passages", change.graph)):
                self._server.create(f"{name}-{self._epoch}", {"epoch": self._epoch}, graph)
        else:
            threads, dead = self._whole(change.base, change, vectors.cache)
        stored = self._upload([r for own in threads.values() for r in own], days, vectors, progress)
        left = set(threads)
        kept = self._base.tags if self._base else {}
        self._tags = {thread: tag for thread, tag in kept.items() if thread not in left}
        self._tags |= {thread: self._lease.token for thread, own in threads.items() if own}
        self._written = [
            Written(thread, self._lease.token, [stored[record.comment.id] for record in own])
            for thread, own in threads.items()
        ]
        return replace(change, dead=dead)

    def seal(self, manifest: Manifest, probe: Probe) -> list[str]:
        """See `Turn.seal`; a server's rows cannot crash who tries them out, so that happens here."""
        del probe
        base = self._base
        before = base.tags if base else {}
        gone = tuple((thread, tag) for thread, tag in before.items() if self._tags.get(thread) != tag)
        self._make(manifest, gone, base.manifest.generation if base else None, self._written)
        number = manifest.generation
        lexical = LexicalIndex.open(generations.folder_of(self._stage, number) / "lexical")
        with closing(self._there.opened(number, self._stage)) as store:
            return list(problems(manifest, store, lexical))

    def discard(self, number: int) -> None:
        """See `Turn.discard`; what a server that is gone keeps of it, the next turn removes."""
        generations.remove(self._stage, number)
        with suppress(RetrievalError):
            listing = self._server.listing()
            if self._base is None:
                self._server.drop(f"passages-{self._epoch}")
                self._server.drop(f"comments-{self._epoch}")
            else:
                self._remove_tag(listing, self._epoch, self._lease.token)

    def publish(self, number: int) -> None:
        """See `Turn.publish`."""
        assert self._sealed is not None  # noqa: S101 - it is sealed before it is published
        self._lease.check()
        envelope = self._sealed
        marker = publication.put_envelope(self._server, self._shelf(), envelope, envelope.key)
        made = self._server.create(generation_name(number), publication.described(marker))
        # Who is this late may publish a number that was published and removed already.
        listing = self._server.listing()
        if made is None or publication.markers(listing)[-1].number != number:
            if made is not None:
                self._server.drop(generation_name(number))
            raise leases.overtaken(leases.holding(listing))
        with self._there.mirror.alone():
            self._there.mirror.adopt(self._stage, envelope)
        try:
            self._tidy_up(envelope)
        except RetrievalError:
            # It is published; the next turn removes what is left.
            self.untidy = (*self.untidy, self._lease.token)

    def sweep(self) -> list[int]:
        """See `Turn.sweep`."""
        with self._there.mirror.alone():
            return readers.sweep(self._there.folder)

    def note(self, manifest: Manifest) -> None:
        """See `Turn.note`."""
        mirror = self._there.mirror
        before = mirror.envelope(manifest.generation)
        envelope = replace(before, manifest=manifest, key=f"{self._lease.token:06d}-noted")
        marker = publication.put_envelope(self._server, self._shelf(), envelope, envelope.key)
        self._lease.check()
        listing = self._server.listing()
        self._server.amend(listing[generation_name(marker.number)], publication.described(marker))
        with mirror.alone():
            mirror.note(envelope)
        self._prune_envelopes()

    def share_exclusions(self) -> None:
        """See `Turn.share_exclusions`; they are part of what is published."""
        mirror = self._there.mirror
        number = mirror.current()
        if number is None:
            return  # the first ingest publishes them
        before = mirror.envelope(number)
        if before.exclusions == mirror.exclusions():
            return
        self._epoch, self._tags = before.epoch, dict(before.tags)
        fresh = replace(before.manifest, generation=self.next_number())
        self._make(fresh, (), number, [])
        self.publish(fresh.generation)

    def _make(
        self,
        manifest: Manifest,
        gone: tuple[tuple[str, int], ...],
        base: int | None,
        written: Sequence[Written],
    ) -> None:
        """Build this machine's copy of what is about to be published."""
        mirror = self._there.mirror
        self._sealed = Envelope(
            manifest=replace(manifest, previous=None),
            epoch=self._epoch,
            tags=self._tags,
            superseded=gone,
            exclusions=mirror.exclusions(),
            host=socket.gethostname(),
            key=f"{self._lease.token:06d}-{manifest.generation:06d}",
        )
        mirror.build(self._stage, self._sealed, base, written)
        mirror.finish(self._stage, self._sealed)

    def _whole(self, base: int, change: Change, cache: EmbeddingCache) -> tuple[dict[str, list[Record]], int]:
        """Return the threads that change as they are to be, and how many passages are dead then."""
        fresh = {record.comment.id: record for record in (*change.moved, *change.written)}
        gone = set(change.removed)
        with closing(self.home.store(base)) as store:
            left = [record.comment.thread_id for record in store.records(change.removed).values()]
            names = dict.fromkeys([*left, *(record.comment.thread_id for record in fresh.values())])
            before = {name: store.thread_records(name) for name in names}
            after = by_thread(fresh.values())
            kept = {
                name: [r for r in own if r.comment.id not in gone and r.comment.id not in fresh]
                for name, own in before.items()
            }
            threads = {name: [*kept[name], *after.get(name, ())] for name in names}
            refill(cache, store, [r for own in threads.values() for r in own if r.comment.id not in fresh])
            refill(cache, store, change.moved)
        assert self._base is not None  # noqa: S101 - there is a base
        dead = sum(len(record.passage_ids()) for own in before.values() for record in own)
        return threads, self._base.manifest.dead + dead

    def _upload(
        self, rows: Sequence[Record], days: Mapping[str, int], vectors: Vectors, progress: Progress
    ) -> dict[str, Record]:
        """Write comments and their vectors under this turn's tag; return them as they are there, by id."""
        stored: dict[str, Record] = {}
        listing = self._server.listing()
        comments, passages = listing[f"comments-{self._epoch}"], listing[f"passages-{self._epoch}"]
        with closing(vectors.of(rows, progress)) as ready:
            for items in ready:
                done = records.tokenized([item.stored() for item in items])
                stored |= {record.comment.id: record for record in done}
                self._put_comments(comments, done)
                self._put_passages(passages, items, days)
                self._lease.check()
        progress.done()
        return stored

    def _put_comments(self, comments: Collection, rows: Sequence[Record]) -> None:
        tag = self._lease.token
        self._server.put(
            comments,
            {
                "ids": [f"{record.comment.id}@{tag}" for record in rows],
                "embeddings": np.zeros((len(rows), 1), dtype=np.float32),
                "metadatas": [{"thread": record.comment.thread_id, "tag": tag} for record in rows],
                "documents": list(map(records.dumps, rows)),
            },
        )

    def _put_passages(self, passages: Collection, items: Sequence[Embedded], days: Mapping[str, int]) -> None:
        tag = self._lease.token
        parts = [(item.record, *row) for item in items for row in item.rows()]
        there = self._server.count(passages)
        alone = max(0, _SMALL - there) if there else 0
        for part in filter(None, (*batches(parts[:alone], 1), parts[alone:])):
            self._server.put(
                passages,
                {
                    "ids": [f"{passage}@{tag}" for _, passage, _ in part],
                    "embeddings": np.stack([vector for _, _, vector in part]),
                    "metadatas": [
                        metadata(record) | {"day": days[record.comment.thread_id], "tag": tag}
                        for record, _, _ in part
                    ],
                },
            )

    def _shelf(self) -> Collection:
        return self._server.listing()[ENVELOPES]

    def _tidy_up(self, envelope: Envelope) -> None:
        """Remove what a generation that is published superseded, and what killed writers left."""
        self._remove_superseded(envelope)
        listing = self._server.listing()
        for tag in self.untidy:
            if tag not in envelope.tags.values():  # or else it was published before its writer died
                self._remove_tag(listing, envelope.epoch, tag)
        self.untidy = ()
        for name in listing:
            kind, _, epoch = name.partition("-")
            if kind in {"comments", "passages"} and epoch != envelope.epoch:
                self._server.drop(name)
        for marker in publication.markers(listing)[:-1]:
            self._server.drop(generation_name(marker.number))
        self._prune_envelopes()

    def _prune_envelopes(self) -> None:
        """Remove the rows of envelopes that no marker names."""
        listing = self._server.listing()
        keys = [marker.key for marker in publication.markers(listing)]
        self._remove_where(listing[ENVELOPES], {"key": {"$nin": keys}})

    def _remove_superseded(self, envelope: Envelope) -> None:
        listing = self._server.listing()
        tags: dict[int, list[str]] = {}
        for thread, tag in envelope.superseded:
            tags.setdefault(tag, []).append(thread)
        for tag, threads in tags.items():
            for start in range(0, len(threads), _NAMED):
                part = threads[start : start + _NAMED]
                named: dict[str, Any] = {"$and": [{"tag": tag}, {"thread": {"$in": part}}]}
                for kind in ("comments", "passages"):
                    if found := listing.get(f"{kind}-{envelope.epoch}"):
                        self._remove_where(found, named)

    def _remove_tag(self, listing: Mapping[str, Collection], epoch: str, tag: int) -> None:
        for kind in ("comments", "passages"):
            if found := listing.get(f"{kind}-{epoch}"):
                self._remove_where(found, {"tag": tag})

    def _remove_where(self, collection: Collection, where: dict[str, Any]) -> None:
        """Remove all rows that meet conditions."""
        self._server.remove(collection, [row for row, _ in list(self._server.where(collection, where))])


@contextmanager
def writing_to_server(home: ServerHome) -> Iterator[ServerTurn]:
    """Take a turn at a server: on this machine by a lock, among machines by a lease.

    :raises RetrievalError: If somebody else has it.
    """
    home.server.prepare()
    home.server.create(ENVELOPES, {"made": "by threadbot"})
    with lock.writing(home.folder):
        lease = leases.take(home.server, home.lease)
        turn = ServerTurn(home, lease)
        failed = (*turn.untidy, lease.token)
        try:
            turn.begin()
            yield turn
            failed = turn.untidy
        except SupersededError:
            lease.check()
            raise
        finally:
            lease.finish(failed)


def by_thread(rows: Iterable[Record]) -> dict[str, list[Record]]:
    """Group comments by thread."""
    threads: dict[str, list[Record]] = {}
    for record in rows:
        threads.setdefault(record.comment.thread_id, []).append(record)
    return threads
