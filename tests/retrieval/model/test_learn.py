"""The recipe that learns in which directions words are compared: what it reads, and what it teaches."""

import json
import lzma

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval import maxsim
from retrieval.fusion import MET
from retrieval.model import ModelError, learn, packed, vocabulary, word_vectors
from retrieval.model.recipe import meeting, threads
from retrieval.model.recipe.meeting import Example, Meeting, Read
from retrieval.model.recipe.threads import Thread
from tests.retrieval.model.test_tune import COMMENTS, QUESTIONS

TOKENS = st.lists(st.integers(1000, 60_000), min_size=1, max_size=6, unique=True)


@pytest.fixture(scope="module")
def untaught():
    """Return what weighs words before it has learned anything."""
    return Meeting(vocabulary.rows())


@pytest.fixture
def written(tmp_path):
    """One thread, and one that is kept back."""
    path = tmp_path / "threads.jsonl.xz"
    comments = [{"id": place, "text": text} for place, text in enumerate(COMMENTS, start=1)]
    thread = {"comments": comments, "questions": [*QUESTIONS, {"q": "？！", "gold": []}]}
    lines = [json.dumps({"name": name, **thread}, ensure_ascii=False) for name in ("a-1", "g-1")]
    path.write_bytes(lzma.compress("\n".join(lines).encode()))
    return path


@pytest.fixture
def examples(written, tmp_path):
    """Read the questions of the one that is learnt from."""
    own, _ = threads.split(threads.read(written))

    def encode(texts):
        return np.eye(len(texts), 8, dtype=np.float32)

    return list(meeting.examples(own, tmp_path / "words", encode))


def test_a_question_comes_with_what_a_search_finds(examples):
    """All comments of a small archive, which of them answers, and what speaks for each; only with a word."""
    assert len(examples) == len(QUESTIONS)
    for place, one in enumerate(examples):
        assert len(one.candidates) == len(COMMENTS)
        assert one.weights.sum().item() == pytest.approx(1)
        assert one.answered == (place < len(COMMENTS))
        assert int(one.right.sum()) == one.answered
    # Each question's vector is that of the comment with its number, so that one comes first.
    assert [one.right[0].item() for one in examples] == [True] * 4 + [False]
    assert examples[3].evidence[0].tolist()[:2] == [1.0, 1.0]
    known = vocabulary.vocabulary().packed([COMMENTS[3]])
    assert examples[3].candidates[0].tokens.tolist() == vocabulary.unpacked(known[0]).tolist()


def test_words_both_have_speak_for_a_comment(examples):
    """BM25 is among the evidence, across languages: a long race, and 热 for what is cooler."""
    assert [bool(one.evidence[:, 2].any()) for one in examples] == [False, False, True, True, False]


@pytest.mark.parametrize("sizes", [[(10, False)] * 50, [(40, True), (120, True), (90, True)], []])
def test_every_thread_is_in_one_archive(sizes):
    """Archives have 200 comments or more, but for the last of each kind; long threads have their own."""
    found = [Thread(f"t{n}", dict.fromkeys(range(size), ("a",)), ()) for n, (size, _) in enumerate(sizes)]
    dealt = meeting.archives(found, 0)
    assert sorted(one.name for own in dealt for one in own) == sorted(one.name for one in found)
    assert all(len({one.is_long for one in own}) == 1 for own in dealt)
    small = [own for own in dealt if sum(len(one.comments) for one in own) < meeting.ARCHIVE]
    assert len(small) <= 1
    assert dealt == meeting.archives(found, 0)


