"""Properties of parsing: over generated threads, over broken ones, over anything at all."""

from __future__ import annotations

import contextlib
import json
import re
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from ingest.decoding import decode
from ingest.formats import parse
from ingest.types import ParsedThread, ParseError
from retrieval.types import Kind
from tests.ingest.formats.generated import archive, page

SAMPLES = sorted(
    path
    for path in (Path(__file__).parents[3] / "ingest" / "samples").glob("*")
    if path.suffix in (".md", ".txt")
)

SIGNS = "#知乎用户发表 甲*_`[]()<>!&;~-=+|\\\n\t👤🧑💼:smalldiv/\"'1.\u200d\ufeff\u00a0\ud800"
#: Whole constructs, so that they meet each other: opened, closed, and nested the wrong way round.
CONSTRUCTS = (
    *(
        "### 知乎用户 甲 发表\n",
        "👤 *乙 reply 甲:*\n",
        "🧑💼 *甲:*\n",
        "#### 💬 Reply\n",
        "---\n",
        "+++\n",
        "a: b\n",
    ),
    *(
        "<small>",
        "</small>",
        '<div class="translated-text">',
        "</div>",
        "<span>🗣</span>",
        "<!--",
        "-->",
        "<![x[",
    ),
    *(
        "<ol start=99999999999>",
        "</ol>",
        "<ul>",
        "<li>",
        "<td>",
        "<br/>",
        "<img src=x>",
        "<b hidden>",
        "</b>",
    ),
    *(
        "<script>",
        "</script>",
        "<pre>",
        "</pre>",
        "<style>",
        "</style>",
        "<![CDATA[",
        "]]>",
        "<?php",
        "?>",
        "<!x>",
    ),
    *(
        "```",
        "~~~",
        "`",
        "**",
        "*",
        "_",
        "~~",
        "![",
        "[",
        "](",
        ")",
        "]",
        "[a]: /b\n",
        "[^1]: c\n",
        "\\",
        "    ",
    ),
    *(
        "> ",
        "- ",
        "1. ",
        "999999999. ",
        "# ",
        "===\n",
        "| a | b |\n",
        "|--|--|\n",
        "\n",
        "\n\n",
        "甲",
        "a",
        " ",
    ),
    *("&#0;", "&#x110000;", "&nbsp;", "&#8203;", "\ud800", "\u200d", "😀", "\x00", "\x1b", "\u2028"),
)
MARKS = st.text(SIGNS, max_size=400) | st.lists(st.sampled_from(CONSTRUCTS), max_size=60).map("".join)


def characters(text: str | None) -> Counter[str]:
    """Return how often each visible character stands in a text."""
    return Counter("".join((text or "").split()))


def check(thread: ParsedThread) -> None:
    """Assert what holds for every parsed thread."""
    assert [comment.position for comment in thread.comments] == list(range(1, len(thread.comments) + 1))
    last = 0
    for comment in thread.comments:
        assert last < comment.lines[0] <= comment.lines[1]
        last = comment.lines[1]
        assert comment.author.strip() == comment.author != ""
        assert comment.parent is None or comment.parent < comment.position
        for text in filter(None, (comment.text.zh, comment.text.en)):
            assert text.strip("\n") == text != ""
            assert "\n\n\n" not in text
            assert not any(line != line.rstrip() for line in text.split("\n"))
    json.dumps([(c.author, c.text.zh, c.text.en) for c in thread.comments], ensure_ascii=False).encode()


def parse_or_refuse(text: str) -> None:
    """Parse; a ParseError with a reason is the only other way out."""
    try:
        thread = parse(text)
    except ParseError as error:
        refusal = error
    else:
        check(thread)
        return
    assert refusal.reason
    assert refusal.line is None or refusal.line > 0


