"""Try a generation out, before it is published or when somebody doubts it.

Damaged index files can crash whoever opens them, so this is run as a child process, `python -m
retrieval.probe`, which reads the data folder and the number, and writes the problems, as JSON. No model
is loaded.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

import numpy as np

from retrieval import generations, readers
from retrieval.errors import RetrievalError
from retrieval.lexical import LexicalIndex
from retrieval.vectors import ChromaStore, load

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from numpy.typing import NDArray

    from retrieval.generations import Manifest
    from retrieval.homes import Store
    from retrieval.types import PassageId, Record

#: How many passages are looked for.
_SAMPLE = 120
#: How many neighbours of a vector are asked for; more than these may have the very same vector.
_NEIGHBOURS = 20
#: What a vector's similarity to itself is at least, after rounding.
_SAME = 0.999
#: How long a probe may take (seconds) before it counts as hung.
_PATIENCE = 600.0


class Probe(Protocol):
    """How to try a generation out."""

    def __call__(self, data_dir: Path, generation: int) -> list[str]:
        """Return what is wrong with it, each as a clause; nothing where all is well."""


class _Child:
    """A process that loads what it needs, waits to be told of one generation, and probes that."""

    def __init__(self) -> None:
        package = str(Path(__file__).resolve().parents[1])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, "-m", "retrieval.probe"],
            env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )

    def __call__(self, data_dir: Path, generation: int) -> list[str]:
        """See `Probe`."""
        told = json.dumps([str(data_dir), generation]).encode()
        try:
            out, _ = self._process.communicate(told, timeout=_PATIENCE)
        except subprocess.TimeoutExpired:
            return [f"it gave no answer within {_PATIENCE:.0f} seconds"]
        if self._process.returncode:
            return [f"trying it out ended with exit code {self._process.returncode}"]
        return [str(problem) for problem in json.loads(out)]

    def close(self) -> None:
        """End it, if it has not ended."""
        with self._process as process:
            process.kill()


def in_child(data_dir: Path, generation: int) -> list[str]:
    """Probe in a child process, which may crash; see `Probe`."""
    with closing(_Child()) as child:
        return child(data_dir, generation)


@contextmanager
def standing_by() -> Iterator[Probe]:
    """Give a probe whose child process is started now, and has its libraries when it is used."""
    with closing(_Child()) as child:
        ready: list[Probe] = [child]
        yield lambda data_dir, generation: (ready.pop() if ready else in_child)(data_dir, generation)


def in_process(data_dir: Path, generation: int) -> list[str]:
    """Probe here; see `Probe`."""
    try:
        manifest = generations.read_manifest(data_dir, generation)
    except RetrievalError as error:
        return [str(error)]
    if manifest is None:
        return ["it has no manifest"]
    folder = generations.folder_of(data_dir, generation)
    try:
        held = readers.hold(data_dir, generation)
    except RetrievalError as error:
        return [str(error)]
    try:
        with closing(ChromaStore.open(folder)) as store:
            return list(problems(manifest, store, LexicalIndex.open(folder / "lexical")))
    except Exception as error:  # noqa: BLE001 - damaged files fail anywhere in two libraries
        return [f"it cannot be read ({type(error).__name__}: {error})"]
    finally:
        held.release()


def problems(manifest: Manifest, store: Store, lexical: LexicalIndex) -> Iterator[str]:
    """Yield what is wrong with an open generation, of which some passages are looked for."""
    yield from _miscounted(manifest, store, lexical)
    passages = sample(store.passage_ids())
    records = store.records(list({passage.comment_id for passage in passages}))
    vectors = store.vectors(passages)
    lost = _lost(store, passages, vectors)
    if lost:
        yield f"{len(lost)} of {len(passages)} passages do not find themselves, {lost[0]} among them"
    alone = [p for p in passages if not _known(p, records.get(p.comment_id), lexical)]
    if alone:
        yield f"{len(alone)} of {len(passages)} passages are in one index only, {alone[0]} among them"


def _miscounted(manifest: Manifest, store: Store, lexical: LexicalIndex) -> Iterator[str]:
    threads = manifest.threads
    comments, passages = store.counts()
    counted = (
        ("comments", comments, sum(entry.comments for entry in threads)),
        ("passages", passages, manifest.passages),
        ("texts", lexical.count(), sum(entry.zh + entry.en for entry in threads)),
    )
    for name, found, wanted in counted:
        if found != wanted:
            yield f"it has {found} {name} instead of {wanted}"


def sample(passages: Sequence[PassageId], size: int = _SAMPLE) -> list[PassageId]:
    """Choose passages: half of them the last ones, half of them from everywhere, at even distances."""
    step = max(1, 2 * len(passages) // size)
    return list(dict.fromkeys([*passages[::step][: size // 2], *passages[-size // 2 :]]))


def _lost(
    store: Store, passages: Sequence[PassageId], vectors: Mapping[PassageId, NDArray[np.float32]]
) -> list[PassageId]:
    """Return the passages that have no vector, or that a search for it finds not.

    Where as many equal ones are found as were asked for, it may be among those that were not.
    """
    known = [passage for passage in passages if passage in vectors]
    # A table with no rows would have no columns either.
    found = store.neighbours(np.stack([vectors[one] for one in known]), _NEIGHBOURS) if known else []
    same = [{hit.passage for hit in own if hit.score >= _SAME} for own in found]
    met = {one for one, own in zip(known, same, strict=True) if one in own or len(own) == _NEIGHBOURS}
    return [passage for passage in passages if passage not in met]


def _known(passage: PassageId, record: Record | None, lexical: LexicalIndex) -> bool:
    """Tell whether a passage belongs to a stored comment that the lexical index has as well."""
    if record is None or passage.number >= len(record.passages.get(passage.language, ())):
        return False
    return lexical.holds(passage.comment_id, passage.language)


def main() -> int:
    """Read which generation to try out from standard input, and write its problems to standard output."""
    load()
    told = sys.stdin.read()
    if told:  # nothing comes from whoever found nothing to try out, or was killed
        folder, generation = json.loads(told)
        sys.stdout.write(json.dumps(in_process(Path(folder), generation)))
    return 0


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    # All is closed by now; what Python does before it ends takes Chroma's libraries as long as the probe.
    os._exit(code)
