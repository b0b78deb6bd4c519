"""The dense index, in Chroma, with the comments beside it; the only importer of chromadb.

One collection, `passages`: a vector per passage, id `COMMENT:LANGUAGE:NUMBER`, and metadata to filter by.
Nothing is read back from it but ids and distances: fetching metadata with a query costs four times the
query. The comments are in a file of their own, see `retrieval.documents`.

Chroma's behaviour that shapes this file (1.5.9): the space is fixed at creation; a batch is at most
`get_max_batch_size()` long; an empty batch raises; two clients on one folder in one process share one
system, which `close` must drop or a reopened store stays stale. Vectors not yet in the graph's files
are replayed at every open, and in an order of their own each time: of near-duplicates, one open may reach
them all and the next one miss one. So `sync_threshold` has every call write those files, and every reader
has the very graph that was tried out.
"""

from __future__ import annotations

import os
import sqlite3
import struct
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from retrieval import generations, records, wholes
from retrieval.documents import Documents
from retrieval.errors import RetrievalError
from retrieval.rows import batches
from retrieval.terms import fold
from retrieval.types import Hit, PassageId

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    # Named again for `retrieval.server`, which imports chromadb only through here.
    from chromadb.api.client import Client as Client
    from chromadb.api.models.Collection import Collection as Collection
    from numpy.typing import NDArray

    from retrieval.types import Record, Scope

#: After how many changes the graph's files are written: with every call here, rarely on a server, which
#: keeps its graph in memory and is opened by nobody else.
_HERE = {"batch_size": 1, "sync_threshold": 1}
_THERE = {"batch_size": 50, "sync_threshold": 50}
#: ef_search decides how many of the nearest passages are found; see the README's evaluation.
GRAPH: dict[str, Any] = {
    "space": "cosine",
    "ef_construction": 100,
    "max_neighbors": 24,
    "ef_search": 600,
    **_THERE,
}
#: Up to so many passages, one that is built in half the time finds as much: recall@10 was .999 at so many.
_SMALL = 20_000
_SMALL_GRAPH = GRAPH | {"ef_construction": 40}
#: For what does not find all of its passages with that one: ways to more neighbours, chosen from more.
DENSE_GRAPH = GRAPH | {"ef_construction": 400, "max_neighbors": 64}
NO_GRAPH: dict[str, Any] = {
    "space": "l2",
    "ef_construction": 2,
    "max_neighbors": 2,
    **_THERE,
}
#: Where the two are in a generation's folder.
_CHROMA, _COMMENTS = "chroma", "comments.sqlite"
_PASSAGES = "passages"
#: How the graph's header begins: version, offset, room for elements, elements, bytes of each.
_HEADER = struct.Struct("<IQQQQ")
_HEADER_VERSION = 1
#: Bytes an element has in the file of lengths.
_LENGTH = 4
#: How many ids one `get` may name, well under SQLite's limit on variables.
_GET_BATCH = 2000
#: How long (seconds) a Chroma server may take to accept a connection.
_CONNECTING = 10.0


@dataclass(frozen=True, slots=True)
class Embedded:
    """A comment ready to be written."""

    record: Record
    #: One row per passage, in the order of `record.passage_ids()`; float32, unit length; may have no rows.
    vectors: NDArray[np.float32]
    #: One row for each text that says what its thread asks; may have no rows.
    asked: NDArray[np.float32] = field(default_factory=lambda: np.empty((0, 0), dtype=np.float32))

    def rows(self) -> list[tuple[PassageId, NDArray[np.float32]]]:
        """Return what the dense index holds of it: its passages, each with its vector."""
        return list(zip(self.record.passage_ids(), self.vectors, strict=True))

    def stored(self) -> Record:
        """Return it with where it points as a whole, and how like what its thread asks that is."""
        common = self.record.common
        if common is None and len(self.vectors) and len(self.asked):
            common = wholes.common(self.vectors, self.asked)
        return replace(self.record, whole=wholes.packed(self.vectors), common=common)


