"""One stage with one of them, in its own environment: `… .worker SYSTEM ingest|ask FOLDER`.

FOLDER is the system's own; beside it lie documents.jsonl and questions.jsonl. `ask` leaves what it
found and how long that took in FOLDER/asked.json.
"""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

#: Comments for each question; of the libraries twice as many pieces are asked, as a comment may have two.
COUNT = 10
ROUNDS = 3


def read(path: Path) -> list[dict]:
    """Return the objects of a file of JSON lines."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def ask(found, questions: list[dict], count: int) -> dict:
    """Ask everything once to warm up, then again and again; return places and milliseconds."""
    places = [distinct(found(each["question"], count)) for each in questions]
    taken = []
    for each in questions * ROUNDS:
        began = time.perf_counter()
        found(each["question"], count)
        taken.append((time.perf_counter() - began) * 1000)
    return {"places": places, "taken": taken}


def distinct(found: list[dict]) -> list[list]:
    """Return the comments that were found, each once, best first."""
    places = dict.fromkeys((each["source"], int(each["position"])) for each in found)
    return [list(place) for place in places][:COUNT]


def main(argv: list[str]) -> None:
    """Run the stage."""
    name, stage, folder = argv[0], argv[1], Path(argv[2])
    system = importlib.import_module(f"tests.benchmarks.side_by_side.with_{name}")
    if stage == "ingest":
        system.ingest(read(folder.parent / "documents.jsonl"), folder)
        return
    count = COUNT if name == "threadbot" else 2 * COUNT
    measured = ask(system.asking(folder), read(folder.parent / "questions.jsonl"), count)
    (folder / "asked.json").write_text(json.dumps(measured), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
