"""Alignment: the sentences of two languages that say the same."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from retrieval.alignment import align, counterpart
from retrieval.types import Span
from tests.retrieval.test_text import texts

ZH = "我在瑞典工作。公司有40个人。老板每天骑车上班。后来他们换了厂房。周末大家去滑雪。"
EN = "I work in Sweden. The company has 40 people. The boss rides a bicycle to work."


def shown(zh, en):
    """Return what is aligned, as texts."""
    return [(left.of(zh), right.of(en)) for left, right in align(zh, en)]


def test_sentences_meet_by_words_and_numbers():
    """Even where the English leaves out the end of the Chinese."""
    assert shown(ZH, EN) == [
        ("我在瑞典工作。", "I work in Sweden."),
        ("公司有40个人。", "The company has 40 people."),
        ("老板每天骑车上班。", "The boss rides a bicycle to work."),
    ]


def test_two_sentences_may_stand_for_one():
    """Translators part and join."""
    zh = "老板每天骑车上班，从来不迟到，天气多冷都一样。周末大家去滑雪。"
    en = "The boss rides a bicycle to work. He is never late, however cold the weather. They ski at weekends."
    first = shown(zh, en)[0]
    assert first[0].startswith("老板")
    assert first[1].endswith("weather.")


@pytest.mark.parametrize(("zh", "en"), [("", "One."), ("一。", ""), ("", "")])
def test_nothing_aligns_with_nothing(zh, en):
    """And nothing fails."""
    assert align(zh, en) == ()


@settings(deadline=None)  # the dictionary is read once
@given(st.lists(texts, max_size=3).map("\n".join), st.lists(texts, max_size=3).map("\n".join))
def test_aligned_runs_are_in_order(zh, en):
    """On both sides, disjoint and inside the texts."""
    pairs = align(zh, en)
    for side, text in ((0, zh), (1, en)):
        edges = [edge for pair in pairs for edge in (pair[side].start, pair[side].end)]
        assert edges == sorted(edges)
        assert all(0 <= edge <= len(text) for edge in edges)


def test_the_counterpart_of_a_quote_is_one_run():
    """It covers all the pairs that the quote touches, and is cut where the other text has more in between."""
    pairs = [(Span(0, 5), Span(0, 10)), (Span(5, 9), Span(11, 20)), (Span(9, 12), Span(60, 90))]
    assert counterpart(pairs, Span(0, 9)) == Span(0, 20)
    assert counterpart(pairs, Span(0, 12)) == Span(60, 90)
    assert counterpart(pairs, Span(12, 14)) is None