@contextmanager
def _explained() -> Iterator[None]:
    """Turn what Chroma and SQLite raise about their files into one sentence."""
    try:
        yield
    except Exception as error:
        from chromadb.errors import ChromaError

        if not isinstance(error, ChromaError | sqlite3.Error):
            raise
        raise RetrievalError(
            f"The index cannot be used ({error}); free some space if the disk is full, or else go "
            "back to the generation before, by writing its number into CURRENT in the data folder.",
            f"无法使用索引（{error}）；若磁盘已满请腾出空间，"
            "否则请把上一个世代的编号写入数据文件夹中的 CURRENT，退回到上一个世代。",
        ) from error


def graph_for(passages: int) -> dict[str, Any]:
    """Return how to build the graph of so many passages."""
    return GRAPH if passages > _SMALL else _SMALL_GRAPH


def outgrows(before: int, passages: int) -> bool:
    """Tell whether a graph that was built for `before` passages is no start for so many."""
    return before <= _SMALL < passages


class ChromaStore:
    """One open generation; `close` it before another one is opened on the same folder.

    Every method may raise RetrievalError where its files are damaged or cannot be written.
    """

    def __init__(self, client: Client, passages: Collection, documents: Documents) -> None:
        self._client = client
        self._passages = passages
        self._documents = documents

    @classmethod
    @_explained()
    def open(cls, folder: Path) -> ChromaStore:
        """Open what is in a generation's folder for reading."""
        with _opened(folder / _CHROMA) as client:
            passages = client.get_collection(_PASSAGES, embedding_function=None)
            if not (folder / _COMMENTS).exists():
                _bring_over(client, folder / _COMMENTS)
            return cls(client, passages, Documents.open(folder / _COMMENTS))

    @classmethod
    @_explained()
    def create(cls, folder: Path, graph: Mapping[str, Any] = GRAPH) -> ChromaStore:
        """Open a generation's folder for writing, made with a graph like that if need be."""
        folder.mkdir(parents=True, exist_ok=True)
        with _opened(folder / _CHROMA) as client:
            configuration: Any = {"hnsw": {**graph, **_HERE}}
            passages = client.get_or_create_collection(
                _PASSAGES, configuration=configuration, embedding_function=None
            )
            return cls(client, passages, Documents.create(folder / _COMMENTS))

    def close(self) -> None:
        """Release the files, so that the same folder can be opened afresh in this process."""
        self._documents.close()
        self._client.close()

    @_explained()
    def upsert(self, items: Sequence[Embedded], days: Mapping[str, int]) -> None:
        """Write comments with the vectors of all their passages.

        `days` gives the day of a thread by its id, as yyyymmdd; 0 stands for unknown.
        """
        self._documents.write([item.stored() for item in items])
        rows = [(item.record, *row) for item in items for row in item.rows()]
        for part in batches(rows, self._client.get_max_batch_size()):
            self._passages.upsert(
                ids=[str(passage) for _, passage, _ in part],
                embeddings=np.stack([vector for _, _, vector in part]),
                metadatas=[
                    metadata(record) | {"day": days[record.comment.thread_id]} for record, _, _ in part
                ],
            )

    @_explained()
    def refresh(self, items: Sequence[Record]) -> None:
        """Write comments alone; their passages are there already."""
        self._documents.write(items)

    @_explained()
    def delete(self, comment_ids: Sequence[str], passage_ids: Sequence[PassageId]) -> None:
        """Remove comments and passages; ids that are not there are ignored."""
        self._documents.delete(comment_ids)
        for passages in batches(passage_ids, _GET_BATCH):
            self._passages.delete(ids=[str(passage) for passage in passages])

    @_explained()
    def nearest(self, vector: NDArray[np.float32], count: int, scope: Scope) -> list[Hit]:
        """Return the passages nearest to a vector, nearest first, with their cosine similarity.

        Nothing is near an empty vector.
        """
        if not vector.size or scope.threads == ():
            return []
        return self._nearest(vector[None, :], count, conditions(scope))[0]

    @_explained()
    def neighbours(self, vectors: NDArray[np.float32], count: int) -> list[list[Hit]]:
        """Return what is nearest to each of several vectors, (n, dimensions), sooner than one by one."""
        return self._nearest(vectors, count, None) if len(vectors) else []

    def _nearest(
        self, vectors: NDArray[np.float32], count: int, where: dict[str, Any] | None
    ) -> list[list[Hit]]:
        return [
            [Hit(PassageId.parse(passage), 1.0 - distance) for passage, distance in own]
            for own in nearest_rows(self._passages, vectors, count, where)
        ]

    @_explained()
    def wholes(self, comment_ids: Sequence[str]) -> dict[str, bytes]:
        """Return where comments of several passages point, each as a whole, packed, by id."""
        return self._documents.wholes(comment_ids)

    @_explained()
    def records(self, comment_ids: Sequence[str]) -> dict[str, Record]:
        """Return comments by id; ids that are not there are left out, and an id may be named twice."""
        return self._documents.records(comment_ids)

    @_explained()
    def thread_records(self, thread_id: str) -> list[Record]:
        """Return the comments of one thread in file order."""
        return self._documents.thread(thread_id)

    def all_records(self) -> Iterator[Record]:
        """Yield every comment, in no particular order."""
        with _explained():
            yield from self._documents.everything()

    @_explained()
    def passage_ids(self) -> list[PassageId]:
        """Return the ids of all passages, in no particular order."""
        return [PassageId.parse(found) for found in self._passages.get(include=[])["ids"]]

    @_explained()
    def vectors(self, passages: Sequence[PassageId]) -> dict[PassageId, NDArray[np.float32]]:
        """Return the vectors of passages by id; ids that are not there are left out."""
        found: dict[PassageId, NDArray[np.float32]] = {}
        for batch in batches(passages, _GET_BATCH):
            got = self._passages.get(ids=[str(passage) for passage in batch], include=["embeddings"])
            rows = np.asarray(got["embeddings"], dtype=np.float32)
            found |= dict(zip(map(PassageId.parse, got["ids"]), rows, strict=True))
        return found

    @_explained()
    def counts(self) -> tuple[int, int]:
        """Return how many comments and passages there are."""
        return self._documents.count(), self._passages.count()


