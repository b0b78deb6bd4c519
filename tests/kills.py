"""Kill ingests at bad moments and see what is left: `python -m tests.kills --random 200 --aimed 100`.

Each round edits generated threads, starts an ingest with a fake embedder in a child process, kills it
with SIGKILL, and checks: the published generation answers and is exactly the one before or the one
after the round; the next run finishes; no text was encoded twice but those of the batch in flight.
Children are forked, so that hundreds of rounds take minutes.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import chromadb  # noqa: F401 - loaded once, before children are forked

from ingest import cache, copying, embedding, exclusions, release, sync, write  # noqa: F401 - the same
from retrieval import generations, readers
from retrieval.archive import Archive
from retrieval.documents import Documents
from retrieval.lexical import Writing
from retrieval.probe import in_process
from retrieval.types import Question
from retrieval.vectors import ChromaStore
from tests.fakes import FakeEmbedder
from tests.ingest import pages

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

#: Texts a batch holds here, so that a run has many.
_BATCH = 16
#: Where an aimed kill strikes: a function, and whether before or after it.
AIMS = tuple(
    (place, moment)
    for place in (
        (generations, "publish"),
        (generations, "seal"),
        (generations, "write_manifest"),
        (generations, "replace_text"),
        (generations, "remove"),
        (readers, "sweep"),
        (write, "copy_generation"),
        (write, "scrub"),
        (Path, "replace"),
        (ChromaStore, "upsert"),
        (ChromaStore, "delete"),
        (Documents, "write"),
        (Writing, "commit"),
        (cache.EmbeddingCache, "put"),
    )
    for moment in ("before", "after")
)
#: Files whose first sight or growth is the moment to kill at.
WATCHED = (
    "comments.sqlite",
    "data_level0.bin",
    "header.bin",
    "index_metadata.pickle",
    "link_lists.bin",
    "length.bin",
)

Model = dict[tuple[str, str], str]


class Logging(FakeEmbedder):
    """A fake embedder that writes every batch to a file before it encodes it."""

    def __init__(self, log: Path) -> None:
        super().__init__()
        self._log = log

    def passages(self, texts, coming=()):
        """See `Embedder.passages`."""
        with self._log.open("a", encoding="utf-8") as file:
            file.write(json.dumps(list(texts)) + "\n")
        return super().passages(texts)


@dataclass
class Field:
    """The threads, the index, and what the index should hold."""

    folder: Path
    dice: random.Random
    #: Text by (file, author); authors are never shared within a file.
    model: Model = field(default_factory=dict)
    serial: int = 0

    @property
    def data(self) -> Path:
        """Return the data folder."""
        return self.folder / "data"

    @property
    def log(self) -> Path:
        """Return where encoded batches are written down."""
        return self.folder / "encoded.jsonl"

    def edit(self, changes: int) -> Model:
        """Change the model at random, write its files, and return it."""
        for _ in range(changes):
            self.serial += 1
            place = self.dice.choice([*self.model] or [None])
            what = self.dice.choice(["add", "add", "edit", "remove"])
            if place is None or what == "add" or len(self.model) < 40:
                self.model[f"t{self.dice.randrange(6)}.txt", f"作者{self.serial}"] = self._text()
            elif what == "edit":
                self.model[place] = self._text()
            else:
                del self.model[place]
        self._write()
        return dict(self.model)

    def _text(self) -> str:
        words = "".join(
            self.dice.choice("番茄要多晒太阳每天早上浇水盆大至少二十升冬骑车戴手套耳朵最冷")
            for _ in range(12)
        )
        return f"{words}编号{self.serial}。"

    def _write(self) -> None:
        for number in range(6):
            name = f"t{number}.txt"
            own = [(author, text) for (file, author), text in self.model.items() if file == name]
            path = self.folder / "archive" / name
            if own:
                pages.write(path, *own, title=f"讨论{number}")
            else:
                path.unlink(missing_ok=True)


def ingest(place: Field, arm: Callable[[], None] | None = None) -> None:
    """Ingest, in the process this is called in."""
    embedding._BATCH = _BATCH
    if arm is not None:
        arm()
    sync.ingest([place.folder / "archive"], place.data, Logging(place.log), probe=in_process)


def look(place: Field) -> None:
    """Write down what the published generation holds, and ask it about some of that."""
    manifest = generations.read_manifest(place.data)
    if manifest is None:
        (place.folder / "seen.json").write_text("null")
        return
    problems = in_process(place.data, manifest.generation)
    paths = {entry.thread.id: entry.path for entry in manifest.threads}
    folder = generations.folder_of(place.data, manifest.generation)
    with closing(ChromaStore.open(folder)) as store:
        records = [record.comment for record in store.all_records()]
    with closing(Archive(place.data, FakeEmbedder())) as archive:
        for comment in place.dice.sample(records, min(5, len(records))):
            found = archive.answer(Question(comment.text.zh or "", "zh", 3)).excerpts
            if comment.id not in {excerpt.comment.id for excerpt in found}:
                problems.append(f"{comment.id} does not answer to its own words")
    held = [[paths[comment.thread_id], comment.author, comment.text.zh] for comment in records]
    (place.folder / "seen.json").write_text(json.dumps({"held": held, "problems": problems}))


def child(target: Callable[..., None], *arguments: object) -> multiprocessing.process.BaseProcess:
    """Start a forked child."""
    process = multiprocessing.get_context("fork").Process(target=target, args=arguments)
    process.start()
    return process


def seen(place: Field) -> tuple[Model | None, list[str]]:
    """Return what a fresh process finds published, and what is wrong with it."""
    process = child(look, place)
    process.join()
    if process.exitcode:
        return None, [f"looking ended with exit code {process.exitcode}"]
    data = json.loads((place.folder / "seen.json").read_text())
    if data is None:
        return {}, []
    return {(path, author): text for path, author, text in data["held"]}, data["problems"]


def at(owner: object, name: str, moment: str, count: int) -> Callable[[], None]:
    """Return what makes a process kill itself around the n-th call of a function."""

    def arm() -> None:
        real, calls = getattr(owner, name), Counter()

        def deadly(*args: object, **kwargs: object) -> object:
            calls["n"] += 1
            if moment == "before" and calls["n"] == count:
                os.kill(os.getpid(), signal.SIGKILL)
            result = real(*args, **kwargs)
            if calls["n"] == count:
                os.kill(os.getpid(), signal.SIGKILL)
            return result

        for module in [owner, *(sys.modules[key] for key in ("ingest.write", "ingest.release"))]:
            if getattr(module, name, None) is real:
                setattr(module, name, deadly)

    return arm


def watched(place: Field) -> dict[str, tuple[int, int]]:
    """Return size and time of the graph's files that are there."""
    found = {}
    for path in place.data.glob("generations/*/chroma/*/*"):
        if path.name in WATCHED:
            try:
                status = path.stat()
            except OSError:
                continue
            found[str(path)] = (status.st_size, status.st_mtime_ns)
    return found


