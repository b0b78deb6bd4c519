"""How long an answer takes: `python -m tests.benchmarks.answering [COMMENTS …]` (default 252 100000).

Comments are made up from the words of the sample threads, their vectors at random (the speed of an
index does not depend on what its vectors mean), questions by the built-in model. For each size:

- p50 and p99 of a whole answer, warm, and of its parts: encoding the question, and one raw Chroma
  query with the same `n_results` and `include`;
- the bar, p50 at most 1.3 times (encoding + raw query) + 5 ms, and whether it is met;
- the dense leg's recall@10 against exact search; the memory of the process.
"""

from __future__ import annotations

import random
import resource
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ingest.formats import chinese_archive
from retrieval import generations
from retrieval.archive import _POOL, Archive
from retrieval.embedder import Embedder, embedder_for
from retrieval.generations import Manifest, ThreadEntry
from retrieval.lexical import LexicalIndex
from retrieval.questions import ask
from retrieval.records import make_record
from retrieval.text import sentences
from retrieval.types import Bilingual, Comment, Kind, Scope, Thread
from retrieval.vectors import ChromaStore, Embedded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from retrieval.types import Record

SAMPLES = Path(chinese_archive.__file__).parents[1] / "samples"
QUESTIONS = [
    "How do I keep my hands warm on a bike in freezing weather?",
    "Who waters the tomatoes while I am away on business?",
    "cheapest time of year to get last year's model",
    "冬天骑车上班怎么保暖？",
    "两个人睡觉互相影响怎么办",
    "换一块新电池大概要花多少",
]
ROUNDS = 20
BATCH = 2_000


def lines(language: str) -> list[str]:
    """Return the sentences of the samples that are Chinese, or are not."""
    texts = [
        path.read_text(encoding="utf-8")
        for path in sorted(SAMPLES.iterdir())
        if path.suffix in {".md", ".txt"}
    ]
    found = [span.of(text) for text in texts for span in sentences(text)]
    return [line for line in found if ("一" <= line[0] <= "鿿") == (language == "zh") and 8 < len(line) < 200]


def records(count: int, chooser: random.Random) -> Iterator[Record]:
    """Yield made-up comments of one to six sentences, a third of them in both languages."""
    zh, en = lines("zh"), lines("en")
    for number in range(count):
        size = chooser.randint(1, 6)
        text = Bilingual(
            "".join(chooser.choices(zh, k=size)),
            " ".join(chooser.choices(en, k=size)) if number % 3 == 0 else None,
        )
        comment = Comment(
            id=f"c{number:011}",
            thread_id=f"t{number // 200}",
            position=number % 200 + 1,
            kind=Kind.ANSWER,
            author=f"author {chooser.randint(0, count // 3)}",
            reply_to=None,
            parent=None,
            text=text,
            lines=(1, 2),
            images=0,
        )
        yield make_record(comment, [])


def build(data: Path, count: int, embedder: Embedder) -> None:
    """Write a generation of so many made-up comments and publish it."""
    chooser, numbers = random.Random(count), np.random.default_rng(count)  # noqa: S311 - not for secrets
    dimensions = len(embedder.question("?"))
    made = list(records(count, chooser))
    days = {record.comment.thread_id: 20250101 for record in made}
    folder = generations.folder_of(data, 1)
    folder.mkdir(parents=True)
    # Around a few hundred centres, as real texts are, rather than all at right angles to each other.
    centres = numbers.normal(size=(300, dimensions)).astype(np.float32)
    with closing(ChromaStore.open(folder / "chroma")) as store:
        for start in range(0, count, BATCH):
            store.upsert([embedded(record, centres, numbers) for record in made[start : start + BATCH]], days)
    LexicalIndex.open(folder / "lexical").update([], made, days)
    entries = tuple(
        ThreadEntry(
            Thread(name, Bilingual(zh=name), Bilingual(), "2025-01-01", ()), f"{name}.md", 200, 200, 200, 0
        )
        for name in days
    )
    manifest = Manifest(1, "2025-01-01", "built-in", embedder.fingerprint, dimensions, entries)
    generations.seal(data, manifest)
    generations.publish(data, 1)


def embedded(record: Record, centres: np.ndarray, numbers: np.random.Generator) -> Embedded:
    """Return a comment with a vector per passage, unit length, near one of the centres."""
    size = len(record.passage_ids())
    vectors = centres[numbers.integers(len(centres), size=size)] + numbers.normal(
        scale=0.7, size=(size, centres.shape[1])
    )
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return Embedded(record, vectors.astype(np.float32))


def times(work: Callable[[str], object]) -> tuple[float, float]:
    """Return p50 and p99 in milliseconds of some work on each question, warm."""
    for question in QUESTIONS:
        work(question)
    taken = []
    for question in QUESTIONS * ROUNDS:
        began = time.perf_counter()
        work(question)
        taken.append((time.perf_counter() - began) * 1000)
    return float(np.percentile(taken, 50)), float(np.percentile(taken, 99))


def recall(store: ChromaStore, asked: Sequence[np.ndarray]) -> float:
    """Return the share of the ten nearest passages by exact search that the store finds."""
    got = store._passages.get(include=["embeddings"])
    ids, vectors = got["ids"], np.asarray(got["embeddings"], dtype=np.float32)
    shares = []
    for vector in asked:
        exact = {ids[place] for place in np.argsort(-(vectors @ vector))[:10]}
        found = {str(hit.passage) for hit in store.nearest(vector, _POOL, Scope())[:10]}
        shares.append(len(exact & found) / 10)
    return float(np.mean(shares))


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def report(count: int, embedder: Embedder) -> None:
    """Build an archive of so many comments, measure it, print what was found."""
    with tempfile.TemporaryDirectory() as folder:
        data = Path(folder)
        began = time.perf_counter()
        build(data, count, embedder)
        say(f"{count} comments, built in {time.perf_counter() - began:.0f} s")
        with closing(Archive(data, embedder)) as archive:
            archive.warm()
            store = archive._current().store
            encode = times(embedder.question)
            vectors = {question: embedder.question(question) for question in QUESTIONS}
            raw = times(
                lambda question: store._passages.query(
                    query_embeddings=vectors[question][None, :], n_results=_POOL, include=["distances"]
                )
            )
            whole = times(lambda question: archive.answer(ask(question)))
            bar = 1.3 * (encode[0] + raw[0]) + 5
            for name, (half, most) in (("encode", encode), ("raw query", raw), ("answer", whole)):
                say(f"  {name:10} p50 {half:7.2f} ms   p99 {most:7.2f} ms")
            say(f"  bar        {bar:7.2f} ms: {'met' if whole[0] <= bar else 'missed'}")
            say(f"  p99 / p50  {whole[1] / whole[0]:7.2f}")
            say(f"  recall@10  {recall(store, list(vectors.values())):7.3f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    say(f"  memory     {peak / 1024:7.0f} MiB at most (building included)")


def main(argv: Sequence[str]) -> int:
    """Report on each size."""
    embedder = embedder_for()
    embedder.question("?")
    for count in map(int, argv or ("252", "100000")):
        report(count, embedder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
