"""How Chinese is folded and cut before the tokenizer sees it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.model.chinese import Words

COSTS = {"研": 9.0, "究": 9.0, "研究": 7.0, "研究生": 8.0, "生": 6.0, "生命": 7.0, "命": 8.0}
COSTS |= {"起源": 8.0, "学": 6.0}
WORDS = Words(COSTS, {"學": "学", "韓": "韩"})


def test_text_without_han_is_untouched():
    """A text in which nothing is Chinese comes back as it was, pictures and full-width marks included."""
    text = "Plain English， with a  double space 😂 and [brackets]"
    assert WORDS.spaced(text) is text


def test_cheapest_cut_beats_the_longest_word():
    """研究生命 is 研究 and 生命, though 研究生 is the longer first word."""
    assert WORDS.cut("研究生命起源") == ["研究", "生命", "起源"]


def test_unknown_characters_stand_alone():
    """A character the model has no word for is a word of its own, and its neighbours are still found."""
    assert WORDS.cut("研究龘起源") == ["研究", "龘", "起源"]


def test_traditional_is_read_as_simplified():
    """Both scripts of a text are cut into the same words."""
    assert WORDS.spaced("學生") == WORDS.spaced("学生")


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("学[捂脸]生", "学   生"),
        ("学😂❤️生", "学   生"),
        ("学（生）！", "学 ( 生 )!"),
        ("学Python３生", "学 Python3 生"),
        ("[生命](https://example.com)", "[ 生命 ](https://example.com)"),
    ],
)
def test_what_is_not_a_word(written, read):
    """Emoji and their codes say nothing; full-width marks are ASCII's; a link's text stays."""
    assert WORDS.spaced(written).split() == read.split()


def test_emoji_code_alone_is_read():
    """A message that is nothing but an emoji code is read as its words."""
    assert WORDS.spaced("[生命]").split() == ["[", "生命", "]"]


@given(st.text(alphabet="研究生命起源学龘", max_size=60))
def test_cut_loses_nothing(run):
    """The words of a run, joined, are the run."""
    assert "".join(WORDS.cut(run)) == run


@given(st.text(max_size=80))
def test_reading_twice_changes_nothing(text):
    """A text that was folded stays as it is when folded again."""
    assert WORDS.folded(WORDS.folded(text)) == WORDS.folded(text)