@settings(deadline=None, max_examples=25)
@given(TOKENS, st.lists(st.lists(TOKENS, min_size=1, max_size=3), min_size=1, max_size=4), st.randoms())
def test_words_meet_as_in_an_answer(untaught, asked, comments, choice):
    """What is learnt with is what `maxsim` reckons: a sum over the question's words, and the word missed."""
    rows = vocabulary.rows()
    words = sorted(choice.randrange(2) for _ in asked)
    words = [number - words[0] for number in words]
    weights = torch.full((len(asked),), 1 / len(asked))
    read = tuple(
        Read(
            torch.tensor([token for own in one for token in own]).long(),
            torch.tensor(list(map(len, one))).long(),
        )
        for one in comments
    )
    none = torch.zeros(len(comments), dtype=torch.bool)
    example = Example(
        torch.tensor(asked), weights, torch.tensor(words), read, torch.zeros(len(comments), 3), none, True
    )
    ranked, odds = untaught(example)

    def vectors(tokens):
        return word_vectors.unit(word_vectors.unit(rows[tokens]) @ untaught.directions.detach().numpy())

    begins = np.flatnonzero(np.diff(words, prepend=-1))
    question = maxsim.Asked(vectors(asked), weights.numpy(), begins, np.zeros(len(begins), bool))
    expected = []
    for one in comments:
        places = np.cumsum([0, *map(len, one[:-1])])
        texts = maxsim.Texts(vectors([token for part in one for token in part]), places, np.zeros(1, int))
        expected += maxsim.meetings(question, texts)
    assert ranked.tolist() == pytest.approx([MET.meeting * own.score for own in expected], abs=1e-4)
    first = expected[int(ranked.argmax())]
    spoken = 0.55 * first.score - 0.25 * first.missed - 0.72
    assert odds.item() == pytest.approx(12 * spoken, abs=1e-2)


def test_learning_prefers_what_answers():
    """Where the same word of questions is answered by the same other word, they come to lie together."""
    rows = vocabulary.rows()
    first, second, third = (own[0] for _, own in vocabulary.vocabulary().words("rent damp race"))
    right, wrong = (Read(torch.tensor([token]), torch.tensor([1])) for token in (second, third))
    one = Example(
        torch.tensor([first]),
        torch.ones(1),
        torch.zeros(1, dtype=torch.int64),
        (right, wrong),
        torch.zeros(2, 3),
        torch.tensor([True, False]),
        answered=True,
    )
    said = []
    found = meeting.learn([one] * 640, 0, said.append)
    before, after = (
        word_vectors.unit(word_vectors.unit(rows[[first, second, third]]) @ directions)
        for directions in (meeting.principal(), found)
    )
    assert after[0] @ after[1] - after[0] @ after[2] > before[0] @ before[1] - before[0] @ before[2] + 0.1
    assert said[-1].startswith("step 40 of 40: loss ")


def test_the_command_writes_directions(written, tmp_path, capsys):
    """In half precision, one for each of 64 numbers, from the threads that are not kept back; it says so."""
    out = tmp_path / "directions.safetensors"
    assert learn.main(["--threads", str(written), "--out", str(out)]) == 0
    directions = packed.read(out)[word_vectors.NAME]
    assert directions.shape == (384, 64)
    assert directions.dtype == np.float16
    said = capsys.readouterr().out
    for run in (1, 2, 3):
        assert f"run {run}: 1 of 1 archives read, 5 questions" in said


def test_missing_threads_are_a_sentence(tmp_path, capsys):
    """A file of threads that is not there is named, and nothing is learnt."""
    assert learn.main(["--threads", str(tmp_path / "none"), "--out", str(tmp_path / "out")]) == 5
    assert "none is missing; name a file of threads" in capsys.readouterr().err


def test_damaged_directions_are_a_sentence(tmp_path, monkeypatch):
    """Words are not compared in some directions or other."""
    path = tmp_path / "directions.safetensors"
    path.write_bytes(word_vectors.DIRECTIONS.read_bytes()[:-1])
    monkeypatch.setattr(word_vectors, "DIRECTIONS", path)
    with pytest.raises(ModelError, match=r"directions\.safetensors is damaged; reinstall threadbot\.$"):
        word_vectors.word_vectors.__wrapped__()
