from hypothesis import given
from hypothesis import strategies as st

from bot.telegram.lengths import resized
from retrieval.types import Quote, Span
from tests.fakes import COMMENT, excerpt

EN = COMMENT.text.en  # "No bees come up. Use a toothbrush. It works."


def test_a_longer_quote_takes_in_neighbours():
    """What was matched stays matched, and the other language follows."""
    longer = resized(excerpt(), 800)
    assert longer.quote.text == EN
    assert [mark.of(longer.quote.text) for mark in longer.quote.highlights] == ["toothbrush"]
    assert longer.other.text == COMMENT.text.zh


def test_a_shorter_quote_keeps_what_matched():
    """Of three sentences the one with the match."""
    shown = excerpt(quote=Quote("en", Span(0, len(EN)), EN, (Span(23, 33),)))
    shorter = resized(shown, 20)
    assert shorter.quote.text == "Use a toothbrush."
    assert [mark.of(shorter.quote.text) for mark in shorter.quote.highlights] == [EN[23:33]]


@given(st.integers(1, 60))
def test_a_quote_of_any_length_is_verbatim_and_whole(limit):
    """It is cut out of the comment, and longer than asked only where one sentence is."""
    quote = resized(excerpt(), limit).quote
    assert quote.span.of(EN) == quote.text
    assert len(quote.text) <= limit or quote.text in {"No bees come up.", "Use a toothbrush.", "It works."}