def nearest_rows(
    collection: Collection, vectors: NDArray[np.float32], count: int, where: dict[str, Any] | None
) -> list[list[tuple[str, float]]]:
    """Return (id, distance) of the rows nearest to each vector, (n, dimensions), nearest first."""
    found = collection.query(query_embeddings=vectors, n_results=count, where=where, include=["distances"])
    distances = found["distances"]
    assert distances is not None  # noqa: S101 - for the type checker: they were asked for
    return [list(zip(*own, strict=True)) for own in zip(found["ids"], distances, strict=True)]


def connect(
    url: str, tenant: str, database: str, headers: Mapping[str, str], patience: float, *, make: bool
) -> Client:
    """Connect to a Chroma server, which has `patience` seconds for each answer; make the database if told to.

    It raises whatever Chroma and httpx do; see `retrieval.server.connection`, which makes sentences of it.
    """
    import httpx
    from chromadb.api.client import AdminClient, Client
    from chromadb.config import Settings

    settings = Settings(
        chroma_api_impl="chromadb.api.fastapi.FastAPI",
        chroma_server_host=url,
        chroma_server_http_port=0,  # the address has it
        chroma_server_headers=dict(headers),
    )
    waiting = httpx.Timeout(patience, connect=_CONNECTING)
    # Chroma waits for ever, also for its first answer; so somebody else asks first.
    httpx.get(f"{url}/api/v2/heartbeat", headers=dict(headers), timeout=waiting).raise_for_status()
    try:
        client = Client(tenant, database, settings)
    except Exception as error:
        if not (make and is_missing(error)):
            raise
        AdminClient(settings).create_database(database, tenant)
        client = Client(tenant, database, settings)
    client._server._session.timeout = waiting  # type: ignore[attr-defined]  # noqa: SLF001 - there is no setting for it
    return client


