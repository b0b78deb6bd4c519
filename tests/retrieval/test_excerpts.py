"""Excerpts: verbatim, whole sentences, marked where they match."""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from retrieval.excerpts import Sought, choose, marks, opening
from retrieval.terms import wanted
from retrieval.text import sentences
from retrieval.types import Span
from tests.retrieval.test_text import texts

ZH = "以前都用软盘。后来换成了光盘，大家都很高兴。😀现在没有人再用软盘了！\n手机最方便。"


def chosen(text, passage, question, limit):
    """Return the quote of a text that a question gets, each of its terms worth its weight."""
    sought = Sought(wanted(question))
    return choose(text, "zh", passage, marks(text, sought.wanted), sought, limit)


@settings(deadline=None)  # the dictionary is read once
@given(texts, texts, st.integers(1, 300), st.none() | st.tuples(st.integers(0, 50), st.integers(0, 50)))
def test_a_quote_is_a_verbatim_run_of_whole_sentences(text, question, limit, found):
    """Whatever the text, the question and the passage found; highlights are inside, ascending, disjoint."""
    passage = Span(min(found), max(found)) if found else None
    quote = chosen(text, passage, question, limit)
    ends = sentences(text) or [Span(0, len(text))]
    assert quote.text == quote.span.of(text)
    assert quote.span.start in {span.start for span in ends}
    assert quote.span.end in {span.end for span in ends}
    assert len(quote.text) <= limit or quote.span in ends
    edges = [edge for span in quote.highlights for edge in (span.start, span.end)]
    assert edges == sorted(set(edges))
    assert all(0 <= edge <= len(quote.text) for edge in edges)


@settings(deadline=None)
@given(texts, texts, st.integers(1, 200), st.none() | st.tuples(st.integers(0, 50), st.integers(0, 50)))
@example("0" * 14 + "\n0", "", 16, (0, 15))  # the passage ends between two sentences
@example("0\n" + "0" * 14, "", 16, (1, 16))  # and begins there
def test_no_run_would_have_been_better(text, question, limit, found):
    """What marks a run holds, where it stands and how long it is: reckoned anew for each run there is."""
    passage = Span(min(found), max(found)) if found else None
    asked = wanted(question)
    held, total, ends = marks(text, asked), sum(asked.own.values()), sentences(text)

    def value(run):
        best = {}
        for mark in held:
            if run.holds(mark.span):
                best[mark.term] = max(mark.share, best.get(mark.term, 0.0))
        worth = sum(asked.own[term] * share for term, share in best.items()) / total if total else 0.0
        inside = max(0, min(run.end, passage.end) - max(run.start, passage.start)) if passage else 0
        return (
            worth
            - 0.15 * (run.end - run.start) / limit
            + (0.5 * inside / max(1, passage.end - passage.start) if passage else 0)
        )

    runs = [
        Span(one.start, other.end)
        for place, one in enumerate(ends)
        for other in ends[place:]
        if one is other or other.end - one.start <= limit
    ]
    quote = chosen(text, passage, question, limit)
    highest = max(map(value, runs), default=-9) - 2e-6
    best = [run for run in [*runs, quote.span] if quote.span.holds(run) and value(run) >= highest]
    assert quote.span in best or any(run.end - run.start < limit / 12 for run in best)


def test_the_sentence_that_answers_is_chosen():
    """The one with the question's words; right to the character beside an emoji."""
    quote = chosen(ZH, None, "光盘", 20)
    assert quote.text == "后来换成了光盘，大家都很高兴。"
    assert [span.of(quote.text) for span in quote.highlights] == ["光盘"]


def test_without_matching_words_the_passage_found_is_quoted():
    """What the dense index saw is all there is to go by."""
    start = ZH.index("手机")
    assert chosen(ZH, Span(start, len(ZH)), "calling", 60).text == "手机最方便。"


@pytest.mark.parametrize(
    ("asked", "limit", "expected"),
    [
        ("tofu", 60, "Tofu? I press it for an hour."),
        ("tofu", 20, "Tofu?"),
        ("impossible", 60, "He laughed at me. Impossible."),
        ("impossible", 20, "Impossible."),
        ("hour", 60, "I press it for an hour."),
    ],
)
def test_a_very_short_sentence_comes_with_its_neighbour(asked, limit, expected):
    """The next, or else the one before, as far as both are short enough to be quoted."""
    text = "Tofu? I press it for an hour. He laughed at me. Impossible."
    held = marks(text, wanted(asked))
    assert choose(text, "en", None, held, Sought(wanted(asked)), limit).text == expected


def test_an_english_question_marks_chinese_words():
    """Close translations are highlighted, loose ones only count."""
    quote = chosen(ZH, None, "floppy disk", 8)
    assert [span.of(quote.text) for span in quote.highlights] == ["软盘"]


def test_a_name_is_marked_as_the_text_writes_it():
    """In Latin letters it is a word, not a part of one."""
    text = "他买了 EV，every day 充电。英伟达的卡也买了。"
    held = [mark.span.of(text) for mark in marks(text, wanted("电动车")) if mark.term == "电动"]
    assert held == ["EV"]
    assert [mark.span.of(text) for mark in marks(text, wanted("NVIDIA"))] == ["英伟达"]


def test_traditional_questions_mark_simplified_text():
    """Place for place."""
    assert [mark.span.of(ZH) for mark in marks(ZH, wanted("軟盤")) if mark.term == "软盘"] == ["软盘", "软盘"]


def test_the_limit_is_kept_but_for_one_long_sentence():
    """No sentence is cut to fit."""
    text = "一" * 250 + "。" + "二" * 250 + "。"
    assert len(chosen(text, None, "二二", 300).text) == 251
    assert len(chosen(text, None, "一一", 100).text) == 251


@given(texts)
def test_an_opening_is_a_beginning(text):
    """Of whole sentences where there are any, and never endless."""
    assert text.strip().startswith(opening(text).strip())
    assert len(opening(text)) <= 180
