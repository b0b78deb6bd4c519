"""Language, sentences and passages, over any text there is."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval.text import language_of, passages, sentences, weight

#: What archived comments are made of, and what breaks naive cutters.
PIECES = st.sampled_from(
    ["日本", "软盘。", "真的吗？", "”", "“", "He said", "e.g.", "Mr. ", "3.5", "...", "……", "\n", "\n\n",
     " ", "*", "😀", "👨‍👩‍👧", "，", ", ", "！！", "?",
     "a", "\u200d", "\ufe0f", "\x00", "\ud800", "https://a.b/c.", "\t"]
)  # fmt: skip
texts = st.one_of(st.text(), st.lists(PIECES, max_size=60).map("".join))


def visible(text):
    """Return a text without what nobody sees."""
    return "".join(text.split())


@given(texts)
def test_sentences_hold_every_visible_character_once(text):
    """In order, disjoint and trimmed."""
    spans = sentences(text)
    assert visible("".join(span.of(text) for span in spans)) == visible(text)
    assert all(before.end <= after.start for before, after in pairwise(spans))
    assert all(span.of(text) == span.of(text).strip() != "" for span in spans)


@given(texts, st.integers(1, 600))
def test_passages_are_runs_of_whole_sentences(text, most):
    """Each sentence is in one passage; passages begin and end where sentences do, and none is too long."""
    spans, ends = passages(text, most=most), sentences(text)
    inside = [[sentence for sentence in ends if span.holds(sentence)] for span in spans]
    assert all(len(own) == 1 or sum(weight(sentence.of(text)) for sentence in own) <= most for own in inside)
    assert visible("".join(span.of(text) for span in spans)) == visible(text)
    assert {span.start for span in spans} <= {sentence.start for sentence in ends}
    assert {span.end for span in spans} <= {sentence.end for sentence in ends}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("软盘很好。硬盘更好！是吗？", ["软盘很好。", "硬盘更好！", "是吗？"]),
        ("“真的吗？”，他问。", ["“真的吗？”，他问。"]),
        ("Mr. Tanaka uses a 3.5 inch disk. It works.", ["Mr. Tanaka uses a 3.5 inch disk.", "It works."]),
        ("Wait... what? Yes.", ["Wait... what?", "Yes."]),
        ("第一行\n第二行", ["第一行", "第二行"]),
        ("wrapped in the\nmiddle of a line", ["wrapped in the\nmiddle of a line"]),
        ("好的[捂脸]。😀再见", ["好的[捂脸]。", "😀再见"]),
        ("", []),
        (" \n ", []),
    ],
)
def test_where_sentences_end(text, expected):
    """Full stops of either script end one; abbreviations, numbers and wrapped lines do not."""
    assert [span.of(text) for span in sentences(text)] == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [("软盘", "zh"), ("floppy disk", "en"), ("用 COBOL 写代码", "zh"), ("カメラ", "zh"), ("123 😀", None)],
)
def test_language(text, language):
    """A Han character counts like a word; digits and emoji say nothing."""
    assert language_of(text) == language


def test_a_han_character_weighs_like_a_short_word():
    """So that passages of both languages say about as much."""
    assert weight("软盘") == 6
    assert weight("disk") == 4
