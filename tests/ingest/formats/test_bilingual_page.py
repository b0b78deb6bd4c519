"""The bilingual page, irregularity by irregularity."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest.formats import parse
from retrieval.types import Bilingual, Kind

if TYPE_CHECKING:
    from ingest.types import ParsedComment


def page(*comments: str) -> str:
    """Return a page of comments, its first line being line 1 of the first one."""
    return "\n\n---\n\n".join(comments)


def comment(header: str, zh: str = "中文", en: str = "English words") -> str:
    """Return a regular comment."""
    return f'{header}  \n<small>\n{zh}\n</small>\n\n<div class="translated-text">\n{en}\n</div>'


def read(*comments: str) -> tuple[ParsedComment, ...]:
    """Parse a page of comments."""
    return parse(page(*comments)).comments


def who(*comments: str) -> list[tuple[str, str | None, int | None]]:
    """Return (author, reply-to, parent) of each comment of a page."""
    return [(c.author, c.reply_to, c.parent) for c in read(*comments)]


ANSWER = comment("🧑💼 *甲:*")


@pytest.mark.parametrize(
    ("header", "kind", "name"),
    [
        ("🧑💼 *甲:*", Kind.ANSWER, "甲"),
        ("🧑‍💼 *甲:*", Kind.ANSWER, "甲"),
        ("👩🏽‍💼 *甲:*", Kind.ANSWER, "甲"),
        ("👤 *乙:*", Kind.REPLY, "乙"),
        ("👤 *乙*", Kind.REPLY, "乙"),
        ("👤 *乙：*", Kind.REPLY, "乙"),
        ("👤 **乙**:", Kind.REPLY, "乙"),
        ("👤 _乙:_", Kind.REPLY, "乙"),
        ("👤 *乙:", Kind.REPLY, "乙"),
        ("👤 乙:*", Kind.REPLY, "乙"),
        ("👤 乙:", Kind.REPLY, "乙"),
        ("👤  * 乙  丙 :* ", Kind.REPLY, "乙  丙"),
        ("👤 *a\\_b\\*:*", Kind.REPLY, "a_b*"),
        ("👤 *R\\&amp;D &amp; co:*", Kind.REPLY, "R&amp;D & co"),
        ("👤 *10:30:*", Kind.REPLY, "10:30"),
        ("👤 *Null:*", Kind.REPLY, "Null"),
        ("👤 *:*", Kind.REPLY, "Unknown"),
        ("👤 *" + "名" * 10_000 + ":*", Kind.REPLY, "名" * 10_000),
    ],
)
def test_headers_may_be_irregular(header, kind, name):
    """A header with a mark, a colon or the joiner of its emoji missing still starts a comment."""
    found = read(ANSWER, comment(header))
    assert [(c.kind, c.author) for c in found] == [(Kind.ANSWER, "甲"), (kind, name)]


def test_a_reply_belongs_to_whom_it_names():
    """B is answered where they last spoke under the answer; a stranger's reply goes to the answer."""
    assert who(
        ANSWER,
        comment("👤 *乙:*"),
        comment("👤 *乙 reply 甲:*"),
        comment("👤 *丙 reply 乙*"),
        comment("👤 *丁 reply 无名:*"),
        comment("👤 *戊:*"),
        comment("🧑💼 *己:*"),
        comment("👤 *庚 reply 乙:*"),
    ) == [
        ("甲", None, None),
        ("乙", None, 1),
        ("乙", "甲", 1),
        ("丙", "乙", 3),
        ("丁", "无名", 1),
        ("戊", None, 1),
        ("己", None, None),
        ("庚", "乙", 7),
    ]


def test_names_may_hold_the_word_reply():
    """The division is taken whose B has spoken, else the first."""
    assert who(
        ANSWER,
        comment("👤 *Bob:*"),
        comment("👤 *No reply Ann reply Bob:*"),
        comment("👤 *x reply y reply z:*"),
        comment("🧑💼 *I reply late:*"),
        comment("👤 *丙 reply I reply late:*"),
        comment("👤 *reply Bob:*"),
    ) == [
        ("甲", None, None),
        ("Bob", None, 1),
        ("No reply Ann", "Bob", 2),
        ("x", "y reply z", 1),
        ("I reply late", None, None),
        ("丙", "I reply late", 5),
        ("reply Bob", None, 5),
    ]


def test_a_reply_before_any_answer_has_no_parent():
    """A page that starts with a reply is read."""
    assert who(comment("👤 *乙:*")) == [("乙", None, None)]


