"""How far one Chroma server goes: `python -m tests.benchmarks.on_server 500 20000`; 20000 take 200 s.

An archive that is made up (see `made_up`) is ingested into a real `chroma run`; then one comment of it
changes, a machine with an empty data folder copies it, and questions are asked there, alone and from
eight readers at once.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import threading
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.cache import EmbeddingCache
from ingest.embedding import Vectors
from ingest.progress import Silent
from ingest.release import Release, from_nothing, numbered
from ingest.server_turn import by_thread
from ingest.threads import tally
from ingest.turns import writing
from ingest.write import Change
from retrieval.archive import Archive
from retrieval.embedder import embedder_for
from retrieval.generations import Manifest, ThreadEntry, days, size_of
from retrieval.probe import in_process
from retrieval.types import Bilingual, Question, Thread
from tests.benchmarks.made_up import _Maker, sample_sentences
from tests.servers import ChromaRun

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from retrieval.embedder import Embedder
    from retrieval.server.home import ServerHome
    from retrieval.types import Record

_QUESTIONS, _READERS = 60, 8

Threads = tuple[ThreadEntry, ...]


def _thread(name: str) -> ThreadEntry:
    thread = Thread(name, Bilingual(zh=name), Bilingual(), "2025-01-01", ())
    return ThreadEntry(thread, f"{name}.md", 0, 0, 0, 0)


def memory(server: ChromaRun) -> int:
    """Return the megabytes of memory that a server's process has of its own."""
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    return int(status.partition("RssAnon:")[2].split()[0]) // 1024


def publish(home: ServerHome, cache: EmbeddingCache, change: Change, threads: Threads, model: str) -> float:
    """Publish a change; return the seconds it took."""
    began = time.monotonic()

    def describe(number: int, made: Change, _: Sequence[str]) -> Manifest:
        manifest = Manifest(0, "2025-01-01T00:00:00+00:00", "built-in", model, 384, threads)
        return numbered(manifest, number, made)

    with writing(home) as turn:
        Release(turn, Vectors(cache), Silent(), in_process, describe, days(threads))(change)
    return time.monotonic() - began


def fill(cache: EmbeddingCache, embedder: Embedder, count: int) -> tuple[list[Record], Threads]:
    """Make comments up and put their vectors into the cache; return them and their threads."""
    maker, made = _Maker(embedder, count), []
    for _ in range(0, count, 1000):
        batch = [maker.embedded(number) for number in range(len(made), min(len(made) + 1000, count))]
        keys = [cache.key(text) for item in batch for text in item.record.passage_texts()]
        cache.put(dict(zip(keys, (vector for item in batch for vector in item.vectors), strict=True)))
        made += [item.record for item in batch]
    own = by_thread(made)
    threads = (tally(_thread(name), [record.comment for record in own[name]]) for name in maker.days)
    return made, tuple(threads)


def ask(archive: Archive, count: int) -> list[float]:
    """Ask questions; return the milliseconds each took."""
    texts = [*sample_sentences("en"), *sample_sentences("zh")]
    took = []
    for number in range(count):
        began = time.monotonic()
        archive.answer(Question(texts[number * 7 % len(texts)], "en", 5))
        took.append(1000 * (time.monotonic() - began))
    return took


@contextmanager
def running(folder: Path) -> Iterator[ChromaRun]:
    """Give a server, which does not outlive a run that is ended."""
    server = ChromaRun(folder)
    try:
        yield server
    finally:
        server.stop()


def measure(count: int, embedder: Embedder) -> Iterator[str]:
    """Yield what was measured with so many comments."""
    with tempfile.TemporaryDirectory() as name, running(Path(name) / "server") as server:
        folder = Path(name)
        address = server.address()
        home = server.home(folder / "writer", address)
        with EmbeddingCache(folder / "vectors.sqlite", embedder.fingerprint) as cache:
            records, threads = fill(cache, embedder, count)
            whole = from_nothing(records)
            seconds = publish(home, cache, whole, threads, embedder.fingerprint)
            yield f"{count} comments, {whole.passages} passages: written and published in {seconds:.0f} s"
            used, disk = memory(server), size_of(server.folder) / 1e6
            yield f"  the server has {used} MB of memory of its own and {disk:.0f} MB of files"
            one = Change(1, [], [records[count // 2]], [], [], whole.passages)
            seconds = publish(home, cache, one, threads, embedder.fingerprint)
            yield f"  one comment changed, published in {seconds:.1f} s"
        began = time.monotonic()
        place = server.home(folder / "reader", address)
        with closing(Archive(place, embedder)) as archive:
            archive.warm()
            size = size_of(folder / "reader") / 1e6
            yield f"  copied by a reader in {time.monotonic() - began:.0f} s, {size:.0f} MB"
            ask(archive, 5)
            took = ask(archive, _QUESTIONS)
            slowest = statistics.quantiles(took, n=20)[-1]
            yield f"  one reader: p50 {statistics.median(took):.0f} ms, p95 {slowest:.0f} ms a question"
        archives = [Archive(server.home(folder / "reader", address), embedder) for _ in range(_READERS)]
        everything: list[float] = []
        readers = [threading.Thread(target=lambda a=a: everything.extend(ask(a, 20))) for a in archives]
        began = time.monotonic()
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        rate = len(everything) / (time.monotonic() - began)
        typical = statistics.median(everything)
        yield f"  {_READERS} readers at once: p50 {typical:.0f} ms, {rate:.0f} questions a second"
        yield f"  the server has {memory(server)} MB of memory of its own"


def main(argv: Sequence[str]) -> int:
    """Measure archives of the sizes that are named."""
    embedder = embedder_for("built-in", None, "auto")
    for size in argv or ("20000",):
        for line in measure(int(size), embedder):
            sys.stdout.write(line + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
