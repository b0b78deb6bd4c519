"""Measure answers over the threads that the encoder was not tuned on: `python -m tests.benchmarks.kept_back`.

They are written as files, ingested, and asked their own questions by `threadbot evaluate`; its table is
what is printed. A minute on two cores.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

from bot.__main__ import main
from retrieval.model.recipe import threads
from retrieval.model.tune import THREADS
from tests.ingest import pages


def write(folder: Path) -> Path:
    """Write the threads as files into a folder; return the file of their questions beside it."""
    questions: list[str] = []
    for data in threads.as_written(THREADS):
        name = data["name"]
        if not threads.is_kept_back(name):
            continue
        comments = [(f"author {one['id']}", one["text"]) for one in data["comments"]]
        pages.write(folder / f"{name}.txt", *comments, title=data["title"].replace('"', "'"))
        for one in data["questions"]:
            gold = [[name, number] for number in one["gold"]]
            labelled = {"question": one["q"], "lang": one["lang"], "gold": gold}
            questions.append(json.dumps(labelled, ensure_ascii=False))
    path = folder.with_suffix(".jsonl")
    path.write_text("\n".join(questions), encoding="utf-8")
    return path


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        labelled = write(Path(place, "threads"))
        main(["ingest", str(labelled.with_suffix("")), "--data", place + "/data"])
        main(["evaluate", str(labelled), "--data", place + "/data"])
