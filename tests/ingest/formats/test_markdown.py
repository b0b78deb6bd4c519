"""Prose needs no parser: it becomes the very tokens that markdown-it makes of it."""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ingest.formats import markdown

#: Lines that begin as prose does and hold, within or at their end, what means something elsewhere.
_STARTS = st.sampled_from(["a", "Z", "番", "“", "é", "　", "\xa0", "。", "１", "•", "😂", "\u2028", "–", "—"])
_RESTS = st.text("ab 番茄\t\r\x0b\x0c\xa0　#>-=*_`~|:<[]()1.\\&!", max_size=8)
_LINES = st.one_of(st.builds("".join, st.tuples(_STARTS, _RESTS)), st.just(""), _RESTS)


def parsed(source):
    parser = markdown._parser(markdown.NESTING_LIMIT)
    tokens = []
    parser.block.parse(source, parser, {}, tokens)
    return tokens


@given(st.lists(_LINES, max_size=6).map("\n".join))
@example("one\n\n\ntwo  \nthree\n")
@example("\n\none\n")
@example("a | b\n--- | ---")
@example("title\n===")
@example("a\n1. b")
@settings(deadline=None, max_examples=400)
def test_blocks_are_what_the_parser_makes_of_them(source):
    """Whatever the text, and whichever way its blocks are found."""
    assert markdown.blocks(source, {}) == parsed(source)


@pytest.mark.parametrize("source", ["番茄要浇水。\n早晚各一次。\n\nTwice a day.", "“好”", "\n\n一"])
def test_prose_is_read_without_the_parser(monkeypatch, source):
    """It is most of what people write, and parsing it was a third of reading a file."""
    monkeypatch.setattr(markdown, "_parser", None)
    assert [token.content for token in markdown.blocks(source, {}) if token.type == "inline"]


def test_long_text_that_is_not_prose_costs_no_more():
    """What decides between the two looks at each character a few times at most."""
    source = "a" * 20_000 + "\n" * 20_000 + "番\n" * 20_000 + "-"
    began = time.process_time()
    assert not markdown._PROSE.fullmatch(source)
    assert time.process_time() - began < 1
