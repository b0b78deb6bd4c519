"""Digests, ids and records as they are stored; the literal values pin formats that are on people's disks."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.model.vocabulary import vocabulary
from retrieval.records import asking, content_digest, digest, dumps, loads, make_record, short_id, tokenized
from retrieval.types import Bilingual, Comment, Kind, PassageId, Record, Span

#: Text as it may come from any file, lone surrogates excepted: decoding makes none.
texts = st.text(st.characters(exclude_categories=["Cs"]))
optional = st.none() | texts
bodies = st.builds(Bilingual, zh=st.none() | texts.filter(bool), en=st.none() | texts.filter(bool))
spans = st.lists(st.builds(Span, st.integers(0, 99), st.integers(0, 99)), max_size=3).map(tuple)
comments = st.builds(
    Comment,
    id=texts,
    thread_id=texts,
    position=st.integers(1),
    kind=st.sampled_from(Kind),
    author=texts,
    reply_to=optional,
    parent=st.none() | st.integers(1),
    text=bodies,
    lines=st.tuples(st.integers(1), st.integers(1)),
    images=st.integers(0),
)
stored = st.builds(
    Record,
    comments,
    digest=texts,
    ancestors=st.lists(texts, max_size=3).map(tuple),
    passages=st.dictionaries(st.sampled_from(["zh", "en"]), spans),
    tokens=st.lists(st.binary(max_size=6), max_size=3).map(tuple),
    whole=st.binary(max_size=6),
    common=st.none() | st.floats(-1, 1),
)


def test_golden_digests():
    """Digests and ids are what they were in every version that people have indexes of."""
    assert digest("小李", None, "") == bytes.fromhex("84c0734eff803b079d03a4b95db52d49c34757b3")
    assert short_id("小李", None, "") == "qtahgtx7qa5q"
    assert content_digest(Bilingual("你好", "Hello")) == "f4ab75a6897dc8906d758acb8defb9337ad815bf"
    assert content_digest(Bilingual(en="Hello")) == "6d07615cb35adb4f7829526ec3630c077984d40f"


@given(st.lists(optional, max_size=4), st.lists(optional, max_size=4))
def test_digests_do_not_collide(first, second):
    """Lists of texts have the same digest only if they are the same list."""
    assert (digest(*first) == digest(*second)) == (first == second)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("ab", "c"), ("a", "bc")),
        (("a", ""), ("", "a")),
        ((None,), ("",)),
        ((None,), ("-",)),
        (("1:a",), ("a",)),
        (("a", "b"), ("a1:b",)),
        ((), ("",)),
        (("é",), ("e\u0301",)),
    ],
)
def test_digests_of_concatenations(first, second):
    """Texts that look alike once joined have different digests."""
    assert digest(*first) != digest(*second)


def test_digest_of_half_a_character():
    """A lone surrogate, which no file should hold, does not stop an ingest."""
    assert digest("\ud83d") != digest("\ud83e")


@given(stored)
def test_record_round_trip(record):
    """A record comes back as it was written, with what does not tell whether it changed."""
    for back in (loads(dumps(record)), loads(dumps(replace(record, whole=b"")), record.whole)):
        assert back == record
        assert (back.tokens, back.whole, back.common) == (record.tokens, record.whole, record.common)


@given(comments, st.lists(texts, max_size=3))
def test_made_record(comment, ancestors):
    """A record's passages name themselves, and their texts are taken from the comment's."""
    record = make_record(comment, ancestors)
    assert record.passages.keys() == dict(comment.text.items()).keys()
    ids = record.passage_ids()
    assert len(set(map(str, ids))) == len(ids) == len(record.passage_texts())
    for passage, text in zip(ids, record.passage_texts(), strict=True):
        assert text
        assert text in comment.text[passage.language]


def test_what_a_thread_asks():
    """Its title and the beginning of the text under it, in each language that it has."""
    said = Bilingual("我想在阳台上种番茄。" * 40, "I want to grow tomatoes.")
    title, of_it, begins, english = asking(Bilingual("怎么种番茄？", "How to grow tomatoes?"), said)
    assert (title, of_it, english) == ("怎么种番茄？", "How to grow tomatoes?", said.en)
    assert said.zh.startswith(begins)
    assert 0 < len(begins) <= 300
    assert asking(Bilingual("番茄"), Bilingual(None, "  ")) == ["番茄"]
    assert asking(Bilingual(), Bilingual()) == []


@given(st.lists(comments, max_size=4))
def test_tokens_are_added_where_they_are_lacking(several):
    """Each passage gets its own, whatever is made beside it; tokens that are there stay."""
    made = [make_record(comment, ()) for comment in several]
    found = tokenized(made)
    assert found == made
    alone = vocabulary().packed
    assert [one.tokens for one in found] == [tuple(alone(one.passage_texts())) for one in made]
    kept = [replace(one, tokens=(b"abc",)) for one in made]
    assert [one.tokens for one in tokenized(kept)] == [(b"abc",)] * len(kept)


@given(comments)
def test_rows_name_themselves(comment):
    """What the dense index holds is read back from its names; an only passage says that it is one."""
    rows = make_record(comment, ()).passage_ids()
    assert [PassageId.parse(str(row)) for row in rows] == rows
    assert [row.sole for row in rows] == ([True] if len(rows) == 1 else [False] * len(rows))
