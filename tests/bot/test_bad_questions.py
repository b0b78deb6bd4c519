"""Questions nobody would ask in earnest, through the command and real indexes: an answer or one sentence."""

import json

import pytest

from bot.__main__ import main
from bot.parts import Parts
from ingest import sync
from ingest.formats import chinese_archive
from retrieval.archive import Archive
from tests.fakes import FakeEmbedder, streams, written

SAMPLES = chinese_archive.__file__.rpartition("formats")[0] + "samples"


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Return a data folder with the sample threads."""
    data = tmp_path_factory.mktemp("data")
    sync.ingest([SAMPLES], data, FakeEmbedder(dimensions=256))
    return data


@pytest.fixture
def ask(data):
    """Return a function that asks by the command and returns exit code, standard output and errors."""

    def asking(*argv, stdin=b""):
        own = streams(stdin)
        parts = Parts(open_archive=lambda _: Archive(data, FakeEmbedder(dimensions=256)))
        return main(["ask", *argv], own, parts), written(own.stdout), written(own.stderr)

    return asking


@pytest.mark.parametrize(
    "question",
    [
        "",
        " \n\t",
        "？！…",
        "*** ***",
        "😀👍🏽",
        "\x00",
        "\ud800",
        "why\ud800?",
        "为什么" * 3334,
        "why? " * 2000,
    ],
)
def test_what_asks_nothing_or_too_much_is_one_sentence(ask, question):
    """With the exit code of wrong usage; what has 10,000 characters is not searched for."""
    code, out, err = ask(question)
    assert (code, out) == (2, "")
    assert err.count("\n") == 1
    assert err.startswith("The question ")


@pytest.mark.parametrize(
    "question",
    [
        '"irrigation',
        "irrigation AND (NOT",
        "+irrigation -x*",
        "kind:reply irrigation^2~",
        "[irrigation TO *]",
        "\x00irri\x00gation",
        "😀 irrigation 😀",
        "irrigation " * 181,
    ],
)
def test_what_looks_like_syntax_is_only_words(ask, question):
    """The comment that the words ask for is among those quoted, and the output is valid JSON."""
    code, out, _ = ask(question, "--json")
    found = json.loads(out)["excerpts"]
    assert code in {0, 3}
    assert ("balcony-tomatoes.md", 12) in {(one["source"]["path"], one["position"]) for one in found}


def test_long_questions_are_answered(ask):
    """Of 2,000 different characters, of one word, of stops and line breaks only but for a letter."""
    lines = ["".join(map(chr, range(0x4E00, 0x4E00 + 2000))), "x" * 2000, ". " * 999 + "a", "a\t" * 1000]
    code, out, err = ask("--jsonl", stdin="\n".join(lines).encode())
    answers = [json.loads(line) for line in out.splitlines()]
    assert [answer["question"] for answer in answers] == [line.strip() for line in lines]
    assert all(answer["excerpts"] for answer in answers)
    assert (code in {0, 3}, err) == (True, "")
