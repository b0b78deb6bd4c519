"""How long an answer takes: `python -m tests.benchmarks.answering [COMMENTS …]` (default 252 100000).

For each number of comments an archive is made up (see `made_up`; `--keep FOLDER` keeps it for the next
time), or `--data FOLDER` measures what is indexed there. In a process of its own, with the model run as
commands run it, each of some 300 questions is asked once, never one twice, and timed:

- *bar*: encoding it and one raw Chroma query with the same `n_results` and `include`;
- *answer*: a whole answer, to a question never asked before;
- *again*: the same once more, when all that it needs has been read lately;
- *emptied*: with nothing kept of the comments read for the questions before.

The p50 of an answer is to be at most 1.3 times that of the bar plus 5 ms, and its p99 under 4 times its p50.
Also: the dense leg's recall@10 against exact search, and the memory of the process that answers.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retrieval.archive import Archive, pool_of
from retrieval.embedder import embedder_for
from retrieval.questions import ask
from retrieval.types import Scope
from tests.benchmarks import made_up

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from retrieval.vectors import ChromaStore

QUESTIONS = Path(__file__).parents[1] / "data" / "questions"
#: Asked before anything is timed.
WARMING = 30
#: Comments an answer quotes.
COUNT = 5
#: The ten nearest passages are what recall is about.
NEAREST = 10


def questions() -> list[str]:
    """Return all development questions in random order, the same every time."""
    files = sorted(QUESTIONS.glob("*.jsonl"))
    lines = [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
    found = list(dict.fromkeys(json.loads(line)["question"] for line in lines))
    random.Random(0).shuffle(found)  # noqa: S311 - not for secrets
    return found


def build(folder: Path, count: int) -> None:
    """Make up an archive and keep its vectors beside it, for exact search."""
    began = time.perf_counter()
    vectors = made_up.build(folder, count, embedder_for())
    np.save(folder / "vectors.npy", vectors)
    say(f"{count} comments, {len(vectors)} passages: made up in {time.perf_counter() - began:.0f} s")


def report(folder: Path) -> None:
    """Measure the archive in a folder and print what was found."""
    before = memory()
    embedder = embedder_for()
    with closing(Archive(folder, embedder)) as archive:
        archive.warm()
        store = archive._current().store

        def raw(vector: NDArray[np.float32]) -> object:
            return store._passages.query(
                query_embeddings=vector[None, :], n_results=pool_of(COUNT), include=["distances"]
            )

        asked = questions()
        for question in asked[:WARMING]:
            archive.answer(ask(question))
            raw(embedder.question(question))
        del asked[:WARMING]
        steps: dict[str, Callable[[str], object]] = {
            "encoding": embedder.question,
            "bar": lambda question: raw(embedder.question(question)),
            "answer": lambda question: archive.answer(ask(question)),
        }
        times = timed(steps, asked)
        taken = memory()
        times["again"] = timed(steps, asked)["answer"]
        kept = archive._current().lately
        steps["emptied"] = lambda question: (kept.clear(), archive.answer(ask(question)))
        times["emptied"] = timed(steps, asked)["emptied"]
        comments, passages = store.counts()
        say(f"{comments} comments, {passages} passages, {len(asked)} questions")
        for name, own in times.items():
            p50, p99 = np.percentile(own, [50, 99])
            say(f"  {name:9} p50 {p50:7.2f} ms   p99 {p99:7.2f} ms")
        p50, p99 = np.percentile(times["answer"], [50, 99])
        bar = 1.3 * float(np.percentile(times["bar"], 50)) + 5
        say(f"  1.3 × bar + 5 ms = {bar:.2f} ms: {'met' if p50 <= bar else 'missed'}")
        say(f"  p99 / p50 {p99 / p50:7.2f}")
        say(f"  memory    {taken:7.0f} MiB, of which {before:.0f} before anything was loaded")
        vectors = [embedder.question(question) for question in asked]
        say(f"  recall@10 {recall(store, vectors, exact(folder, store)):9.4f}")


def timed(steps: dict[str, Callable[[str], object]], asked: Sequence[str]) -> dict[str, list[float]]:
    """Return the milliseconds each step takes for each question.

    Steps take turns, so that what else the machine does hits all alike, and each is at another question,
    so that none finds in the processor's caches what the one before it fetched.
    """
    taken: dict[str, list[float]] = {name: [] for name in steps}
    for place in range(len(asked)):
        for turn, (name, step) in enumerate(steps.items()):
            question = asked[(place + turn * len(asked) // len(steps)) % len(asked)]
            began = time.perf_counter()
            step(question)
            taken[name].append((time.perf_counter() - began) * 1000)
    return taken


def exact(folder: Path, store: ChromaStore) -> NDArray[np.float32]:
    """Return the vectors of all passages."""
    kept = folder / "vectors.npy"
    if kept.exists():
        return np.asarray(np.load(kept, mmap_mode="r"))
    return np.stack(list(store.vectors(store.passage_ids()).values()))


def recall(store: ChromaStore, asked: Sequence[NDArray[np.float32]], vectors: NDArray[np.float32]) -> float:
    """Return the share of the nearest passages by exact search that the store finds, equals being equal."""
    shares = []
    for vector in asked:
        similar = vectors @ vector
        least = np.partition(similar, -NEAREST)[-NEAREST]
        found = store.nearest(vector, pool_of(COUNT), Scope())[:NEAREST]
        shares.append(np.mean([hit.score >= least - 1e-5 for hit in found]))
    return float(np.mean(shares))


def memory() -> float:
    """Return what of this process is in memory now, in MiB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.partition("VmRSS:")[2].split()[0]) / 1024


def say(line: str) -> None:
    """Write a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def alone(work: Callable[..., None], *arguments: object) -> None:
    """Run something in a process of its own, so that its memory is its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        pool.submit(work, *arguments).result()


def main(argv: Sequence[str]) -> int:
    """Report on each size, or on what is indexed in a folder."""
    options = argparse.ArgumentParser(prog="python -m tests.benchmarks.answering")
    options.add_argument("comments", nargs="*", type=int, default=[252, 100_000])
    options.add_argument("--keep", type=Path, help="where archives are kept, and found again")
    options.add_argument("--data", type=Path, help="measure this data folder instead")
    chosen = options.parse_args(argv)
    if chosen.data is not None:
        alone(report, chosen.data)
        return 0
    with tempfile.TemporaryDirectory() as passing:
        for count in chosen.comments:
            folder = (chosen.keep or Path(passing)) / str(count)
            if not (folder / "vectors.npy").exists():
                alone(build, folder, count)
            alone(report, folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