def is_missing(error: Exception) -> bool:
    """Tell whether Chroma says that something is not there."""
    from chromadb.errors import NotFoundError

    return isinstance(error, NotFoundError)


def is_of_server(error: Exception) -> bool:
    """Tell whether an error is one that a server, a proxy or the network can cause."""
    import httpx
    from chromadb.errors import ChromaError

    # Chroma raises a bare Exception with the text of a page that is not its own, and ValueError where
    # it cannot connect or an answer is no JSON.
    return isinstance(error, ChromaError | httpx.HTTPError | ValueError) or type(error) is Exception


def load() -> None:
    """Import chromadb now, which takes a second, rather than when a store is opened."""
    import chromadb.api.client  # noqa: F401


def scrub(folder: Path) -> None:
    """Overwrite what the graph's files of a closed store hold beyond their elements.

    The room for elements to come is saved as the process's memory happened to be: it may hold texts.
    """
    for header in folder.rglob("header.bin"):
        data = header.read_bytes()
        if len(data) < _HEADER.size:
            continue
        version, _, room, used, size = _HEADER.unpack_from(data)
        if version == _HEADER_VERSION and used <= room:
            _blank(header.with_name("data_level0.bin"), used * size, room * size)
            _blank(header.with_name("length.bin"), used * _LENGTH, room * _LENGTH)


def _blank(path: Path, start: int, end: int) -> None:
    """Write zeros over the end of a file, if it is as long as it is said to be."""
    if path.is_file() and path.stat().st_size == end:
        with path.open("r+b") as file:
            file.seek(start)
            file.write(bytes(end - start))


@contextmanager
def _opened(folder: Path) -> Iterator[Client]:
    """Open an embedded Chroma; what fails within closes it."""
    from chromadb.api.client import Client
    from chromadb.api.shared_system_client import SharedSystemClient
    from chromadb.config import Settings

    try:
        client = Client(settings=Settings(is_persistent=True, persist_directory=str(folder)))
    except BaseException:
        # Chroma keeps what it could not start, and would hand it out at the next try.
        SharedSystemClient._identifier_to_system.pop(str(folder), None)  # noqa: SLF001
        raise
    try:
        yield client
    except BaseException:
        client.close()
        raise


def _bring_over(client: Client, path: Path) -> None:
    """Make the file of comments from a collection, where the version that wrote the index kept them."""
    kept = client.get_collection("comments", embedding_function=None)
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    with closing(Documents.create(fresh)) as documents:
        offset = 0
        while (found := kept.get(limit=_GET_BATCH, offset=offset, include=["metadatas", "documents"]))["ids"]:
            rows = zip(found["metadatas"] or [], found["documents"] or [], strict=True)
            documents.write([records.loads(str(row.get("comment") or document)) for row, document in rows])
            offset += len(found["ids"])
    generations.replace_file(fresh, path)


def metadata(record: Record) -> dict[str, str | int | float | bool | None]:
    """Return what passages of a comment can be filtered by, but for the day."""
    comment = record.comment
    return {"thread": comment.thread_id, "author": fold(comment.author), "kind": comment.kind.value}


def conditions(scope: Scope) -> dict[str, Any] | None:
    """Return a scope as Chroma's conditions, None where everything is admitted."""
    conditions: list[dict[str, Any]] = []
    if scope.threads is not None:
        conditions.append({"thread": {"$in": list(scope.threads)}})
    if scope.author is not None:
        conditions.append({"author": scope.author})
    if scope.kind is not None:
        conditions.append({"kind": scope.kind})
    if scope.since is not None:
        conditions.append({"day": {"$gte": scope.since}})
    if scope.until is not None:
        # Threads without a date have day 0 and are in no range.
        conditions += [{"day": {"$gt": 0}}, {"day": {"$lte": scope.until}}]
    if len(conditions) > 1:
        return {"$and": conditions}
    return conditions[0] if conditions else None
