"""A connection to a Chroma server, in the words of this package, and its failures in one sentence."""

from __future__ import annotations

import re
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from retrieval import vectors
from retrieval.errors import RetrievalError, SupersededError, UnavailableError
from retrieval.vectors import nearest_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from retrieval.vectors import Client, Collection

#: What the names of all our collections begin with.
_PREFIX = "threadbot-"
#: Rows written, read or removed with one request: what Chroma Cloud allows.
PAGE = 300
#: How long (seconds) the server may take for one answer.
_PATIENCE = 120.0
#: How much of what a server or a proxy says goes into a sentence.
_LONGEST = 160


@dataclass(frozen=True, slots=True)
class Address:
    """Where a server is, and what it wants to see."""

    url: str
    tenant: str = "default_tenant"
    database: str = "default_database"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def name(self) -> str:
        """Return what a sentence calls the index there."""
        return f"{self.url} ({self.database})" if self.database != "default_database" else self.url


class UnreachableError(UnavailableError):
    """The server does not answer, or not as a Chroma server does."""


class Server:
    """An address, connected to at the first use; safe to use from several threads."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._client: Client | None = None
        self._lock = threading.Lock()

    def listing(self) -> dict[str, Collection]:
        """Return all of our collections by their names, without what these begin with."""
        try:
            with self._told() as client:
                found = client.list_collections()
        except SupersededError:
            return {}  # there is no such database yet
        return {one.name.removeprefix(_PREFIX): one for one in found if one.name.startswith(_PREFIX)}

    def prepare(self) -> None:
        """Make the database if there is none.

        :raises UnreachableError: If there is no such tenant.
        """
        try:
            with self._told(make=True):
                pass
        except SupersededError as error:
            there = self.address
            raise UnreachableError(
                f"The Chroma server at {there.url} has no tenant “{there.tenant}”; correct "
                "THREADBOT_CHROMA_TENANT, or make it there.",
                f"{there.url} 的 Chroma 服务器上没有租户“{there.tenant}”；"
                "请更正 THREADBOT_CHROMA_TENANT，或在服务器上建立它。",
            ) from error

    def create(
        self, name: str, metadata: Mapping[str, Any], graph: dict[str, Any] | None = None
    ) -> Collection | None:
        """Make a collection, None where one of that name is there: of all who try, one succeeds."""
        configuration: Any = {"hnsw": vectors.NO_GRAPH if graph is None else graph}
        with self._told() as client:
            try:
                return client.create_collection(
                    _PREFIX + name,
                    configuration=configuration,
                    metadata=dict(metadata),
                    embedding_function=None,
                )
            except Exception as error:
                if "already exists" in str(error):
                    return None
                raise

    def drop(self, name: str) -> None:
        """Remove a collection, if it is there."""
        with self._told() as client:
            try:
                client.delete_collection(_PREFIX + name)
            except Exception as error:
                if not vectors.is_missing(error):
                    raise

    def amend(self, collection: Collection, metadata: Mapping[str, Any]) -> None:
        """Put other metadata in the place of a collection's.

        :raises SupersededError: If it is gone.
        """
        with self._told():
            collection.modify(metadata=dict(metadata))

    def put(self, collection: Collection, rows: Mapping[str, Any]) -> None:
        """Write rows, given by column, the place of those with the same ids included."""
        with self._told():
            for start in range(0, len(rows["ids"]), PAGE):
                collection.upsert(**{name: column[start : start + PAGE] for name, column in rows.items()})

    def rows(self, collection: Collection, ids: Sequence[str], what: str) -> dict[str, Any]:
        """Return one column ("documents" or "embeddings") of rows by id; missing ones are left out."""
        found: dict[str, Any] = {}
        include: Any = [what]
        with self._told():
            for start in range(0, len(ids), PAGE):
                got: Any = collection.get(ids=list(ids[start : start + PAGE]), include=include)
                found |= dict(zip(got["ids"], got[what], strict=True))
        return found

    def where(
        self, collection: Collection, conditions: dict[str, Any], what: str | None = None
    ) -> Iterator[tuple[str, Any]]:
        """Yield (id, one column, or None) of all rows that meet conditions, a page at a time."""
        offset, include = 0, [what] if what else []
        while True:
            with self._told():
                got: Any = collection.get(
                    where=conditions,
                    limit=PAGE,
                    offset=offset,
                    include=include,  # type: ignore[arg-type]
                )
            if not got["ids"]:
                return
            yield from zip(got["ids"], got[what] if what else [None] * len(got["ids"]), strict=True)
            offset += len(got["ids"])

    def remove(self, collection: Collection, ids: Iterable[str]) -> None:
        """Remove rows by id; those that are not there are ignored."""
        names = list(ids)
        with self._told():
            for start in range(0, len(names), PAGE):
                collection.delete(ids=names[start : start + PAGE])

    def nearest(
        self,
        collection: Collection,
        vectors: NDArray[np.float32],
        count: int,
        where: dict[str, Any] | None,
    ) -> list[list[tuple[str, float]]]:
        """Return (id, distance) of the rows nearest to each vector, (n, dimensions), nearest first."""
        with self._told():
            return nearest_rows(collection, vectors, count, where)

    def count(self, collection: Collection) -> int:
        """Return how many rows there are."""
        with self._told():
            return collection.count()

    @contextmanager
    def _told(self, *, make: bool = False) -> Iterator[Client]:
        """Give the client, and say in one sentence what goes wrong with it."""
        try:
            yield self._connected(make=make)
        except RetrievalError:
            raise
        except Exception as error:
            if vectors.is_missing(error):
                raise SupersededError from error
            if not vectors.is_of_server(error):
                raise
            raise UnreachableError(*self._sentences(error)) from error

    def _connected(self, *, make: bool) -> Client:
        with self._lock:
            if self._client is None:
                there = self.address
                self._client = vectors.connect(
                    there.url, there.tenant, there.database, there.headers, _PATIENCE, make=make
                )
            return self._client

    def _sentences(self, error: Exception) -> tuple[str, str]:
        """Return what is wrong and what to do, in English and Chinese; no secret is in it."""
        said = next(iter(f"{error}".strip().splitlines()), "")
        for value in self.address.headers.values():
            said = said.replace(value, "…")
        said = re.sub(r"<[^>]*>", " ", said)[:_LONGEST].strip() or type(error).__name__
        where = self.address.url
        if re.search(r"\b(401|403|forbidden|unauthori[sz]ed)\b", said, re.IGNORECASE):
            return (
                f"The Chroma server at {where} refuses to be used like this ({said}); put what it wants to "
                "see into THREADBOT_CHROMA_HEADERS.",
                f"{where} 的 Chroma 服务器拒绝访问（{said}）；"
                "请在 THREADBOT_CHROMA_HEADERS 中写入它要求的请求头。",
            )
        return (
            f"The Chroma server at {where} cannot be used ({said}); see that it runs and that "
            "THREADBOT_CHROMA_URL is right, and try again.",
            f"无法使用 {where} 的 Chroma 服务器（{said}）；"
            "请确认它正在运行、THREADBOT_CHROMA_URL 正确，然后重试。",
        )
