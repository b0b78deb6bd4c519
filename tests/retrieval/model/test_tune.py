"""The recipe that tunes the encoder: what it reads, how it deals batches, that answers come nearer."""

import gzip
import json
import lzma
import random

import numpy as np
import pytest

from retrieval.model import tune, tuning
from retrieval.model.recipe import measure, pairs, threads
from retrieval.model.recipe import tuning as recipe
from retrieval.model.recipe.tuning import Example, Settings

COMMENTS = [
    "我家的猫每天早上五点准时叫我起床，已经三年没睡过懒觉了。",
    "The landlord painted over the mould and called it renovated.",
    "第一次跑马拉松，三十公里以后全靠旁边大爷的骂声撑下来。",
    "We switched to induction and the kitchen stays ten degrees cooler in August.",
]
QUESTIONS = [
    {"q": "Whose pet works as an alarm clock?", "gold": [1]},
    {"q": "出租房有什么被盖住的问题", "gold": [2]},
    {"q": "Who got through a long race because of a stranger?", "gold": [3]},
    {"q": "夏天做饭怎样才不热", "gold": [4]},
    {"q": "Which dentist is cheap?", "gold": []},
]


@pytest.fixture
def written(tmp_path):
    """Four threads to tune on, with the same comments and a question each, and one that is kept back."""
    path = tmp_path / "threads.jsonl.xz"
    comments = [{"id": place, "text": text} for place, text in enumerate(COMMENTS, start=1)]
    asked = [[QUESTIONS[place], QUESTIONS[-1]] for place in range(4)]
    lines = [
        json.dumps({"name": name, "comments": comments, "questions": questions}, ensure_ascii=False)
        for name, questions in zip(("a-1", "b-1", "c-1", "d-1", "g-1"), [*asked, QUESTIONS], strict=True)
    ]
    path.write_bytes(lzma.compress("\n".join(lines).encode()))
    return path


def test_a_question_knows_its_answers_and_the_rest(written):
    """A question's comments are parted into those that answer and the others; areas are kept back whole."""
    own, kept_back = threads.split(threads.read(written))
    assert [thread.name for thread in own] == ["a-1", "b-1", "c-1", "d-1"]
    assert [thread.name for thread in kept_back] == ["g-1"]
    first = own[0].asked[0]
    assert first.answers == ((COMMENTS[0],),)
    assert [text for (text,) in first.others] == COMMENTS[1:]


def test_the_threads_of_the_recipe_are_whole():
    """Every question's answers are comments of its thread, and no comment stands twice in it.

    In those that the encoder is tuned on and measured with, no passage stands twice at all.
    """
    found = threads.read(tune.THREADS)
    own, kept_back = threads.split(found)
    assert len(own) == 1157
    assert sum(thread.is_later for thread in own) == 176
    assert sum(thread.is_long and not thread.is_later for thread in own) == 133
    assert len(kept_back) == 36
    texts = [text for one in found if not one.is_later for own in one.comments.values() for text in own]
    assert len(set(texts)) == len(texts)
    for thread in found:
        assert len(set(thread.comments.values())) == len(thread.comments)
        for one in thread.asked:
            assert len(one.answers) + len(one.others) == len(thread.comments)


def test_every_question_is_dealt_once():
    """A batch has questions to different threads, the answered ones first; each comes once in a round."""
    found = [
        Example(f"t{place % 5}", f"q{place}", ("a",) if place % 3 else (), ("b",)) for place in range(40)
    ]
    dealt = list(recipe._batches(found, Settings(questions=4), random.Random(1)))  # noqa: S311 - nothing secret is drawn
    assert sorted(one.question for batch in dealt for one in batch) == sorted(one.question for one in found)
    for batch in dealt:
        answered = [one for one in batch if one.right]
        assert batch[: len(answered)] == answered
        assert len({one.thread for one in answered}) == len(answered) <= 4


def test_long_threads_are_learnt_from_last(written):
    """The short ones come first, as often as is asked for, the long ones once; a missing kind is no round.

    Those written after the encoder was tuned are left out.
    """
    short, _ = threads.split(threads.read(written))
    long = threads.Thread("long", dict.fromkeys(range(40), ("text",)), short[0].asked)
    (first, often), (last, once) = tune.rounds([long, *short], 3)
    assert (first, often.epochs, last, once.epochs) == (short, 3, [long], 1)
    assert once.rate < often.rate
    later = threads.Thread("qa-01", long.comments, long.asked)
    assert [own for own, _ in tune.rounds([later, *short], 1)] == [short]


def test_figures_of_threads(written):
    """An encoder that puts questions where their comments are scores one, one that is off by one half."""
    _, kept_back = threads.split(threads.read(written))
    places = {one["q"]: place for place, one in enumerate(QUESTIONS)}
    places |= {text: place for place, text in enumerate(COMMENTS)}
    perfect = np.eye(5, dtype=np.float32)
    assert measure.threads(lambda texts: perfect[[places[text] for text in texts]], kept_back) == (1, 1)
    shifted = np.roll(perfect, 1, axis=0)

    def wrong(texts):
        return np.stack([(perfect if text in COMMENTS else shifted)[places[text]] for text in texts])

    assert measure.threads(wrong, kept_back) == (1, (1 + 3 / 2) / 4)  # before the first there is none


@pytest.mark.slow
def test_tuning_brings_answers_nearer(written, tmp_path, capsys):
    """After some rounds the right comments are nearer to their questions, by a file of small changes."""
    with gzip.open(tmp_path / "pairs.tsv.gz", "wt", encoding="utf-8") as lines:
        lines.write("tatoeba\tI like cats.\t我喜欢猫。\n")
    out = tmp_path / "tuning.safetensors"
    command = ["--data", str(tmp_path), "--threads", str(written), "--out", str(out), "--epochs", "6"]
    assert tune.main(command) == 0
    said = capsys.readouterr().out
    assert "4 threads, 8 questions, 1 pairs of sentences" in said
    assert "step 6 of 6" in said
    found = tuning.read(out)
    assert all(name.startswith(recipe.TUNED) for name in found)
    assert max(float(np.abs(difference).max()) for difference in found.values()) > 0


def test_missing_pairs_are_a_sentence(written, tmp_path, capsys):
    """Without the pairs the command says which file it misses and fails."""
    assert tune.main(["--data", str(tmp_path), "--threads", str(written), "--out", str(tmp_path / "t")]) == 5
    assert capsys.readouterr().err.strip().endswith("pairs.tsv.gz is missing from the data folder.")


def test_missing_threads_are_a_sentence(tmp_path, capsys):
    """A file of threads that is not there is named, and nothing is trained."""
    assert tune.main(["--data", str(tmp_path), "--threads", str(tmp_path / "none"), "--measure"]) == 5
    assert "none is missing; name a file of threads" in capsys.readouterr().err


def test_pairs_are_sentences(tmp_path):
    """Of the pairs, collections of documentation are not among those that keep the vectors in place."""
    with gzip.open(tmp_path / "p.gz", "wt", encoding="utf-8") as lines:
        lines.write("tatoeba\tI like cats.\t我喜欢猫。\npydocs\tReturn it.\t返回它。\n")
    assert {pair.source for pair in pairs.read(tmp_path / "p.gz")} - tune._SENTENCES == {"pydocs"}
