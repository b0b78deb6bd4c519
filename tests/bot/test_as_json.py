import json

from hypothesis import given
from hypothesis import strategies as st

from bot import as_json
from retrieval.types import Bilingual, Question, Thread
from tests.fakes import answer, excerpt

QUESTION = Question("no bees", "en")


def test_an_answer_has_exactly_the_promised_keys_in_the_promised_order():
    """Programs read these keys; nothing is added, left out or moved."""
    found = as_json.answer(answer(QUESTION, excerpt()))
    assert list(found) == ["question", "language", "answered", "generation", "archive_date", "excerpts"]
    assert found["excerpts"] == [
        {
            "id": "comment00001",
            "rank": 1,
            "score": 0.7123,
            "author": "芋头不甜",
            "reply_to": "十七楼的风",
            "kind": "reply",
            "thread": {"id": "thread000001", "title": "Tomatoes on a balcony", "date": "2025-06-18"},
            "position": 12,
            "source": {"path": "balcony.md", "lines": [133, 139]},
            "language": "en",
            "quote": "Use a toothbrush.",
            "highlights": [[6, 16]],
            "other": {"language": "zh", "quote": "用电动牙刷。"},
            "text": {"zh": "没有蜜蜂。用电动牙刷。", "en": "No bees come up. Use a toothbrush. It works."},
            "similar": ["twin00000001"],
            "chain": [{"author": "十七楼的风", "position": 9, "quote": "Choose the variety first."}],
        }
    ]
    assert list(found["excerpts"][0]) == [
        "id",
        "rank",
        "score",
        "author",
        "reply_to",
        "kind",
        "thread",
        "position",
        "source",
        "language",
        "quote",
        "highlights",
        "other",
        "text",
        "similar",
        "chain",
    ]


def test_explain_adds_one_key_at_the_end():
    """Without --explain nobody sees how a score came about."""
    plain = as_json.excerpt(excerpt(), "en")
    explained = as_json.excerpt(excerpt(), "en", explain=True)
    assert [*plain, "explain"] == list(explained)
    assert explained["explain"] == {"dense": 0.7, "passages": ["a", "b"]}


def test_what_does_not_exist_is_null():
    """An untitled thread and a quote without counterpart are null, not empty texts."""
    untitled = Thread("t", Bilingual(), Bilingual(), None, ())
    found = as_json.excerpt(excerpt(thread=untitled, other=None), "en")
    assert found["thread"] == {"id": "t", "title": None, "date": None}
    assert found["other"] is None


def test_the_title_comes_in_the_language_of_the_question():
    """A Chinese question gets the Chinese title."""
    assert as_json.excerpt(excerpt(), "zh")["thread"]["title"] == "阳台上的番茄"


def test_a_question_that_was_no_unicode_is_echoed_as_unicode():
    """Lone surrogates would make the line unreadable for strict parsers."""
    assert as_json.error("a\udcff", "No.") == {"question": "a\ufffd", "error": "No."}


@given(st.text())
def test_json_is_one_line_that_a_terminal_only_displays(text):
    """Whatever a comment holds, the line reads back as it was and holds no control character."""
    line = as_json.dumps({"text": text})
    assert json.loads(line) == {"text": text}
    assert not any(ord(c) < 0x20 or 0x7F <= ord(c) < 0xA0 for c in line)
