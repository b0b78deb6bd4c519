"""Make the model's table: `python -m retrieval.model.build --data DIR [--out FILE] [--work DIR]`.

The data folder holds `cedict.txt.gz`, `pairs.tsv.gz` and the two development sets (README.md says what
they are). What is done is kept in the work folder: the same command goes on after an interruption.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retrieval.errors import RetrievalError
from retrieval.model import TABLE, base, table
from retrieval.model.chinese import Words
from retrieval.model.errors import ModelError
from retrieval.model.packed import keep
from retrieval.model.recipe import cedict, measure, pairs, vocabulary

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray
    from tokenizers import Tokenizer
    from torch import Tensor

    from retrieval.model.recipe.measure import Figures
    from retrieval.model.recipe.pairs import Pair

DICTIONARY, PAIRS = "cedict.txt.gz", "pairs.tsv.gz"


@dataclass(frozen=True, slots=True)
class Task:
    """What to make of which data, where; `device` is PyTorch's name, None for a GPU where there is one."""

    data: Path
    out: Path
    work: Path
    device: str | None = None


def build(task: Task) -> None:
    """Make a table from the data and write it, going on from what the work folder holds of it.

    Raises ModelError where the data or the base package is missing.
    """
    for name in (DICTIONARY, PAIRS):
        if not (task.data / name).is_file():
            raise ModelError(f"{task.data / name} is missing from the data folder.")
    work = task.work / _digest(task.data / DICTIONARY, task.data / PAIRS)
    work.mkdir(parents=True, exist_ok=True)
    entries = cedict.read(task.data / DICTIONARY)
    folds = cedict.fold(entries)
    senses = cedict.meanings(entries, folds)
    translated = pairs.read(task.data / PAIRS)
    say(f"{len(entries)} dictionary entries, {len(translated)} pairs of texts")
    finder = _words(work / "words.json", senses, folds, translated)
    say(f"{len(finder.costs)} words")
    rows = _rows(work, finder, senses, translated, task.device)
    words = tuple(finder.costs)
    costs = np.array([finder.costs[word] for word in words], np.float32)
    table.write(task.out, table.Table(words, costs, folds, rows))
    say(f"{task.out}: {task.out.stat().st_size / 1e6:.1f} MB")


def measured(path: Path, data: Path, device: str | None = None) -> Figures:
    """Return the development figures of the model with the table in a file."""
    from retrieval.model import encoder

    model = encoder.join(table.read(path), device=device)
    return measure.figures(lambda texts: np.asarray(model.encode(list(texts), batch_size=64)), data)


def say(line: str) -> None:
    """Print a line of progress with the time of day."""
    print(f"{time.strftime('%H:%M:%S')} {line}", flush=True)  # noqa: T201 - a command's progress


def _words(
    kept: Path, senses: Mapping[str, Sequence[str]], folds: Mapping[str, str], translated: Sequence[Pair]
) -> Words:
    if not kept.exists():
        costs = vocabulary.choose(senses, folds, [pair.chinese for pair in translated])
        keep(kept, lambda path: path.write_text(json.dumps(costs, ensure_ascii=False), encoding="utf-8"))
    return Words(json.loads(kept.read_text(encoding="utf-8")), folds)


def _rows(
    work: Path,
    finder: Words,
    senses: Mapping[str, Sequence[str]],
    translated: Sequence[Pair],
    device: str | None,
) -> NDArray[np.float32]:
    import torch

    from retrieval.model.recipe import rows

    words, english, tokenizer = tuple(finder.costs), english_rows(), base_tokenizer()
    first = work / "first.npy"
    if not first.exists():
        made = rows.from_glosses(words, senses, tokenizer, english)
        keep(first, lambda path: np.save(path, made.numpy()))
    say("rows from the dictionary")
    last = work / "last.npy"
    if not last.exists():
        parted = [(pair, finder.spaced(pair.chinese)) for pair in translated]
        start = torch.from_numpy(np.load(first))
        chosen = device or ("cuda" if torch.cuda.is_available() else "cpu")
        moved = rows.from_pairs(start, words, parted, tokenizer, english, device=chosen, say=say)
        keep(last, lambda path: np.save(path, moved.numpy()))
    say("rows from the pairs")
    found: NDArray[np.float32] = np.load(last)
    return found


def english_rows() -> Tensor:
    """Return the base model's rows, a tensor of (30522, 384)."""
    from safetensors.torch import load_file

    weights: dict[str, Tensor] = load_file(base.folder() / "model.safetensors")
    return weights["embeddings.word_embeddings.weight"].float()


def base_tokenizer() -> Tokenizer:
    """Return the base model's tokenizer, without padding and without a limit."""
    from tokenizers import Tokenizer

    tokenizer: Tokenizer = Tokenizer.from_file(str(base.folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    return tokenizer


def _digest(*paths: Path) -> str:
    """Return a digest of files: work on other data is other work."""
    sums = hashlib.sha256()
    for path in paths:
        sums.update(hashlib.sha256(path.read_bytes()).digest())
    return sums.hexdigest()[:16]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recipe as a command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m retrieval.model.build", description="Make the model's table."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets (see README.md)")
    parser.add_argument("--out", type=Path, default=TABLE, help="table to write (default: the package's own)")
    parser.add_argument(
        "--work", type=Path, default=Path("build/model"), help="folder for work in progress (%(default)s)"
    )
    parser.add_argument("--device", help="PyTorch device (default: cuda where there is one, else cpu)")
    parser.add_argument("--measure", action="store_true", help="only measure the table at --out")
    options = parser.parse_args(arguments)
    task = Task(options.data, options.out, options.work, options.device)

    def work() -> None:
        if not options.measure:
            build(task)
        say(str(measured(options.out, options.data, options.device)))

    return exit_code(work)


def exit_code(work: Callable[[], None]) -> int:
    """Do the work of a command; return 0 or, after its sentence on standard error, a failure's exit code."""
    try:
        work()
    except RetrievalError as error:
        print(error, file=sys.stderr)  # noqa: T201 - a command's error
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
