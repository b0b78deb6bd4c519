"""Tune the model's encoder: `python -m retrieval.model.tune --data DIR [--out FILE]`.

The data folder holds `pairs.tsv.gz` (README.md says what it is); the threads come with the recipe. It
takes an hour and a quarter on two cores, prints its progress, and writes the file when it is done.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from retrieval.model import TABLE, TUNING, table, tuning
from retrieval.model.build import PAIRS, exit_code, say
from retrieval.model.errors import ModelError
from retrieval.model.recipe import measure, pairs, threads

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from retrieval.model.recipe.threads import Thread
    from retrieval.model.recipe.tuning import Settings

THREADS = Path(__file__).with_name("recipe") / "threads.jsonl.xz"
#: Collections whose texts are sentences as people write them.
_SENTENCES = {"tatoeba", "stsb", "mlqe"}


def tune(found: Sequence[Thread], data: Path, out: Path, epochs: int) -> None:
    """Tune on the short threads, then on the long ones, and write what changed.

    Raises ModelError where the pairs are missing.
    """
    if not (data / PAIRS).is_file():
        raise ModelError(f"{data / PAIRS} is missing from the data folder.")
    from retrieval.model import encoder
    from retrieval.model.recipe import tuning as recipe

    translated = [pair for pair in pairs.read(data / PAIRS) if pair.source in _SENTENCES]
    base, model = (encoder.join(table.read(TABLE), device="cpu") for _ in range(2))
    differences: dict[str, NDArray[np.float32]] = {}
    for own, settings in rounds(found, epochs):
        asked = [one for thread in own for one in thread.asked]
        examples = recipe.examples(asked, lambda texts: np.asarray(model.encode(texts, batch_size=64)))
        say(f"{len(own)} threads, {len(examples)} questions, {len(translated)} pairs of sentences")
        differences = recipe.tune(model, base, examples, translated, settings, say)
    tuning.write(out, differences)
    say(f"{out}: {out.stat().st_size / 1e6:.1f} MB")


def rounds(found: Sequence[Thread], epochs: int) -> list[tuple[list[Thread], Settings]]:
    """Return the threads of each round that has some, and how to tune on them; none that were written later.

    In a long thread everybody speaks to one question, and what does not answer is nearly all of it: that is
    harder, and is learnt from last and gently.
    """
    from retrieval.model.recipe.tuning import Settings

    known = [thread for thread in found if not thread.is_later]
    short = [thread for thread in known if not thread.is_long]
    long = [thread for thread in known if thread.is_long]
    both = [(short, Settings(epochs)), (long, Settings(1, rate=4e-5, seed=5))]
    return [(own, settings) for own, settings in both if own]


def measured(found: Sequence[Thread], data: Path | None, path: Path | None) -> str:
    """Return the figures of the model with what a file changes, or without, dense alone.

    They are those over threads and, where a data folder is given, of its development sets.
    """
    from retrieval.model import encoder

    differences = tuning.read(path) if path else {}
    model = encoder.join(table.read(TABLE), differences, "cpu")

    def encode(texts: Sequence[str]) -> NDArray[np.float32]:
        return np.asarray(model.encode(list(texts), batch_size=64))

    hits, reciprocal = measure.threads(encode, found)
    figures = f"threads hit@5 {hits:.3f}, MRR@10 {reciprocal:.3f}"
    return f"{figures}; {measure.figures(encode, data)}" if data else figures


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recipe as a command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m retrieval.model.tune", description="Tune the model's encoder."
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of the data sets (see README.md)")
    parser.add_argument("--threads", type=Path, default=THREADS, help="threads to tune on (the recipe's own)")
    parser.add_argument("--out", type=Path, default=TUNING, help="file to write (default: the package's own)")
    parser.add_argument(
        "--epochs", type=int, default=2, help="times each question to a short thread is seen (%(default)s)"
    )
    parser.add_argument("--measure", action="store_true", help="only measure the file at --out")
    options = parser.parse_args(arguments)

    def work() -> None:
        own, kept_back = threads.split(threads.read(options.threads))
        if not options.measure:
            tune(own, options.data, options.out, options.epochs)
        for name, file in (("untuned", None), ("tuned", options.out)):
            say(f"{name}: {measured(kept_back, options.data if options.measure else None, file)}")

    return exit_code(work)


if __name__ == "__main__":
    sys.exit(main())
