"""Stand-ins for what the front ends call, and values with sensible defaults."""

from __future__ import annotations

import io
import re
import zlib
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from bot.streams import Streams
from ingest.summary import Summary
from retrieval import wholes
from retrieval.errors import UsageError
from retrieval.generations import FileEntry, Manifest, ThreadEntry
from retrieval.terms import fold
from retrieval.types import (
    Answer,
    Bilingual,
    ChainLink,
    Comment,
    Excerpt,
    Hit,
    Kind,
    Question,
    Quote,
    Scope,
    Span,
    Thread,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from retrieval.types import PassageId, Record
    from retrieval.vectors import Embedded

THREAD = Thread(
    id="thread000001",
    title=Bilingual(zh="阳台上的番茄", en="Tomatoes on a balcony"),
    question=Bilingual(zh="种得出来吗？", en="Can they be grown?"),
    date="2025-06-18",
    tags=("gardening",),
)
COMMENT = Comment(
    id="comment00001",
    thread_id=THREAD.id,
    position=12,
    kind=Kind.REPLY,
    author="芋头不甜",
    reply_to="十七楼的风",
    parent=9,
    text=Bilingual(zh="没有蜜蜂。用电动牙刷。", en="No bees come up. Use a toothbrush. It works."),
    lines=(133, 139),
    images=0,
)


def excerpt(rank: int = 1, **changes: object) -> Excerpt:
    """Return an excerpt of COMMENT: the middle sentence of its English text, one word of it matched."""
    text = COMMENT.text.en
    quote = Quote("en", Span(17, 34), text[17:34], (Span(6, 16),))
    made = Excerpt(
        rank=rank,
        score=0.71234,
        comment=replace(COMMENT, id=f"comment{rank:05}"),
        thread=THREAD,
        path="balcony.md",
        quote=quote,
        other=Quote("zh", Span(5, 11), "用电动牙刷。"),
        chain=(ChainLink("root00000001", "十七楼的风", 9, "Choose the variety first."),),
        similar=("twin00000001",),
        explanation={"dense": 0.7, "passages": ["a", "b"]},
    )
    return replace(made, **changes)


def answer(question: Question, *excerpts: Excerpt, answered: bool = True) -> Answer:
    """Return an answer of generation 12."""
    return Answer(question, answered, 12, "2025-09-02", excerpts)


class FakeArchive:
    """An archive that knows `size` comments, all alike, and remembers what it was asked."""

    def __init__(self, size: int = 7, *, answered: bool = True) -> None:
        self.size = size
        self.answered = answered
        self.asked: list[Question] = []
        self.warmed = self.closed = False

    def answer(self, question: Question) -> Answer:
        """Answer with as many comments as there are; refuse a thread that does not exist."""
        self.asked.append(question)
        if question.filters.thread == "nowhere":
            raise UsageError("No thread is called “nowhere”.")
        found = [excerpt(rank) for rank in range(1, min(question.count, self.size) + 1)]
        return answer(question, *found, answered=self.answered)

    def more_like(self, comment_id: str, count: int, language: str) -> Answer:
        """Answer with all comments but the one."""
        return self.answer(Question(comment_id, language, count))

    def show(self, comment_id: str, language: str) -> Excerpt:
        """Return a whole comment; ids start with "comment"."""
        if not comment_id.startswith("comment"):
            raise UsageError(f"No comment has the id “{comment_id}”.")
        text = COMMENT.text[language]
        return excerpt(1, quote=Quote(language, Span(0, len(text)), text))

    def manifest(self) -> Manifest:
        """Return MANIFEST."""
        return MANIFEST

    def observe(self, stage: object) -> None:
        """Measure nothing."""

    def warm(self) -> None:
        """Remember it."""
        self.warmed = True

    def close(self) -> None:
        """Remember it."""
        self.closed = True


MANIFEST = Manifest(
    generation=12,
    created="2025-09-03T06:00:00+00:00",
    model="built-in",
    fingerprint="f" * 16,
    dimensions=384,
    threads=(
        ThreadEntry(THREAD, "balcony.md", comments=17, answers=5, zh=17, en=16),
        ThreadEntry(
            Thread("thread000002", Bilingual(zh="冬天骑车"), Bilingual(), None, ()),
            "winter.txt",
            comments=17,
            answers=17,
            zh=17,
            en=0,
        ),
    ),
    files=(
        FileEntry("/threads", "balcony.md", 1, 1, 1, "d", THREAD.id, None),
        FileEntry("/threads", "broken.md", 1, 1, 2, "e", None, "line 3: unclosed front matter"),
    ),
    run={"new": 34, "changed": 0, "removed": 0, "unchanged": 0, "seconds": 2.5},
)
SUMMARY = Summary(
    generation=1,
    published=True,
    files_read=2,
    skipped=(("broken.md", "line 3: unclosed front matter"),),
    new=34,
    changed=1,
    moved=2,
    removed=3,
    unchanged=4,
    embedded=50,
    cached=6,
    seconds=2.5,
    encoding_seconds=2.0,
)


class Terminal(io.TextIOWrapper):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        """Say so."""
        return True


def streams(stdin: bytes = b"", *, terminal: bool = False) -> Streams:
    """Return streams over memory."""
    kind = Terminal if terminal else io.TextIOWrapper
    first, second, third = (kind(io.BytesIO(data), "utf-8", newline="") for data in (stdin, b"", b""))
    return Streams(first, second, third)


def written(stream: io.TextIOWrapper) -> str:
    """Return everything written to one of those streams."""
    stream.flush()
    return stream.buffer.getvalue().decode()


class FakeEmbedder:
    """An embedder that hashes words and Han characters into a vector, and remembers what it was given."""

    def __init__(self, fingerprint: str = "fake", dimensions: int = 32) -> None:
        self.fingerprint = fingerprint
        self.dimensions = dimensions
        #: One list of texts per call of `passages`.
        self.batches: list[list[str]] = []
        self.questions: list[str] = []

    @property
    def texts(self) -> list[str]:
        """Return every text embedded as a passage, in order."""
        return [text for batch in self.batches for text in batch]

    @contextmanager
    def encoding(self) -> Iterator[None]:
        """See `retrieval.embedder.Embedder.encoding`."""
        yield

    def passages(self, texts: Sequence[str], coming: Sequence[str] = ()) -> NDArray[np.float32]:
        """See `retrieval.embedder.Embedder.passages`."""
        self.batches.append(list(texts))
        return np.stack([self._vector(text) for text in texts])

    def question(self, text: str) -> NDArray[np.float32]:
        """See `retrieval.embedder.Embedder.question`."""
        self.questions.append(text)
        return self._vector(text)

    def _vector(self, text: str) -> NDArray[np.float32]:
        vector = np.full(self.dimensions, 1e-3, dtype=np.float32)
        for token in re.findall(r"[a-z0-9]+|[^\x00-\x7f]", text.lower()):
            vector[zlib.crc32(token.encode("utf-8", "surrogatepass")) % self.dimensions] += 1
        return vector / np.float32(np.linalg.norm(vector))


class ExactStore:
    """The store in memory, searched exactly: the stand-in for `ChromaStore`, and the oracle for it."""

    def __init__(self) -> None:
        self._records: dict[str, Record] = {}
        self._vectors: dict[PassageId, NDArray[np.float32]] = {}
        self._days: dict[str, int] = {}

    def close(self) -> None:
        """Do nothing."""

    def upsert(self, items: Sequence[Embedded], days: Mapping[str, int]) -> None:
        """See `ChromaStore.upsert`."""
        self._days |= days
        for item in items:
            self._records[item.record.comment.id] = item.record
            self._vectors |= dict(item.rows())

    def refresh(self, items: Sequence[Record]) -> None:
        """See `ChromaStore.refresh`."""
        self._records |= {record.comment.id: record for record in items}

    def delete(self, comment_ids: Sequence[str], passage_ids: Sequence[PassageId]) -> None:
        """See `ChromaStore.delete`."""
        for comment_id in comment_ids:
            self._records.pop(comment_id, None)
        for passage in passage_ids:
            self._vectors.pop(passage, None)

    def nearest(self, vector: NDArray[np.float32], count: int, scope: Scope) -> list[Hit]:
        """See `ChromaStore.nearest`."""
        if not vector.size:
            return []
        hits = [
            Hit(passage, float(vector @ own))
            for passage, own in self._vectors.items()
            if self._admits(scope, self._records[passage.comment_id])
        ]
        return sorted(hits, key=lambda hit: -hit.score)[:count]

    def neighbours(self, vectors: NDArray[np.float32], count: int) -> list[list[Hit]]:
        """See `ChromaStore.neighbours`."""
        return [self.nearest(vector, count, Scope()) for vector in vectors]

    def _admits(self, scope: Scope, record: Record) -> bool:
        comment = record.comment
        day = self._days[comment.thread_id]
        dated = scope.since is None and scope.until is None
        return (
            (scope.threads is None or comment.thread_id in scope.threads)
            and (scope.author is None or fold(comment.author) == scope.author)
            and (scope.kind is None or comment.kind == scope.kind)
            and (dated or (scope.since or 1) <= day <= (scope.until or 99_999_999))
        )

    def wholes(self, comment_ids: Sequence[str]) -> dict[str, bytes]:
        """See `ChromaStore.wholes`."""
        own = {
            name: [mine for passage, mine in self._vectors.items() if passage.comment_id == name]
            for name in comment_ids
        }
        return {name: wholes.packed(np.stack(vectors)) for name, vectors in own.items() if len(vectors) > 1}

    def vectors(self, passages: Sequence[PassageId]) -> dict[PassageId, NDArray[np.float32]]:
        """See `ChromaStore.vectors`."""
        return {passage: self._vectors[passage] for passage in passages if passage in self._vectors}

    def records(self, comment_ids: Sequence[str]) -> dict[str, Record]:
        """See `ChromaStore.records`."""
        return {name: self._records[name] for name in comment_ids if name in self._records}

    def thread_records(self, thread_id: str) -> list[Record]:
        """See `ChromaStore.thread_records`."""
        own = (record for record in self._records.values() if record.comment.thread_id == thread_id)
        return sorted(own, key=lambda record: record.comment.position)

    def all_records(self) -> Iterator[Record]:
        """See `ChromaStore.all_records`."""
        yield from self._records.values()

    def counts(self) -> tuple[int, int]:
        """See `ChromaStore.counts`."""
        return len(self._records), len(self._vectors)
