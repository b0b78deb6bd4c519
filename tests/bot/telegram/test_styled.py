import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.telegram.styled import (
    LONGEST,
    MOST_ENTITIES,
    Look,
    Mark,
    Styled,
    clean,
    entities,
    fits,
    lines,
    marked,
    name,
    pack,
    plain,
    quoted,
    split,
)
from retrieval.types import Span

SAMPLES = [
    "a",
    "爱",
    "👩‍👩‍👧",
    "é",
    "𝒳",
    " ",
    "\n",
    "<b>&amp;</b>",
    "שלום",
    "\u200b",
    "*_`",
    "[x](y)",
    "🇨🇳",
    "\u202e",
]
texts = st.text(alphabet=st.characters(), max_size=60) | st.lists(st.sampled_from(SAMPLES)).map("".join)


def units(text):
    return len(text.encode("utf-16-le")) // 2


def at(text, entity):
    """Return what Telegram makes of an entity."""
    raw = text.encode("utf-16-le")
    return raw[2 * entity.offset : 2 * (entity.offset + entity.length)].decode("utf-16-le")


def check(part):
    """Fail unless a message can be sent as it is."""
    assert units(part.text) <= LONGEST
    found = entities(part)
    assert len(found) <= MOST_ENTITIES
    for mark, entity in zip(part.marks, found, strict=True):
        assert entity.length > 0
        assert at(part.text, entity) == part.text[mark.start : mark.end]


@st.composite
def highlighted(draw):
    text = draw(texts)
    places = sorted(set(draw(st.lists(st.integers(0, len(text)), max_size=8))))
    pairs = zip(places[::2], places[1::2], strict=False)
    return text, tuple(Span(start, end) for start, end in pairs)


@given(highlighted())
def test_a_quote_is_its_text_in_a_block_with_its_highlights_bold(given_quote):
    """Nothing is escaped, added or lost, whatever was written; matches stay where they were."""
    text, spans = given_quote
    shown = quoted(text, spans)
    assert shown.text == clean(text)
    check(shown)
    found = entities(shown)
    assert [each.type for each in found[:1]] == ["expandable_blockquote"] * bool(shown.text)
    bold = [at(shown.text, each) for each in found if each.type == "bold"]
    assert bold == [clean(span.of(text)) for span in spans if clean(span.of(text))]


def test_offsets_count_utf_16_units():
    """An emoji before a match counts twice."""
    shown = quoted("😀 ab", (Span(2, 4),))
    assert [(each.offset, each.length) for each in entities(shown)] == [(0, 5), (3, 2)]


@pytest.mark.parametrize("text", ["\x00a\x1fb\x7f", "a\ud800b"])
def test_what_no_message_can_hold_is_dropped(text):
    """Controls and lone surrogates; everything else a commenter wrote stays."""
    assert clean(text) == "ab"


@pytest.mark.parametrize(
    ("given_name", "shown"),
    [
        ("  two \n words ", "two words"),
        ("evil\u202eeman", "evileman"),
        ("שלום", "\u2068שלום\u2069"),
        ("", "?"),
        ("x" * 200, "x" * 120 + "…"),
    ],
)
def test_a_name_cannot_disturb_its_line(given_name, shown):
    """Line ends, changes of direction, endless and empty names."""
    assert name(given_name) == shown


@given(st.lists(st.integers(0, 9000), max_size=6), st.sampled_from(SAMPLES))
@settings(max_examples=40, deadline=None)
def test_packing_keeps_every_block_in_order_and_cuts_none_that_fits(lengths, filler):
    """Messages hold whole blocks; only one that is too long for any message is spread over several."""
    blocks = [quoted((filler * length)[:length] or "x") for length in lengths]
    packed = pack(blocks)
    for part, _, _ in packed:
        check(part)
    held = [number for _, first, last in packed for number in range(first, last)]
    assert held == list(range(len(blocks)))
    for number, block in enumerate(blocks):
        if fits(block):
            assert any(first <= number < last and block.text in part.text for part, first, last in packed)


@given(texts, st.integers(1, 400))
@settings(max_examples=60, deadline=None)
def test_the_pieces_of_a_long_block_are_the_block(text, times):
    """Nothing is lost where a message ends, and no letter is parted from its accent."""
    block = quoted(clean(text) * times)
    pieces = split(block)
    assert "".join(piece.text for piece in pieces) == block.text
    for piece in pieces:
        check(piece)


def test_no_message_is_blank():
    """Telegram would refuse it, and with it the rest of the answer."""
    packed = pack([plain("a" + "\n" * 9_000 + "b")])
    assert [part.text.strip() for part, _, _ in packed] == ["a", "b"]


def test_a_cut_parts_no_emoji_from_its_parts():
    """A family of joined emoji moves to the next message whole."""
    family = "👩\u200d👩\u200d👧"
    pieces = split(plain("x" * (LONGEST - 3) + family))
    assert pieces[1].text == family


def test_more_marks_than_a_message_may_have_are_spread_over_several():
    """Telegram would refuse the hundred and first."""
    text = "a " * 300
    block = quoted(text, tuple(Span(start, start + 1) for start in range(0, 600, 2)))
    pieces = split(block)
    assert "".join(piece.text for piece in pieces) == text
    for piece in pieces:
        check(piece)
    assert sum(mark.look == Look.STRONG for piece in pieces for mark in piece.marks) == 300


def test_marks_move_with_what_stands_before_them():
    """Parts are put together without counting by hand."""
    shown = lines([plain("爱"), Styled(""), marked("b", Look.STRONG)])
    assert shown == Styled("爱\nb", (Mark(Look.STRONG, 2, 3),))
