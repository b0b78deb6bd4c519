"""Texts as tokens, and what each token means by itself."""

import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from weakref import WeakValueDictionary

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.model import table, vocabulary
from retrieval.model.table import WIDTH
from retrieval.model.word_vectors import of_comments, word_vectors

readable = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def _parts():
    """Return what a vocabulary is made of."""
    known = vocabulary.vocabulary()
    return known._words, known._tokenizer


def _like(one, other):
    """Return the cosine of two words of one token each."""
    ((_, (first,)),) = vocabulary.vocabulary().words(one)
    ((_, (second,)),) = vocabulary.vocabulary().words(other)
    return float(word_vectors()[first] @ word_vectors()[second])


@given(st.lists(readable, max_size=3))
def test_packed_tokens_are_the_texts_own(texts):
    """Each once, in ascending order, without the two that frame every text; runs can be joined."""
    packed = vocabulary.vocabulary().packed(texts)
    own = [sorted(set(ids[1:-1])) for ids in vocabulary.vocabulary().ids(texts)]
    assert [vocabulary.unpacked(one).tolist() for one in packed] == own
    assert vocabulary.unpacked(b"".join(packed)).tolist() == [token for one in own for token in one]
    assert [vocabulary.count(one) for one in packed] == [len(one) for one in own]


@given(st.lists(readable, max_size=6), st.data())
def test_tokens_are_not_found_twice(texts, data):
    """What was kept for packing is used once, whatever else is asked for with it, and comes out the same."""
    own = vocabulary.Vocabulary(*_parts())
    expected = own.packed(texts)
    kept = data.draw(st.lists(st.sampled_from(texts), unique=True)) if texts else []
    with pytest.MonkeyPatch.context() as patch:
        own.ids(kept, keep=True)
        asked, ids = [], own.ids
        patch.setattr(own, "ids", lambda some: asked.extend(some) or ids(some))
        assert own.packed(texts) == expected
        assert Counter(asked) == Counter(texts) - Counter(kept)
        asked.clear()
        own.packed(texts)
        assert asked == texts


@given(st.lists(readable, min_size=2, max_size=3))
def test_one_text_has_the_tokens_that_it_has_among_others(texts):
    """One alone is cut another way, which is sooner done."""
    found = vocabulary.vocabulary().ids(texts)
    assert [own for text in texts for own in vocabulary.vocabulary().ids([text])] == found


def test_few_tokens_are_kept(monkeypatch):
    """Those of the texts that came last, where nobody asks for them."""
    monkeypatch.setattr(vocabulary, "_KEPT", 2)
    own = vocabulary.Vocabulary(*_parts())
    own.ids(["甲", "乙"], keep=True)
    own.ids(["丙"], keep=True)
    asked, ids = [], own.ids
    monkeypatch.setattr(own, "ids", lambda some: asked.extend(some) or ids(some))
    own.packed(["甲", "乙", "丙"])
    assert asked == ["甲"]


def test_words_are_those_the_model_reads():
    """Chinese ones folded and cut, English ones whole though they have several tokens."""
    words = vocabulary.vocabulary().words("為什麼還在用軟盤 at Fukushima?")
    assert [word for word, _ in words] == ["为什么", "还", "在", "用", "软盘", "at", "fukushima", "?"]
    assert [len(own) > 1 for _, own in words] == [False] * 6 + [True, False]


def test_no_text_has_no_words():
    """And no token to pack."""
    assert vocabulary.vocabulary().words("") == []
    assert vocabulary.vocabulary().packed([""]) == [b""]


def test_rows_are_shared_while_somebody_has_them():
    """They are large: the encoder's and the words' are the same array."""
    rows = vocabulary.rows()
    assert vocabulary.rows() is rows
    assert rows.shape[1] == WIDTH


def test_who_asks_while_the_rows_are_unpacked_waits_for_them(monkeypatch):
    """The model and the words of a process's first question ask at once; twice would take 400 MB more."""
    everybody, reading = threading.Barrier(3), []
    read = table.read

    def once(path):
        reading.append(path)
        with suppress(threading.BrokenBarrierError):
            everybody.wait(timeout=0.2)  # in vain, as the others wait elsewhere
        return read(path)

    monkeypatch.setattr(table, "read", once)
    monkeypatch.setattr(vocabulary.rows, "cache", WeakValueDictionary())
    with ThreadPoolExecutor(3) as pool:
        first, *others = [asked.result() for asked in [pool.submit(vocabulary.rows) for _ in range(3)]]
    assert all(other is first for other in others)
    assert len(reading) == 1


def test_words_that_say_the_same_lie_together():
    """In one language and across both, nearer than words that do not."""
    for same, others in (
        (("电脑", "computer"), ("番茄", "tomato")),
        (("医院", "hospital"), ("bicycle", "自行车")),
        (("car", "automobile"), ("sleep", "睡觉")),
    ):
        assert min(_like(*same), _like(*others)) > max(_like(one, other) for one in same for other in others)


def test_comments_vectors_stand_one_after_another():
    """With the places where passages and comments begin; no comment has none."""
    one, other = vocabulary.vocabulary().packed(["软盘", "a floppy disk"])
    texts = of_comments([[one], [one, other]])
    assert texts is not None
    assert texts.vectors.shape == (2 * vocabulary.count(one) + vocabulary.count(other), 64)
    assert texts.passages.tolist() == [0, 1, 2]
    assert texts.comments.tolist() == [0, 1]
    assert np.linalg.norm(texts.vectors, axis=1) == pytest.approx(1.0)
    assert of_comments([]) is None


def test_words_are_read_without_their_rows(tmp_path):
    """In row order and as what cuts a text."""
    path = tmp_path / "t"
    table.write(
        path, table.Table(("狗", "小狗"), np.ones(2, np.float32), {}, np.ones((2, WIDTH), np.float32))
    )
    words, finder = table.read_words(path)
    assert words == ("狗", "小狗")
    assert finder.cut("狗小狗") == ["狗", "小狗"]