def kill_at_write(process: multiprocessing.process.BaseProcess, place: Field, count: int) -> None:
    """Kill a child the n-th time a file of the graph is seen to change."""
    before = watched(place)
    while process.is_alive():
        now = watched(place)
        if now != before:
            count -= 1
            before = now
            if count <= 0:
                process.kill()
                return


@dataclass
class Figures:
    """What came of all rounds."""

    rounds: int = 0
    killed: int = 0
    old: int = 0
    new: int = 0
    encoded: int = 0
    again: int = 0
    #: Most texts that a single kill made the next run encode again.
    worst: int = 0
    #: How often one passage was there and approximate search did not reach it.
    missed: int = 0
    failures: list[str] = field(default_factory=list)
    places: Counter[str] = field(default_factory=Counter)


def _is_missed(problem: str) -> bool:
    """Tell whether a problem is one passage of many that the graph does not lead to.

    Chroma's graph of near-duplicates leaves one out now and then, kills or not: of 110 kills, 1 was
    followed by that. More than one passage, or often, is damage.
    """
    return re.fullmatch(r"1 of \d\d+ passages do not find themselves, .*", problem) is not None


def play(place: Field, aimed: bool, typical: float, figures: Figures) -> bool:
    """Play one round; tell whether the kill came before the end."""
    before, after = dict(place.model), place.edit(place.dice.randrange(1, 30))
    aim = "random"
    if not aimed:
        process = child(ingest, place)
        process.join(place.dice.random() * typical)
    elif place.dice.random() < 0.5:
        aim, process = "file", child(ingest, place)
        kill_at_write(process, place, place.dice.randrange(1, 8))
    else:
        (owner, name), moment = place.dice.choice(AIMS)
        aim = f"{moment} {name}"
        process = child(ingest, place, at(owner, name, moment, place.dice.choice((1, 1, 2))))
    if aim == "random":
        process.kill()
    process.join()
    killed = process.exitcode == -signal.SIGKILL
    check(place, before, after, killed, aim, figures)
    return killed