@given(archive())
@settings(max_examples=25, deadline=None)
def test_a_generated_archive_is_read_back(drawn):
    """Every answer of an archive comes back: author, lines, images, each visible character once."""
    text, written = drawn
    thread = parse(text)
    check(thread)
    assert thread.format == "chinese-archive"
    assert [comment.author for comment in thread.comments] == [comment.author for comment in written]
    assert [comment.lines for comment in thread.comments] == [comment.lines for comment in written]
    assert [comment.images for comment in thread.comments] == [comment.images for comment in written]
    for comment, truth in zip(thread.comments, written, strict=True):
        text = comment.text.zh or comment.text.en
        assert characters(text) == characters(truth.zh_seen)
        assert (comment.kind, comment.reply_to, comment.parent) == (Kind.ANSWER, None, None)


@given(page())
@settings(max_examples=25, deadline=None)
def test_a_generated_page_is_read_back(drawn):
    """Every comment of a page comes back: author, kind, reply-to, parent, lines, every character."""
    text, written = drawn
    thread = parse(text)
    check(thread)
    assert thread.format == "bilingual-page"
    assert [comment.author for comment in thread.comments] == [comment.author for comment in written]
    assert [comment.reply_to for comment in thread.comments] == [comment.reply_to for comment in written]
    assert [comment.lines for comment in thread.comments] == [comment.lines for comment in written]
    answer = None
    for position, (comment, truth) in enumerate(zip(thread.comments, written, strict=True), start=1):
        assert (comment.kind is Kind.REPLY) == truth.is_reply
        seen = [characters(text) for _, text in comment.text.items()]
        assert characters(truth.zh_seen) in seen
        if not truth.is_reply:
            answer = position
            assert comment.parent is None
        else:
            under = range(answer, position) if answer else ()
            by_name = [p for p in under if written[p - 1].author == truth.reply_to]
            assert comment.parent == (by_name[-1] if by_name else answer)


@given(st.text())
@settings(deadline=None)
def test_any_text_is_read_or_refused(text):
    """No text raises anything but a ParseError."""
    parse_or_refuse(text)


@given(MARKS)
@settings(max_examples=60, deadline=None)
def test_marks_in_any_order_are_read_or_refused(marks):
    """No arrangement of the signs that mean something raises anything but a ParseError."""
    for head in ("", "### 知乎用户 甲 发表\n", "👤 *甲:*\n<small>\n", "---\n", "+++\n"):
        parse_or_refuse(head + marks)


@given(st.binary())
@settings(deadline=None)
def test_any_bytes_are_read_or_refused(data):
    """No file content raises anything but a ParseError."""
    with contextlib.suppress(ParseError):
        parse_or_refuse(decode(data))


@given(st.data())
@settings(max_examples=30, deadline=None)
def test_a_damaged_sample_is_read_or_refused(data):
    """A sample thread with parts cut out, doubled or replaced raises nothing but a ParseError."""
    text = data.draw(st.sampled_from([path.read_text(encoding="utf-8") for path in SAMPLES]))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = min(len(text), start + data.draw(st.integers(0, 60)))
        text = (
            text[:start]
            + data.draw(st.sampled_from(["", text[start:end] * 2, "```\n", "<div>", "**", "\n"]))
            + text[end:]
        )
    parse_or_refuse(text)


@given(st.lists(st.text("甲乙 a.，。\n", max_size=30), max_size=6))
@example(["    。"])
@settings(deadline=None)
def test_text_without_marks_reads_as_with_them(parts):
    """The short way for text without marks gives what the long way gives."""
    text = "### 知乎用户 甲 发表\n" + "\n\n".join(parts)
    # In indented code a mark would be text, to be shown as it stands.
    marked = parse(
        re.sub(r"^(?! {4}).*", lambda line: line[0].replace("。", "。<wbr>"), text, flags=re.MULTILINE)
    )
    assert parse(text).comments[0].text == marked.comments[0].text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("strategy", "check_property"),
    [
        (archive(), test_a_generated_archive_is_read_back),
        (page(), test_a_generated_page_is_read_back),
        (MARKS, test_marks_in_any_order_are_read_or_refused),
        (st.data(), test_a_damaged_sample_is_read_or_refused),
    ],
    ids=["archive", "page", "marks", "damaged"],
)
def test_many_more_examples(strategy, check_property):
    """The properties hold over many more examples than a quick run draws."""

    @given(strategy)
    @settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
    def often(drawn):
        check_property.hypothesis.inner_test(drawn)

    often()
