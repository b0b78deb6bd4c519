"""Which words of a question are names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.model.vocabulary import vocabulary
from retrieval.names import named


def names(question):
    """Return the words that are names, of those the model reads."""
    words = [word for word, _ in vocabulary().words(question)]
    return [word for word, is_name in zip(words, named(question, words), strict=True) if is_name]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("Why does Iceland have so many writers?", ["iceland"]),
        ("Iceland: why so many writers?", []),  # a capital at the beginning says nothing
        ("Is it true? Most of them left for Norway.", ["norway"]),
        ("IBM and the iPhone", ["ibm", "iphone"]),  # capitals inside do, wherever the word stands
        ("does the RTX4090 need 12 volts", ["rtx4090"]),
        ("Did anybody visit “Perú” or São Paulo?", ["peru", "sao", "paulo"]),
        ("Why I Left My Job And Never Looked Back", []),  # a headline
        ("WHY IS IT SO LOUD", []),
        ("冰岛的作家为什么这么多", ["冰岛"]),
        ("冰島的作家為什麼這麼多", ["冰岛"]),
        ("kimi 好用吗", ["kimi"]),  # Latin letters among Chinese ones
        ("what does 内卷 mean", []),  # a Chinese word among Latin ones
        ("小米怎么煮", []),  # millet as well as a firm
        ("为什么大家都不说话", []),
        ("", []),
        ("？！ 42", []),
    ],
)
def test_names_are_told_by_capitals_and_by_the_dictionary(question, expected):
    """Capitals that their place gives, headlines, figures and ordinary words are none."""
    assert names(question) == expected


@given(st.text(max_size=80))
def test_any_question_can_be_read(question):
    """Each word is told of, and nothing raises."""
    words = [word for word, _ in vocabulary().words(question)]
    assert len(named(question, words)) == len(words)


def test_what_stands_for_a_spelling_is_no_name():
    """An archive may write a name of an English question in two ways, of which a comment has one."""
    assert named("Who is Shen Wenfeng?", ["who", "is", "沈", "文锋", "沈", "文峰"]) == [False] * 6
    assert named("文峰在哪里", ["文峰", "在", "哪里"]) == [True, False, False]
