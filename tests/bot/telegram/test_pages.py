import json
from dataclasses import replace

from bot.telegram import pages
from bot.telegram.pages import Page
from retrieval.types import Bilingual, Quote, Span
from tests.fakes import COMMENT, excerpt


def whole(**changes):
    """Return a whole comment as the archive shows it."""
    comment = replace(COMMENT, id="comment00001", **changes)
    en, zh = comment.text.en, comment.text.zh
    return excerpt(
        comment=comment,
        quote=Quote("en", Span(0, len(en)), en),
        other=Quote("zh", Span(0, len(zh)), zh) if zh else None,
        similar=(),
    )


def test_an_excerpt_comes_back_as_it_was_shown():
    """Quote, matches and counterpart are cut out of the comment again."""
    shown = excerpt(3)
    back, edited = pages.restored(pages.item(shown), replace(whole(), comment=shown.comment))
    assert not edited
    assert (back.quote, back.other, back.rank, back.similar) == (shown.quote, shown.other, 3, shown.similar)


def test_a_comment_edited_since_is_quoted_from_its_opening_and_says_so():
    """The old places mean nothing in a new text."""
    back, edited = pages.restored(pages.item(excerpt()), whole(text=Bilingual(en="All new. Every word.")))
    assert edited
    assert back.quote.text.startswith("All new.")
    assert back.other is None


def test_no_word_of_a_comment_is_kept():
    """Otherwise removed comments would live on in stored pages."""
    page = Page("p", 1, 2, "?", "en", items=(pages.item(excerpt()),))
    kept = json.dumps(page.content(), ensure_ascii=False)
    assert "toothbrush" not in kept
    assert "牙刷" not in kept
    assert "芋头" not in kept


def test_a_page_survives_the_disk():
    """JSON and back."""
    page = Page("p", 1, 2, "?", "zh", thread="t", items=(pages.item(excerpt()),), seen=("a",), more=True)
    back = pages.content(json.loads(json.dumps(page.content())))
    assert Page("p", 1, 2, "?", "zh", **back) == page


def test_turning_to_the_other_language_and_back_changes_nothing():
    """Twice is not at all."""
    shown = excerpt()
    assert pages.flipped(shown).quote == shown.other
    assert pages.flipped(pages.flipped(shown)) == shown
    alone = excerpt(other=None)
    assert pages.flipped(alone) == alone
