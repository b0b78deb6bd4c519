"""Whether names are found as the other language calls them: `python -m tests.benchmarks.names --data FOLDER`.

Of every name in `retrieval/equivalents.tsv` that an archive's Chinese texts have as it is called there, two
English questions are asked; how often the first comment, and one of the first five, has the name, and how
often there is an answer at all. The same is asked of the names that no text has in either language; how often
that is refused.
"""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.archive import Archive
from retrieval.dictionary import equivalents
from retrieval.embedder import embedder_for
from retrieval.homes import home_of, published
from retrieval.questions import ask

if TYPE_CHECKING:
    from retrieval.types import Answer

ASKED = ("What do people say about {}?", "Why does {} come up here?")


def main(data: Path) -> None:
    """Ask, and print what came of it."""
    home = home_of(data)
    manifest = published(home)
    assert manifest is not None, "there is no index"
    with closing(home.store(manifest.generation)) as store:
        texts = {
            record.comment.id: "\n".join(text for _, text in record.comment.text.items())
            for record in store.all_records()
        }
    present: dict[str, set[str]] = {}
    absent: list[str] = []
    for english, chinese in equivalents():
        said = re.compile(rf"{'|'.join(chinese)}|(?i:(?<![a-z]){english}(?![a-z]))")
        having = {name for name, text in texts.items() if said.search(text)}
        if any(word in texts[name] for word in chinese for name in having):
            present[english] = having
        elif not having:
            absent.append(english)
    first = among = answered = refused = 0
    with closing(Archive(home, embedder_for())) as archive:
        archive.warm()
        for english, having in present.items():
            for answer in _answers(archive, english):
                found = [excerpt.comment.id in having for excerpt in answer.excerpts]
                first += found[0]
                among += any(found)
                answered += answer.answered
        for english in absent:
            refused += sum(not answer.answered for answer in _answers(archive, english))
    asked = len(ASKED) * len(present)
    sys.stdout.write(
        f"{len(present)} names, {asked} questions: first {first / asked:.2f}, "
        f"among five {among / asked:.2f}, answered {answered / asked:.2f}; "
        f"{len(absent)} that nobody names: refused {refused / (len(ASKED) * len(absent)):.2f}\n"
    )


def _answers(archive: Archive, english: str) -> list[Answer]:
    """Ask about a name."""
    name = english.upper() if len(english) <= len("llm") else english.title()
    return [archive.answer(ask(question.format(name), count=5)) for question in ASKED]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    main(parser.parse_args().data)
