"""What the libraries are given: what `threadbot parse --jsonl` reads, a document per comment and language."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from bot.commands.parse import comment_object
from ingest.decoding import decode
from ingest.formats import parse

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path


def documents(folder: Path) -> Iterator[dict]:
    """Yield the documents of all thread files of a folder, with an id and metadata."""
    for path in sorted(folder.iterdir()):
        if path.suffix not in {".md", ".txt"}:
            continue
        parsed = parse(decode(path.read_bytes()))
        for comment in parsed.comments:
            read = comment_object(parsed, comment)
            for language, text in read["text"].items():
                if text:
                    yield {
                        "id": f"{path.stem}#{read['position']}#{language}",
                        "text": text,
                        "metadata": {
                            "source": path.stem,
                            "position": read["position"],
                            "author": read["author"],
                            "language": language,
                        },
                    }


def dumps(path: Path, objects: Iterable[dict]) -> None:
    """Write objects as JSON lines."""
    with path.open("w", encoding="utf-8") as file:
        file.writelines(json.dumps(each, ensure_ascii=False) + "\n" for each in objects)
