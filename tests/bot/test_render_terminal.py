import io
import unicodedata
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from bot import messages, render_terminal
from bot.render_terminal import Card, Note, Piece, Style, one_line, plain, visible
from bot.screen import PlainScreen, RichScreen, draw
from retrieval.types import Bilingual, Question, Quote, Span
from tests.fakes import COMMENT, THREAD, answer, excerpt, streams, written

ENGLISH = Question("no bees", "en")
CHINESE = Question("没有蜜蜂怎么办", "zh")

#: What people, and attackers, might write: escape sequences, markup, wide and combining characters.
COMMENTS = (
    st.text(st.sampled_from("ab \n\t中文，。[]/\\\x1b\x07\x9b\x7f\u202e\r👍🏽é"))
    | st.text()
    | st.sampled_from(
        ["[bold red]x[/]", "\x1b[31mred", ":smile:", "[link=file:///etc/passwd]x[/link]", "{name}", "**x**"]
    )
)


def quoted(text, start=0, end=None, highlights=()):
    span = Span(start, len(text) if end is None else end)
    comment = replace(COMMENT, text=Bilingual(en=text))
    return excerpt(comment=comment, quote=Quote("en", span, span.of(text), highlights), other=None)


def text_of(lines):
    return "\n".join("".join(piece.text for piece in line) for line in lines)


def drawn(block, width=100):
    console = Console(file=io.StringIO(), force_terminal=True, width=width, markup=True, color_system=None)
    console.print(draw(block, width))
    return console.file.getvalue()


@given(COMMENTS)
def test_a_quote_stands_in_its_card_character_by_character(text):
    """All that is missing from a quote is what a terminal would act on."""
    if not visible(text).strip():
        return
    assert text_of(render_terminal.card(quoted(text), "en").quote) == visible(text)


@given(COMMENTS, st.data())
def test_highlights_move_no_character(text, data):
    """Marking matches cuts a quote into pieces that join to the quote again."""
    cuts = sorted(data.draw(st.sets(st.integers(0, len(text)), max_size=4)))
    spans = tuple(Span(a, b) for a, b in zip(cuts[::2], cuts[1::2], strict=False))
    lines = render_terminal.quote_lines(Quote("en", Span(0, len(text)), text, spans), text)
    assert text_of(lines) == (visible(text) if visible(text).strip() else "")
    marked = [piece.text for line in lines for piece in line if piece.style is Style.MATCH]
    if visible(text).strip():
        assert "".join(marked) == visible("".join(span.of(text) for span in spans)).replace("\n", "")


@given(COMMENTS, COMMENTS)
def test_nothing_a_terminal_acts_on_reaches_it(text, author):
    """Neither the quote, nor the name, nor the titles carry control characters or change direction."""
    dirty = quoted(text)
    dirty = excerpt(
        quote=dirty.quote,
        comment=replace(COMMENT, author=author, reply_to=author, text=Bilingual(en=text)),
        thread=replace(THREAD, title=Bilingual(en=author)),
        path=author,
    )
    for block in [*render_terminal.excerpts([dirty], "zh"), *render_terminal.whole(dirty, "en")]:
        for shown in (plain(block), drawn(block)):
            assert not any(
                (unicodedata.category(c) in {"Cc", "Cs"} and c not in "\n\t") or c in "\u202e\u2066"
                for c in shown
            )


@given(st.sampled_from(["[bold]x[/bold]", "[/]", ":smile:", "[link=x]y[/link]", "\\[red]"]))
def test_markup_of_commenters_is_not_interpreted(text):
    """Square brackets and emoji codes come out as they were written."""
    assert text in drawn(render_terminal.card(quoted(text), "en"))
    assert text in plain(render_terminal.card(quoted(text), "en"))


def test_a_part_of_a_comment_is_shown_as_a_part():
    """`…` stands where the comment goes on, and only there."""
    text = "One. Two. Three."
    assert text_of(render_terminal.card(quoted(text, 5, 9), "en").quote) == "…Two.…"
    assert text_of(render_terminal.card(quoted(text, 0, 9), "en").quote) == "One. Two.…"
    assert text_of(render_terminal.card(quoted(text, 5), "en").quote) == "…Two. Three."


