"""An archive of any size, made up from the sample threads, for measuring what only size brings out.

Comments are sentences of the samples in random order: most have a few, some have dozens, a third are in
both languages, most reply to an answer or to another reply. A word is therefore as common as in an
archive about one subject, which is the hard case for a lexical index.

Encoding 100,000 comments takes an hour, and vectors at random are like no real ones. So the model
encodes each sentence once, and a passage's vector is the mean of its sentences' vectors, turned along the
difference of two others until it is as far from that mean as passages of real threads are.
"""

from __future__ import annotations

import random
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ingest.formats import chinese_archive
from retrieval import generations
from retrieval.generations import Manifest, ThreadEntry
from retrieval.lexical import LexicalIndex
from retrieval.records import content_digest
from retrieval.text import passages, sentences
from retrieval.types import Bilingual, Comment, Kind, Record, Span, Thread
from retrieval.vectors import ChromaStore, Embedded

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from retrieval.embedder import Embedder
    from retrieval.types import Language

SAMPLES = Path(chinese_archive.__file__).parents[1] / "samples"
#: Comments of a thread, and how many are written at a time.
_THREAD, _BATCH = 200, 1_000
#: The cosine of a passage's vector and its sentences' mean, the median of 150 passages of real threads.
_LIKE_ITS_SENTENCES = 0.81


def build(data: Path, count: int, embedder: Embedder) -> NDArray[np.float32]:
    """Write a generation of so many comments and publish it; return the vectors that are searched."""
    maker = _Maker(embedder, count)
    folder = generations.folder_of(data, 1)
    folder.mkdir(parents=True)
    made, vectors = [], []
    with closing(ChromaStore.create(folder)) as store:
        for start in range(0, count, _BATCH):
            batch = [maker.embedded(number) for number in range(start, min(start + _BATCH, count))]
            store.upsert(batch, maker.days)
            made += [item.record for item in batch]
            vectors += [vector for item in batch for _, vector in item.rows()]
    LexicalIndex.create(folder / "lexical").update([], made, maker.days)
    entries = tuple(map(_thread, maker.days))
    dimensions = len(vectors[0])
    generations.seal(data, Manifest(1, "2025-01-01", "built-in", embedder.fingerprint, dimensions, entries))
    generations.publish(data, 1)
    return np.stack(vectors)


def _thread(name: str) -> ThreadEntry:
    thread = Thread(name, Bilingual(zh=name), Bilingual(), "2025-01-01", ())
    return ThreadEntry(thread, f"{name}.md", _THREAD, _THREAD // 8, _THREAD, _THREAD // 3)


def sample_sentences(language: Language) -> list[str]:
    """Return the whole sentences of the samples in a language."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(SAMPLES.iterdir()) if path.suffix != ".py"]
    found = dict.fromkeys(span.of(text) for text in texts for span in sentences(text))
    stops = "。！？" if language == "zh" else ".!?"
    return [line for line in found if 8 < len(line) < 200 and line[-1] in stops and line[0] not in "<#*-|"]


@dataclass(frozen=True, slots=True)
class _Line:
    """A sentence and its vector."""

    text: str
    vector: NDArray[np.float32]


class _Maker:
    """What makes one comment after another, the same ones every time."""

    def __init__(self, embedder: Embedder, count: int) -> None:
        self._chooser = random.Random(count)  # noqa: S311 - not for secrets
        self._authors = max(3, count // 4)
        self._lines: dict[Language, list[_Line]] = {}
        for language in ("zh", "en"):
            texts = sample_sentences(language)
            self._lines[language] = list(map(_Line, texts, embedder.passages(texts)))
        self._all = [line.vector for lines in self._lines.values() for line in lines]
        #: Of the thread that is being made: the comments from the last answer to the last reply.
        self._above: list[tuple[str, int]] = []
        self.days: dict[str, int] = {}

    def embedded(self, number: int) -> Embedded:
        """Return the comment of a number, counted from 0, with its vectors."""
        choose = self._chooser
        size = choose.randint(1, 6) if choose.random() < 0.98 else choose.randint(20, 60)
        languages: tuple[Language, ...] = ("zh", "en") if choose.random() < 1 / 3 else ("zh",)
        written = [
            _joined([choose.choice(self._lines[name]) for _ in range(size)], name) for name in languages
        ]
        comment, above = self._comment(number, Bilingual(*(text for text, _ in written)))
        cut = [passages(text) for text, _ in written]
        aligned = tuple(zip(*([span for span, _ in places] for _, places in written), strict=True))
        vectors = [
            self._vector([vector for span, vector in places if passage.holds(span)])
            for (_, places), spans in zip(written, cut, strict=True)
            for passage in spans
        ]
        spans = dict(zip(languages, map(tuple, cut), strict=True))
        pairs = aligned if len(languages) == 2 else ()
        record = Record(comment, content_digest(comment.text), above, spans, pairs)
        return Embedded(record, np.stack(vectors))

    def _comment(self, number: int, text: Bilingual) -> tuple[Comment, tuple[str, ...]]:
        choose, position = self._chooser, number % _THREAD + 1
        thread = f"t{number // _THREAD:06}"
        self.days.setdefault(thread, 20250101)
        if position == 1 or choose.random() < 1 / 8:
            self._above = []
        elif len(self._above) > 1:
            del self._above[choose.randint(1, len(self._above)) :]
        name = f"c{number:011}"
        comment = Comment(
            id=name,
            thread_id=thread,
            position=position,
            kind=Kind.REPLY if self._above else Kind.ANSWER,
            author=f"author {choose.randint(1, self._authors)}",
            reply_to=None,
            parent=self._above[-1][1] if self._above else None,
            text=text,
            lines=(position * 10, position * 10 + 5),
            images=0,
        )
        ancestors = tuple(known for known, _ in self._above)
        self._above.append((name, position))
        return comment, ancestors

    def _vector(self, own: Sequence[NDArray[np.float32]]) -> NDArray[np.float32]:
        mean = _unit(np.mean(own or [self._chooser.choice(self._all)], axis=0))
        one, other = self._chooser.choices(self._all, k=2)
        aside = _unit(one - other + np.float32(1e-6))
        aside = _unit(aside - (aside @ mean) * mean)
        return _unit(_LIKE_ITS_SENTENCES * mean + np.sqrt(1 - _LIKE_ITS_SENTENCES**2) * aside)


def _joined(lines: Sequence[_Line], language: Language) -> tuple[str, list[tuple[Span, NDArray[np.float32]]]]:
    """Return sentences as one text, and where each stands in it, with its vector."""
    space = "" if language == "zh" else " "
    places, end = [], 0
    for line in lines:
        places.append((Span(end, end + len(line.text)), line.vector))
        end += len(line.text) + len(space)
    return space.join(line.text for line in lines), places


def _unit(vector: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