@pytest.mark.parametrize(
    ("zh", "en", "text"),
    [
        ("中文", "English words", Bilingual("中文", "English words")),
        ("中文的原文", "还是中文", Bilingual("中文的原文", None)),
        ("中文", "中文", Bilingual("中文", None)),
        ("The original words", "Some other words", Bilingual(None, "The original words")),
        ("The words", "The words", Bilingual(None, "The words")),
        ("English original", "译成中文了", Bilingual("译成中文了", "English original")),
        (
            "iPhone 15 Pro Max 牛",
            "The iPhone is great",
            Bilingual("iPhone 15 Pro Max 牛", "The iPhone is great"),
        ),
        ("[doge]", "Ha ha", Bilingual("[doge]", "Ha ha")),
        ("666", "Awesome", Bilingual("666", "Awesome")),
        ("👍", "👍", Bilingual("👍", None)),
        (
            "见 https://en.example/a_b_c_d_e",
            "See this page",
            Bilingual("见 https://en.example/a_b_c_d_e", "See this page"),
        ),
        ("", "Only English", Bilingual(None, "Only English")),
        ("只有中文", "", Bilingual("只有中文", None)),
        ("", "", Bilingual(None, None)),
    ],
)
def test_texts_go_where_their_language_is(zh, en, text):
    """The original always stays; a translation in its language is left out; nothing stands twice."""
    assert read(comment("🧑💼 *甲:*", zh, en))[0].text == text


@pytest.mark.parametrize(
    "source",
    [
        "<small>一</small>\n<div class='translated-text'>one word</div>",
        "<SMALL style='x'>\n一\n</SMALL><DIV CLASS=\"a Translated-Text\">\none word</DIV>",
        '<small>\n一\n<div class="translated-text">\none word',
        '<small>一</small> <div class="translated-text">one word</div>',
        '<div class="translated-text">\none word\n</div>\n<small>\n一\n</small>',
        '<small>\n\n一\n\n</small>\n\n<div class="translated-text">\n<div>\none word\n</div>\n\n</div>\n<hr>',
        '一\n\n<div class="translated-text">\none word\n</div>',
        "<small>\n一\n\n#### 💬 Reply",
    ],
)
def test_slots_may_be_irregular(source):
    """Tags in any case, with attributes, beside text or never closed: the texts are found."""
    text = read(f"🧑💼 *甲:*\n{source}", comment("👤 *乙:*"))[0].text
    assert text.zh == "一"
    assert text.en == ("one word" if "one word" in source else None)


def test_a_slot_may_stand_in_the_header():
    """Text on the header's own line is the comment's."""
    found = read('🧑💼 *甲:* <small>一</small>\n<div class="translated-text">one word</div>')
    assert (found[0].author, found[0].text, found[0].lines) == ("甲", Bilingual("一", "one word"), (1, 2))


def test_tags_in_code_are_text():
    """A tag in a code span or fenced code neither opens nor closes a slot."""
    zh = "用 `</small>` 吧\n\n```html\n</small>\n<div>\n```\n\n完"
    text = read(comment("🧑💼 *甲:*", zh, "Use `</div>` here"))[0].text
    assert text == Bilingual("用 </small> 吧\n\n</small>\n<div>\n\n完", "Use </div> here")


def test_lines_end_with_the_last_text():
    """Closing tags, rules and the heading of the replies are not part of a comment; an image is."""
    found = read(
        comment("🧑💼 *甲:*", "一\n\n二", "one\n\ntwo") + "\n\n---\n\n#### 💬 Reply",
        "👤 *乙:*\n<small>\n![图](x.png)\n</small>",
        "👤 *丙:*\n<small>\n</small>",
    )
    assert [(c.lines, c.images) for c in found] == [((1, 11), 0), ((20, 22), 1), ((27, 27), 0)]


def test_a_header_quoted_in_a_text_is_text():
    """Within somebody's text, a line like a header starts no comment; nor does one in fenced code."""
    quoted = read(comment("🧑💼 *甲:*", "他说：\n👤 *乙:*\n对"), comment("👤 *丙:*"))
    assert [c.author for c in quoted] == ["甲", "丙"]
    assert quoted[0].text.zh == "他说：\n👤 乙:\n对"
    fenced = read(comment("🧑💼 *甲:*", "```\n👤 *乙:*\n<small>\n```"), comment("👤 *丙:*"))
    assert [c.author for c in fenced] == ["甲", "丙"]


def test_an_open_fence_swallows_nobody():
    """A fence that is never closed keeps to its comment and its slot."""
    found = read(comment("🧑💼 *甲:*", "```\ncode", "```\nmore code"), comment("👤 *乙:*"))
    assert [c.author for c in found] == ["甲", "乙"]
    assert found[0].text.zh == "code" or found[0].text.en == "code"


def test_the_question_is_in_both_languages():
    """The question comes from its slots, without the page's headings."""
    front = '+++\ntitle = "Why?"\n+++\n\n'
    slots = '<small>为什么</small>\n<div class="translated-text">\nWhy so?\n</div>\n\n## ⬇️ Here\n\n'
    thread = parse(front + slots + ANSWER)
    assert (thread.title, thread.question) == (Bilingual(en="Why?"), Bilingual("为什么", "Why so?"))
    plain = parse("+++\n+++\n为什么这样\n\n## ⬇️ Here\n\n" + ANSWER)
    assert (plain.title, plain.question) == (Bilingual(), Bilingual("为什么这样", None))