def check(place: Field, before: Model, after: Model, killed: bool, aim: str, figures: Figures) -> None:
    """Look at what a kill left, finish the work, and look again."""
    figures.rounds += 1
    figures.killed += killed
    figures.places[aim] += 1
    held, problems = seen(place)
    if held not in (before, after):
        problems.append("what is published is neither the old nor the new state")
    figures.old += held == before
    figures.new += held == after
    first = batches(place.log)
    done = child(ingest, place)
    done.join()
    if done.exitcode:
        problems.append(f"the next run ended with exit code {done.exitcode}")
    held, more = seen(place)
    problems += more
    if held != after:
        problems.append("the next run did not finish the work")
    again = repeated(first, batches(place.log))
    figures.again += len(again)
    figures.worst = max(figures.worst, len(again))
    if not again <= set(first[-1] if first else ()):
        problems.append("texts were encoded twice that were in no batch in flight")
    figures.encoded += sum(map(len, batches(place.log)))
    place.log.unlink(missing_ok=True)
    figures.missed += sum(map(_is_missed, problems))
    problems = [problem for problem in problems if not _is_missed(problem)]
    figures.failures += [f"round {figures.rounds} ({aim}): {problem}" for problem in problems]


def batches(log: Path) -> list[list[str]]:
    """Return the batches that were begun, oldest first."""
    if not log.exists():
        return []
    return [json.loads(line) for line in log.read_text(encoding="utf-8").splitlines()]


def repeated(first: list[list[str]], whole: list[list[str]]) -> set[str]:
    """Return the texts that were encoded by both of two runs."""
    earlier = {text for batch in first for text in batch}
    return {text for batch in whole[len(first) :] for text in batch if text in earlier}


def harry(folder: Path, random_kills: int, aimed_kills: int, seed: int) -> Figures:
    """Play all rounds in a folder."""
    place = Field(folder, random.Random(seed))  # noqa: S311 - dice, not keys
    figures = Figures()
    place.edit(60)
    began = time.monotonic()
    process = child(ingest, place)
    process.join()
    typical = 1.2 * (time.monotonic() - began)
    place.log.unlink(missing_ok=True)
    left = {False: random_kills, True: aimed_kills}
    while any(left.values()):
        aimed = place.dice.random() * sum(left.values()) < left[True]
        left[aimed] -= play(place, aimed, typical, figures)
    return figures


def lines(figures: Figures) -> Iterator[str]:
    """Yield the figures as lines to read."""
    yield f"rounds {figures.rounds}, killed {figures.killed} (the others had finished first)"
    yield f"published afterwards: the old state {figures.old}, the new state {figures.new}"
    yield f"texts encoded {figures.encoded}, {figures.again} of them again"
    yield f"again at one kill {figures.worst} at most; a batch is {_BATCH}"
    yield "aims: " + ", ".join(f"{name} {count}" for name, count in sorted(figures.places.items()))
    yield f"not reached by approximate search: one passage in {figures.missed} of {figures.rounds} rounds"
    yield f"failures: {len(figures.failures)}"
    yield from figures.failures


def main(argv: list[str]) -> int:
    """Play as many rounds as asked for, and say what came of them; kills that came too late do not count."""
    parser = argparse.ArgumentParser(prog="python -m tests.kills", description=__doc__)
    parser.add_argument("--random", type=int, default=200)
    parser.add_argument("--aimed", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(argv)
    with tempfile.TemporaryDirectory() as folder:
        figures = harry(Path(folder), options.random, options.aimed, options.seed)
    sys.stdout.write("\n".join(lines(figures)) + "\n")
    return 1 if figures.failures or figures.missed > 1 + figures.rounds // 50 else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
