"""The archive that is asked under load, and a file in it that changes."""

from __future__ import annotations

import asyncio
import json
import shutil
import sys
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from bot import as_json
from retrieval.archive import Archive
from retrieval.questions import ask
from tests.benchmarks import thread_files
from tests.benchmarks.load.child import ROOT, environment
from tests.benchmarks.made_up import SAMPLES
from tests.ingest import pages

if TYPE_CHECKING:
    from pathlib import Path

    from retrieval.embedder import Embedder

QUESTIONS = [
    "How do I keep my hands warm on a bike in freezing weather?",
    "Who waters the tomatoes while I am away on business?",
    "cheapest time of year to get last year's model",
    "冬天骑车上班怎么保暖？",
    "两个人睡觉互相影响怎么办",
    "换一块新电池大概要花多少",
]
#: Answered by the file that changes; its answer must hold the edition of the generation it names.
CHANGING = "How many jars of plum jam did the village fair sell?"
COUNT = 5


@dataclass
class Field:
    """Thread files, their index, and what each generation of it answers."""

    folder: Path
    embedder: Embedder
    edition: int = 0
    #: The edition in each generation, and the right answers by (generation, question), as JSON values.
    editions: dict[int, int] = field(default_factory=dict)
    answers: dict[tuple[int, str], object] = field(default_factory=dict)

    @property
    def data(self) -> Path:
        """Return the data folder."""
        return self.folder / "data"

    def prepare(self, comments: int) -> None:
        """Write the samples, so many made-up comments, and the first edition of the file that changes."""
        shutil.copytree(SAMPLES, self.folder / "threads")
        thread_files.write(self.folder / "threads", comments)

    async def publish(self) -> float:
        """Change the file, ingest by the real command, and learn the right answers; return the seconds."""
        self.edition += 1
        body = f"{phrase(self.edition)} That is what the village fair sold this year."
        pages.write(self.folder / "threads" / "fair.txt", ("the organiser", body), title="The village fair")
        loop = asyncio.get_running_loop()
        began = loop.time()
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bot", "ingest", str(self.folder / "threads"), "--json",
            env=environment(self.data), cwd=ROOT,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        )  # fmt: skip
        out, complaints = await process.communicate()
        assert process.returncode == 0, f"the ingest ended with {process.returncode}: {complaints.decode()}"
        took = loop.time() - began
        self.editions[json.loads(out)["generation"]] = self.edition
        await asyncio.to_thread(self._learn)
        return took

    def _learn(self) -> None:
        """Ask everything of the generation just published, with a reader of our own."""
        with closing(Archive(self.data, self.embedder)) as archive:
            for question in (*QUESTIONS, CHANGING):
                answer = archive.answer(ask(question, count=COUNT))
                self.answers[answer.generation, question] = plain(as_json.answer(answer))

    def is_right(self, question: str, found: dict) -> bool:
        """Tell whether an answer of the HTTP service is that of the generation it names."""
        right = self.answers.get((found["generation"], question))
        if question == CHANGING:
            first = found["excerpts"][0]["quote"] if found["excerpts"] else ""
            return found == right and phrase(self.editions[found["generation"]]) in first
        return found == right


def phrase(edition: int) -> str:
    """Return what an edition says, and no other."""
    return f"In all {1000 + edition} jars of plum jam were sold at the village fair."


def plain(value: object) -> object:
    """Return a value as it looks after a journey as JSON."""
    return json.loads(as_json.dumps(value))
