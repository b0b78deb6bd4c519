import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.telegram import buttons, pages
from bot.telegram.buttons import LONGEST_DATA, Press, Verb, View, pressed
from bot.telegram.pages import Page
from tests.fakes import excerpt

PAGE = Page(
    "pageid12345", 1, 2, "?", "en", items=tuple(pages.item(excerpt(rank)) for rank in (1, 2, 3)), more=True
)
ids = st.text(alphabet="abcdefghijklmnopqrstuvwxyz0123456789-_", max_size=16)
presses = st.builds(
    Press,
    st.sampled_from(Verb),
    ids,
    st.lists(st.integers(0, 999), max_size=4).map(tuple),
    st.sampled_from(["zh", "en", None]),
)


@given(presses)
def test_a_press_survives_its_way_through_telegram(press):
    """What was written into a button is what is read from it."""
    assert pressed(str(press)) == press
    assert len(str(press).encode()) <= LONGEST_DATA


@given(st.text(max_size=80))
def test_what_no_button_of_ours_says_is_no_press(text):
    """Old versions, other programs and attackers are answered, not obeyed, and cause no error."""
    press = pressed(text)
    assert press is None or press.verb in Verb


def test_data_that_telegram_would_refuse_is_an_error_here():
    """It names both lengths."""
    with pytest.raises(ValueError, match="67 bytes, but at most 64"):
        str(Press(Verb.CHAIN, "x" * 64))


def labels(rows):
    return [[button.label for button in row] for row in rows]


def test_the_buttons_of_an_answer():
    """One row chooses the excerpt that the next two are about; the last is about the whole answer."""
    assert labels(buttons.under_answer(PAGE, View(0, 3, 1))) == [
        ["1", "• 2", "3"],
        ["中文", "Reply chain", "More like this"],
        ["Whole comment", "Why this one?"],
        ["Next page ▸", "👍", "👎"],
    ]


def test_only_the_last_message_of_an_answer_has_the_pages_buttons():
    """A page may be spread over several messages."""
    assert labels(buttons.under_answer(PAGE, View(0, 1, 0)))[-1] == ["Whole comment", "Why this one?"]


def test_a_source_with_an_address_has_a_link():
    """A file has none."""
    item = pages.item(excerpt(1, path="https://example.org/thread.txt"))
    page = Page("p", 1, 2, "?", "zh", items=(item,))
    assert buttons.under_answer(page, View(0, 1, 0))[1][-1].url == "https://example.org/thread.txt"


@given(presses)
def test_a_view_is_inside_its_page_or_none(press):
    """Numbers come from outside."""
    view = View.of(press, PAGE)
    assert view is None or 0 <= view.first <= view.selected < view.last <= 3
