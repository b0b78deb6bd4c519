"""Learn in which directions words are compared: `python -m retrieval.model.learn [--out FILE]`.

The threads come with the recipe. It takes half an hour on two cores, prints its progress, and writes the
file when it is done. What is indexed stays as it is: only questions read the file.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import numpy as np

from retrieval.model import packed
from retrieval.model.build import exit_code, say
from retrieval.model.recipe import threads
from retrieval.model.tune import THREADS
from retrieval.model.word_vectors import DIRECTIONS, NAME

if TYPE_CHECKING:
    from collections.abc import Sequence

    from retrieval.model.recipe.meeting import Example
    from retrieval.model.recipe.threads import Thread

#: Of the runs, each with the threads dealt into other archives and seen in another order.
SEEDS = (0, 1, 2)


def learn(found: Sequence[Thread], out: Path, seeds: Sequence[int] = SEEDS) -> None:
    """Learn from threads once for each seed, and write the mean of the directions found.

    All begin with the same directions, so that what they learned by chance is less in their mean (Wortsman
    and others, Model soups, 2022).
    """
    from retrieval.model.onnx import OnnxEncoder
    from retrieval.model.recipe import meeting

    encoder = OnnxEncoder(apart=True)
    learned = []
    for run, seed in enumerate(seeds, start=1):
        dealt = meeting.archives(found, seed)
        examples: list[Example] = []
        for number, archive in enumerate(dealt, start=1):
            with TemporaryDirectory() as folder:
                examples += meeting.examples(archive, Path(folder), encoder.encode)
            say(f"run {run}: {number} of {len(dealt)} archives read, {len(examples)} questions")
        learned.append(meeting.learn(examples, seed, say))
    packed.write(out, {NAME: np.mean(learned, axis=0).astype(np.float16)})
    say(f"{out}: {out.stat().st_size / 1e3:.0f} kB")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the recipe as a command; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m retrieval.model.learn", description="Learn in which directions words are compared."
    )
    parser.add_argument(
        "--threads", type=Path, default=THREADS, help="threads to learn from (the recipe's own)"
    )
    parser.add_argument(
        "--out", type=Path, default=DIRECTIONS, help="file to write (default: the package's own)"
    )
    options = parser.parse_args(arguments)

    def work() -> None:
        own, _ = threads.split(threads.read(options.threads))
        learn(own, options.out)

    return exit_code(work)


if __name__ == "__main__":
    sys.exit(main())
