"""Whether names are found as the other language calls them: `python -m tests.benchmarks.names --data FOLDER`.

Of every name in `retrieval/equivalents.tsv` that an archive's Chinese texts have as it is called there, two
English questions are asked; how often the first comment, and one of the first five, has the name, and how
often there is an answer at all.
"""

from __future__ import annotations

import argparse
import re
import sys
from contextlib import closing
from pathlib import Path

from retrieval.archive import Archive
from retrieval.dictionary import equivalents
from retrieval.embedder import embedder_for
from retrieval.homes import home_of, published
from retrieval.questions import ask

ASKED = ("What do people say about {}?", "Why does {} come up here?")


def main(data: Path) -> None:
    """Ask, and print what came of it."""
    home = home_of(data)
    manifest = published(home)
    assert manifest is not None, "there is no index"
    with closing(home.store(manifest.generation)) as store:
        texts = {record.comment.id: record.comment.text.zh or "" for record in store.all_records()}
    named = {}
    for english, chinese in equivalents():
        if any(word in text for word in chinese for text in texts.values()):
            said = re.compile(rf"{'|'.join(chinese)}|(?i:(?<![a-z]){english}(?![a-z]))")
            named[english] = {name for name, text in texts.items() if said.search(text)}
    first = among = answered = 0
    with closing(Archive(home, embedder_for())) as archive:
        archive.warm()
        for english, has in named.items():
            name = english.upper() if len(english) <= len("llm") else english.title()
            for question in ASKED:
                answer = archive.answer(ask(question.format(name), count=5))
                found = [excerpt.comment.id in has for excerpt in answer.excerpts]
                first += found[0]
                among += any(found)
                answered += answer.answered
    asked = len(ASKED) * len(named)
    sys.stdout.write(
        f"{len(named)} names, {asked} questions: first {first / asked:.2f}, "
        f"among five {among / asked:.2f}, answered {answered / asked:.2f}\n"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, required=True)
    main(parser.parse_args().data)
