import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.server.body import read
from retrieval.errors import UsageError
from retrieval.types import Filters


def test_a_question_with_everything():
    """Every key of the interface is understood."""
    data = {"question": "软盘", "n": 3, "lang": "en", "thread": "deepseek", "author": "momo"}
    asked = read(json.dumps(data).encode(), 5)
    assert (asked.text, asked.count, asked.language) == ("软盘", 3, "en")
    assert asked.filters == Filters(thread="deepseek", author="momo")


def test_a_question_alone():
    """What is left out is as the settings say, and the language is the question's."""
    asked = read('{"question": "为什么"}'.encode(), 7)
    assert (asked.count, asked.language, asked.filters) == (7, "zh", Filters())


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"{",
        b"{}",
        b'{"question": 1}',
        b'{"question": ""}',
        b'{"question": "?!"}',
        b'{"question": "a", "n": 0}',
        b'{"question": "a", "n": "3"}',
        b'{"question": "a", "n": 1e9}',
        b'{"question": "a", "lang": "fr"}',
        b'{"question": "a", "colour": "red"}',
        b'{"question": "\xff"}',
        b'{"question": "\\ud800"}',
        json.dumps({"question": "a" * 10_000}).encode(),
    ],
)
def test_anything_else_is_one_sentence(data):
    """A body that is no such object is refused in one sentence that does not repeat it."""
    with pytest.raises(UsageError) as refused:
        read(data, 5)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) < 300


@given(st.binary())
def test_no_bytes_make_it_fail_otherwise(data):
    """Whatever is sent, it is a question or a sentence."""
    with suppress(UsageError):
        read(data, 5)
