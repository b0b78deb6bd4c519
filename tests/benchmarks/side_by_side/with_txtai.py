"""txtai with its own index (Faiss and SQLite); it has no way to leave out what has not changed."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

os.environ["ALLOW_RESOLVE_TRANSFORM"] = "1"  # for the name of a function below

from txtai import Embeddings

if TYPE_CHECKING:
    from pathlib import Path

_MODEL = "tests.benchmarks.side_by_side.model.encode"


def ingest(documents, folder: Path) -> None:
    """Bring the index in step with the documents."""
    embeddings = Embeddings(method="external", transform=_MODEL, content=True)
    rows = [(each["id"], each["text"], json.dumps(each["metadata"])) for each in documents]
    if embeddings.exists(str(folder / "index")):
        embeddings.load(str(folder / "index"))
        embeddings.upsert(rows)
    else:
        embeddings.index(rows)
    embeddings.save(str(folder / "index"))


def asking(folder: Path):
    """Return what finds the documents for a question."""
    embeddings = Embeddings()
    embeddings.load(str(folder / "index"))
    return lambda question, count: [_metadata(each["id"]) for each in embeddings.search(question, count)]


def _metadata(name: str) -> dict[str, object]:
    source, position, _ = name.rsplit("#", 2)
    return {"source": source, "position": int(position)}
