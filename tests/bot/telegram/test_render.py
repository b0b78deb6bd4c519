import random
import unicodedata
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bot.telegram import render, styled
from bot.telegram.render import Card
from bot.telegram.styled import clean
from retrieval.types import Bilingual, ChainLink, Quote, Span
from tests.bot.telegram.double import units
from tests.bot.telegram.test_styled import SAMPLES, at, check
from tests.fakes import COMMENT, MANIFEST, THREAD, excerpt

ALPHABET = [
    *SAMPLES,
    *"<>&\"'`*_[](){}#+-=|.!~\\/@:,;0",
    *(
        "\r",
        "\x00",
        "\ud83d",
        "\u2028",
        "\u0301",
        "\ufe0f",
        "\u2067",
        "中文。",
        "العربية",
        "[捂脸]",
        "/start",
        "@all",
    ),
]
names = st.text(max_size=40) | st.lists(st.sampled_from(ALPHABET), max_size=12).map("".join)
words = st.text(max_size=80) | st.lists(st.sampled_from(ALPHABET), max_size=40).map("".join)


def made(text, spans, author, reply_to, title="t"):
    """Return an excerpt that quotes the whole of a comment."""
    comment = replace(COMMENT, author=author, reply_to=reply_to, text=Bilingual(en=text or None))
    return excerpt(
        comment=comment,
        thread=replace(THREAD, title=Bilingual(en=title)),
        quote=Quote("en", Span(0, len(text)), text, spans),
        other=None,
        chain=(ChainLink("x", author, 1, text[:90]),),
        path=title,
    )


def held(text, spans, author, reply_to, language):
    """Fail unless an excerpt becomes messages that Telegram takes and that hold the quote verbatim."""
    card = render.card(Card(made(text, spans, author, reply_to, author)), language)
    pieces = [part for part, _, _ in styled.pack([card])]
    for piece in pieces:
        check(piece)
    whole = "".join(piece.text for piece in pieces)
    assert whole == card.text
    shown = clean(text)
    if not shown.strip():
        return
    assert whole.startswith(shown + "\n")
    block = next(each for each in styled.entities(card) if each.type == "expandable_blockquote")
    assert at(card.text, block) == shown
    bold = [at(card.text, each) for each in styled.entities(card) if each.type == "bold"]
    assert bold[:-1] == [clean(span.of(text)) for span in spans if clean(span.of(text))]


def spans_in(text, places):
    """Return disjoint ascending spans between pairs of places."""
    inside = sorted({place for place in places if place <= len(text)})
    return tuple(Span(start, end) for start, end in zip(inside[::2], inside[1::2], strict=False))


@given(
    words, st.lists(st.integers(0, 80), max_size=8), names, names | st.none(), st.sampled_from(["zh", "en"])
)
@settings(deadline=None)
def test_whatever_was_written_is_quoted_verbatim_and_can_be_sent(text, places, author, reply_to, language):
    """Emoji, right-to-left, zero-width, markup of three kinds, controls: shown as they are, marked right."""
    held(text, spans_in(text, places), author, reply_to, language)


@pytest.mark.slow
def test_a_hundred_thousand_comments_make_messages_telegram_takes():
    """Whatever commenters call themselves and write: valid entities, within limits, the quote verbatim."""
    chosen = random.Random(20260101)  # noqa: S311 - the same comments every time
    for number in range(100_000):
        text = "".join(chosen.choices(ALPHABET, k=chosen.choice((0, 1, 5, 40, 120))))
        text = "".join(chr(chosen.randrange(0x110000)) if chosen.random() < 0.1 else each for each in text)
        text *= chosen.randint(20, 90) if number % 200 == 0 else 1
        places = [chosen.randint(0, len(text)) for _ in range(2 * chosen.randint(0, 4))]
        if number % 1_000 == 0:
            places = list(range(len(text)))
        author, reply_to = ("".join(chosen.choices(ALPHABET, k=chosen.randint(0, 20))) for _ in "ab")
        held(text, spans_in(text, places), author, reply_to, chosen.choice(("zh", "en")))


@given(names)
def test_a_name_stays_on_its_line_and_turns_nothing_around(given_name):
    """Changes of direction end where the name ends."""
    shown = styled.name(given_name)
    assert shown
    assert not {"\n", "\r", "\u2028", "\u202e"} & set(shown)
    assert shown.count("\u2068") == shown.count("\u2069") <= 1
    assert all(unicodedata.category(each) not in {"Cs", "Cc"} for each in shown)


def test_a_picture_without_text_says_so():
    """There is nothing to quote."""
    text = render.card(Card(made("", (), "A", None)), "en").text
    assert text.startswith("(a picture without text)\n1. A · t")


def test_a_comment_in_one_language_only_says_so():
    """Where the reader asked in the other."""
    assert "only in English" not in render.card(Card(made("hello", (), "A", None)), "en").text
    assert "只有英文" in render.card(Card(made("hello", (), "A", None)), "zh").text


def test_an_edited_comment_says_so():
    """Its quote is not what the answer was about any more."""
    assert render.card(Card(excerpt(), edited=True), "en").text.endswith("· edited since")


@given(st.text(max_size=9_000) | st.integers(0, 30_000).map(lambda length: ("爱。\n" * length)[:length]))
@settings(deadline=None, max_examples=50)
def test_the_pages_of_a_whole_comment_are_the_comment(text):
    """In order, nothing left out, each one message."""
    ranges = render.whole_pages(text)
    assert "".join(text[start:end] for start, end in ranges) == text
    whole = made(text, (), "A", None)
    for number in range(len(ranges)):
        part, page, pages = render.whole(whole, number, "en")
        assert (page, pages) == (number, len(ranges))
        assert units(clean(part.text)) <= 4096
        check(part)


def test_the_longest_names_fit_below_the_longest_page():
    """Of emoji, which take two units each."""
    part, _, pages = render.whole(made("😀" * 3_000, (), "😎" * 200, "🙃" * 200, "🍅" * 200), 0, "en")
    assert pages == 2
    check(part)


def test_a_page_out_of_range_is_the_nearest_one():
    """A long comment may have become short."""
    assert render.whole(made("short", (), "A", None), 9, "en")[1:] == (0, 1)


def test_threads_come_in_pages():
    """Numbers go on from page to page."""
    entry = MANIFEST.threads[0]
    many = replace(MANIFEST, threads=tuple(replace(entry, path=str(number)) for number in range(20)))
    part, ids, page, pages = render.threads(many, 2, "en")
    assert (page, pages, len(ids)) == (2, 3, 4)
    assert "\n17. Tomatoes on a balcony" in part.text
    assert render.threads(replace(MANIFEST, threads=()), 5, "zh")[2:] == (0, 1)


def test_an_archive_without_dates_says_only_when_it_was_refreshed():
    """No date is made up."""
    undated = replace(MANIFEST, threads=MANIFEST.threads[1:])
    assert (
        render.archive_state(undated, "en").text == "The archive was last refreshed on 2025-09-03 06:00 UTC."
    )