def test_plain_text_says_who_to_whom_where_and_when():
    """One line holds the whole attribution; the chain and the duplicates follow."""
    assert plain(render_terminal.card(excerpt(), "en")) == (
        "[1]\n"
        "   …Use a toothbrush.…\n"
        "   — 芋头不甜, replying to 十七楼的风 · Tomatoes on a balcony · 2025-06-18"
        " · balcony.md:133-139 · comment00001\n"
        "   ↳ answers 十七楼的风: Choose the variety first.\n"
        "   1 more in nearly the same words"
    )


def test_a_chinese_question_gets_chinese_sentences():
    """The interface follows the language of the question."""
    text = "\n".join(map(plain, render_terminal.answer(answer(CHINESE, excerpt()))))
    assert "芋头不甜 回复 十七楼的风 · 阳台上的番茄" in text
    assert "另有 1 条几乎相同" in text
    assert "档案中最新的讨论是 2025-09-02 的。" in text


def test_a_quote_in_another_language_than_the_question_is_marked():
    """Where a comment exists only in Chinese, an English question is told so."""
    only = excerpt(
        comment=replace(COMMENT, text=Bilingual(zh="用电动牙刷。")),
        quote=Quote("zh", Span(0, 6), "用电动牙刷。"),
    )
    assert "only in Chinese" in plain(render_terminal.card(only, "en"))
    assert "只有" not in plain(render_terminal.card(only, "zh"))


def test_a_question_nothing_answers_shows_no_quote():
    """The nearest comments are one step away, never shown as an answer."""
    blocks = render_terminal.answer(answer(ENGLISH, excerpt(), answered=False))
    assert [type(block) for block in blocks] == [Note, Note]
    assert blocks[0].text == messages.NOTHING_RELEVANT.en
    assert render_terminal.answer(answer(ENGLISH, answered=False)) == blocks[:1]
    assert isinstance(render_terminal.nearest(answer(ENGLISH, excerpt(), answered=False))[1], Card)


def test_explain_adds_the_scores():
    """`--explain` says in one line how a score came about."""
    *_, card, _ = render_terminal.answer(answer(ENGLISH, excerpt()), explain=True)
    assert plain(card).endswith("   score 0.7123 · dense 0.7 · passages ['a', 'b']")


def test_a_whole_comment_comes_in_both_languages_the_askers_first():
    """The attribution stands once, under the last text."""
    english, chinese = render_terminal.whole(excerpt(), "en")
    assert (english.label, text_of(english.quote)) == ("English", COMMENT.text.en)
    assert (chinese.label, text_of(chinese.quote)) == ("Chinese", COMMENT.text.zh)
    assert (english.notes, chinese.notes != ()) == ((), True)


def test_a_comment_without_text_is_shown_as_a_picture():
    """An excerpt of nothing but images does not leave an empty card."""
    empty = excerpt(
        comment=replace(COMMENT, text=Bilingual()),
        quote=Quote("en", Span(0, 0), ""),
    )
    assert "picture without text" in plain(render_terminal.card(empty, "en"))
    assert "picture without text" in plain(render_terminal.whole(empty, "en")[0])


@given(st.text(st.sampled_from("中文ab，[] 👍"), min_size=1, max_size=300), st.integers(20, 60))
def test_panels_are_as_wide_as_the_terminal_in_cells(text, width):
    """Chinese characters take two cells; the right border stays straight."""
    from rich.cells import cell_len

    card = Card("1", ((Piece(text),),), ())
    assert {cell_len(line) for line in drawn(card, width).splitlines()} == {width}


def test_names_and_titles_fit_on_a_line():
    """Line ends and tabs in a name become single spaces."""
    assert one_line(" a\n\tb\x1b[0m ") == "a b[0m"


def test_the_plain_screen_writes_no_escapes_and_ends_an_answer_with_an_empty_line():
    """Piped output is for programs and for `less`."""
    out = streams()
    screen = PlainScreen(out)
    with screen.working("Searching…"):
        screen.show(render_terminal.answer(answer(ENGLISH, excerpt())))
    assert "\x1b" not in written(out.stdout)
    assert written(out.stdout).endswith("2025-09-02.\n\n")


def test_the_rich_screen_makes_matches_bold_and_obeys_no_color(monkeypatch):
    """With NO_COLOR there is no colour; weight says the same."""
    out = streams(terminal=True)
    monkeypatch.setenv("NO_COLOR", "1")
    RichScreen(out).show(render_terminal.answer(answer(ENGLISH, excerpt())))
    text = written(out.stdout)
    assert "\x1b[1mtoothbrush\x1b[0m" in text
    assert "\x1b[36m" not in text
