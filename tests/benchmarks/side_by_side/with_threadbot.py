"""threadbot: its own command for ingest, its own archive for answers."""

from __future__ import annotations

from pathlib import Path

from bot.__main__ import main
from retrieval.archive import Archive
from retrieval.embedder import embedder_for
from retrieval.questions import ask


def ingest(documents, folder: Path) -> None:
    """Bring the index in step with the files that the documents were read from."""
    del documents
    code = main(["ingest", "--data", str(folder / "data"), str(folder.parent / "threads")])
    assert code == 0, code


def asking(folder: Path):
    """Return what finds the comments that answer a question, whole answers with quotes."""
    archive = Archive(folder / "data", embedder_for())

    def found(question, count):
        answer = archive.answer(ask(question, count=count))
        return [
            {"source": Path(each.path).stem, "position": each.comment.position} for each in answer.excerpts
        ]

    return found
