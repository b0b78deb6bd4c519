"""From what was typed to a question that can be answered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.errors import UsageError
from retrieval.questions import LONGEST, ask, is_small_talk


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


@pytest.mark.parametrize(
    "text",
    ["hello", "Hello there!", "hi hi hi", "Thanks a lot 🙏", "thank you", "/start", "/help", "你好", "您好！",
     "谢谢你", "多謝", "好的，谢谢", "早上好呀", "bye", "help"],
)  # fmt: skip
def test_small_talk_asks_nothing(text):
    """Greetings, thanks, farewells, commands, in both languages and scripts."""
    assert is_small_talk(text)


@pytest.mark.parametrize(
    "text",
    [
        "hello world programs",
        "谢谢你的番茄",
        "flip phones",
        "好用吗",
        "help with tomatoes",
        "为什么",
        "hi-fi",
    ],
)
def test_questions_are_no_small_talk(text):
    """Polite ones included."""
    assert not is_small_talk(text)


def test_small_talk_is_told_in_linear_time():
    """However often it is repeated."""
    assert not is_small_talk("hi " * 600 + "tomatoes")
