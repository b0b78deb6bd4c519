"""From what was typed to a question that can be answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import UsageError
from retrieval.questions import LONGEST, ask


@pytest.mark.parametrize("text", ["", " \n", "???", "，。！", "😀👍", "\x00", "\ud800", "***", "x" * 10_000])
def test_what_is_no_question_is_one_sentence(text):
    """Empty, too long, or without a word: said once, with what to do."""
    with pytest.raises(UsageError, match=r"^The question .+\.$"):
        ask(text)


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("flip phones", "en"),
        ("翻盖手机", "zh"),
        ("用 COBOL 吗", "zh"),
        ("2024", "en"),
        ("a\x00b\ud800 😀", "en"),
    ],
)
def test_a_question_knows_its_language(text, language):
    """Unless it is told; what no text holds is dropped."""
    asked = ask(text)
    assert asked.language == language
    assert not set(asked.text) & {"\x00", "\ud800"}
    assert ask(text, language="zh").language == "zh"


@given(st.text(max_size=LONGEST))
def test_any_text_is_a_question_or_one_sentence(text):
    """Nothing else comes of it."""
    outcome = None
    try:
        outcome = ask(text).text
    except UsageError as error:
        outcome = str(error).replace("\n", "")
    assert outcome
