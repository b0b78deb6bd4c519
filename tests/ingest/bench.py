"""An archive folder, a data folder and a counting embedder, to try ingest on the real indexes."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import pytest

from ingest import sync
from ingest.progress import Silent
from retrieval import generations, wholes
from retrieval.archive import Archive
from retrieval.homes import Embedded
from retrieval.lexical import LexicalIndex
from retrieval.probe import in_process
from retrieval.records import asking
from retrieval.server.home import ServerHome
from retrieval.types import Question, Scope
from tests import fakes
from tests.ingest import pages

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ingest.summary import Summary
    from retrieval.homes import Home
    from retrieval.types import Answer, Record
    from tests.servers import ChromaRun

B = TypeVar("B", bound="Bench")

TOMATOES = (("小李", "番茄要多晒太阳。"), ("阿明", "每天早上浇水。"), ("小李", "盆要大，至少二十升。"))
BICYCLES = (("夜班骑手", "冬天骑车要戴手套。"), ("小风", "耳朵最冷。"))


class Bench:
    """Where a test writes threads, ingests them and looks at what is published."""

    def __init__(self, folder: Path, server: Callable[[Path], Home] = Embedded) -> None:
        self.archive = folder / "archive"
        self.archive.mkdir(parents=True, exist_ok=True)
        self.data = folder / "data"
        self.home = server(self.data)
        self.embedder = fakes.FakeEmbedder()

    def ingest(self, *sources: Path | str, **options) -> Summary:
        """Ingest the archive folder, or other sources, with an embedder that has seen nothing yet."""
        self.embedder = fakes.FakeEmbedder(self.embedder.fingerprint, self.embedder.dimensions)
        options = {"probe": in_process} | options
        return sync.ingest(sources or (self.archive,), self.home, self.embedder, **options)

    def write(self, name: str, *comments: tuple[str, str], title: str = "怎么种番茄？") -> Path:
        """Write a thread file into the archive folder."""
        return pages.write(self.archive / name, *comments, title=title)

    @property
    def on_server(self) -> bool:
        """Tell whether the index is on a Chroma server."""
        return isinstance(self.home, ServerHome)

    @property
    def environment(self) -> dict[str, str]:
        """Return the settings that name this index."""
        named = {"THREADBOT_DATA_DIR": str(self.data)}
        if isinstance(self.home, ServerHome):
            there = self.home.server.address
            named |= {"THREADBOT_CHROMA_URL": there.url, "THREADBOT_CHROMA_DATABASE": there.database}
        return named

    @property
    def manifest(self) -> generations.Manifest:
        """Return the published manifest."""
        number = self.home.follow()
        return None if number is None else generations.read_manifest(self.home.folder, number)

    def texts(self) -> dict[str, str]:
        """Return what the published store holds, and check that both indexes and the manifest agree."""
        manifest = self.manifest
        folder = generations.folder_of(self.home.folder, manifest.generation)
        with closing(self.home.store(manifest.generation)) as store:
            records = list(store.all_records())
            comments, passages = store.counts()
        wanted = [passage for record in records for passage in record.passage_ids()]
        assert passages == len(wanted) == manifest.passages
        assert LexicalIndex.open(folder / "lexical").count() == sum(
            len(list(record.comment.text.items())) for record in records
        )
        assert comments == len(records) == sum(entry.comments for entry in manifest.threads)
        assert [record.common for record in records] == list(map(self._common, records))
        return {record.comment.id: record.comment.text.zh for record in records}

    def _common(self, record: Record) -> float | None:
        """Return how like what its thread asks a comment is, for who embeds as the bench does."""
        thread = self.manifest.holding(record.comment).thread
        texts, asked = record.passage_texts(), asking(thread.title, thread.question)
        if not texts or not asked:
            return None
        vectors = [np.stack(list(map(self.embedder.question, own))) for own in (texts, asked)]
        return pytest.approx(wholes.common(*vectors), abs=1e-3)

    def id_of(self, text: str) -> str:
        """Return the id of the published comment with a text."""
        return next(name for name, own in self.texts().items() if own == text)

    def ask(self, question: str, count: int = 5) -> Answer:
        """Answer a question from what is published."""
        with closing(Archive(self.home, self.embedder)) as archive:
            return archive.answer(Question(question, "zh", count))

    def bytes(self) -> dict[str, bytes]:
        """Return every file of the data folder."""
        paths = (path for path in self.data.rglob("*") if path.is_file())
        return {path.relative_to(self.data).as_posix(): path.read_bytes() for path in paths}

    def nearest(self, text: str) -> str:
        """Return the text of the published comment nearest to a text."""
        with closing(self.home.store(self.manifest.generation)) as store:
            hit = store.nearest(self.embedder.question(text), 1, Scope())[0]
            return store.records([hit.passage.comment_id])[hit.passage.comment_id].comment.text.zh


#: Where an index may live.
PLACES = ("embedded", "server")

#: For tests that hold for an index wherever it lives: each is tried on this machine and on a server.
anywhere = pytest.mark.parametrize("bench", PLACES, indirect=True)
on_server = pytest.mark.parametrize("bench", ["server"], indirect=True)


def home_at(request: pytest.FixtureRequest, data: Path) -> Home:
    """Return the home that a fixture is asked for, on this machine unless its parameter says otherwise."""
    if getattr(request, "param", "embedded") == "embedded":
        return Embedded(data)
    server: ChromaRun = request.getfixturevalue("chroma_run")
    return server.home(data)


def made(kind: type[B], request: pytest.FixtureRequest, folder: Path) -> B:
    """Return the bench that a test is asked for."""
    return kind(folder, lambda data: home_at(request, data))


class Killed(BaseException):
    """Stands for a process that ends at once."""


class Deadly(Silent):
    """A progress that kills the run at the end of a stage."""

    def __init__(self, stage: str) -> None:
        self._deadly, self._now = stage, ""

    def stage(self, name: str, total: int | None) -> None:
        """Remember the stage."""
        del total
        self._now = name

    def done(self) -> None:
        """Kill the run."""
        if self._now == self._deadly:
            raise Killed
