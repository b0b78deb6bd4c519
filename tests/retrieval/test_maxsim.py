"""Late interaction: how well comments meet the words of a question."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.maxsim import Asked, Texts, meetings, unnamed

#: Comments as the sizes of their passages.
shapes = st.lists(st.lists(st.integers(1, 5), min_size=1, max_size=3), min_size=1, max_size=4)


def _unit(chooser, count):
    rows = chooser.normal(size=(count, 8)).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def _asked(vectors, words=None, names=None):
    places = np.arange(len(vectors)) if words is None else np.array(words)
    return Asked(
        vectors,
        np.full(len(vectors), 1 / len(vectors), np.float32),
        places,
        np.zeros(len(places), bool) if names is None else np.array(names),
    )


def _texts(vectors, comments):
    sizes = [size for comment in comments for size in comment]
    return Texts(vectors, np.cumsum([0, *sizes[:-1]]), np.cumsum([0, *map(len, comments[:-1])]))


@given(shapes, st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_each_token_is_met_by_the_one_most_like_it(comments, asked, seed):
    """A comment is as good as its best passage, whatever stands beside it."""
    chooser = np.random.default_rng(seed)
    question = _asked(_unit(chooser, asked))
    vectors = _unit(chooser, sum(map(sum, comments)))
    found = meetings(question, _texts(vectors, comments))
    start = 0
    for comment, meeting in zip(comments, found, strict=True):
        expected = []
        for size in comment:
            like = (question.vectors @ vectors[start : start + size].T).max(axis=1)
            expected.append(float(question.weights @ like) - 0.06 * np.log(size / 40))
            start += size
        assert meeting.score == pytest.approx(max(expected), abs=1e-5)


def test_the_word_missed_most_is_told():
    """Its share of the question, as far as no passage of the comment has anything like it."""
    one, other, third = np.eye(3, dtype=np.float32)
    asked = Asked(
        np.stack([one, other]), np.array([0.25, 0.75], np.float32), np.array([0, 1]), np.array([False, False])
    )
    held, missing, spread = meetings(
        asked, _texts(np.stack([one, other, one, third, one, other]), [[2], [2], [1, 1]])
    )
    assert held.missed == pytest.approx(0.0)
    assert missing.missed == pytest.approx(0.75)
    assert spread.missed == pytest.approx(0.0)


def test_the_pieces_of_a_word_are_missed_together():
    """A name that the vocabulary has in pieces is one word."""
    one, other, third = np.eye(3, dtype=np.float32)
    pieces = np.stack([one, other])
    elsewhere = _texts(third[None], [[1]])
    assert meetings(_asked(pieces, [0]), elsewhere)[0].missed == pytest.approx(1.0)
    assert meetings(_asked(pieces, [0, 1]), elsewhere)[0].missed == pytest.approx(0.5)


def test_only_a_name_is_missed_as_a_name():
    """Other words may be said otherwise; a name that any passage has is there."""
    one, other, third = np.eye(3, dtype=np.float32)
    both, elsewhere = np.stack([one, other]), _texts(np.stack([third, one]), [[1, 1]])
    assert unnamed(_asked(both), elsewhere) == 0.0
    assert unnamed(_asked(both, names=[True, False]), elsewhere) == pytest.approx(0.0)
    assert unnamed(_asked(both, names=[True, True]), elsewhere) == pytest.approx(0.5)


def test_a_word_is_met_by_what_it_is_called_otherwise():
    """As a whole, by the mean of its tokens, and only where that is better than its own are."""
    one, other, third, fourth = np.eye(4, dtype=np.float32)
    asked = _asked(np.stack([one, other]), words=[0], names=[True])
    called = replace(asked, called=[(0, np.stack([third, fourth]))])
    own, whole, half, none = (np.stack(rows) for rows in ([one, other], [third, fourth], [third], [-third]))
    for text, missed in ((own, 0.0), (whole, 0.0), (half, 0.5), (none, 1.0)):
        texts = _texts(text, [[len(text)]])
        assert meetings(called, texts)[0].missed == pytest.approx(missed)
        assert unnamed(called, texts) == pytest.approx(min(1.0, 2 * missed))
    assert meetings(asked, _texts(whole, [[2]]))[0].missed == pytest.approx(1.0)


def test_a_name_half_like_another_is_another():
    """Rows of places, or of firms, are alike; nothing counts for more than all of its share."""
    one, other = np.eye(2, dtype=np.float32)
    asked = _asked(one[None], names=[True])
    for like, missed in ((1.0, 0.0), (0.9, 0.2), (0.5, 1.0), (0.0, 1.0)):
        text = like * one + np.sqrt(1 - like**2) * other
        assert unnamed(asked, _texts(text[None], [[1]])) == pytest.approx(missed, abs=1e-5)
