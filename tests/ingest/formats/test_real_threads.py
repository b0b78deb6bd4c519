"""The two real threads, where they are at hand: facts about them, none of their sentences."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from ingest.decoding import decode
from ingest.formats import parse
from retrieval.types import Kind
from tests.ingest.formats.test_properties import check

if TYPE_CHECKING:
    from ingest.types import ParsedThread

THREADS = Path(__file__).resolve().parents[3] / "../shared/threads"
PAGE = THREADS / "000_1fa218c40ab19041.txt"
ARCHIVE = THREADS / "003_0dfcde4d4ca7d6a2.txt"

pytestmark = pytest.mark.skipif(not THREADS.is_dir(), reason="../shared/threads is not here")


def read(path: Path) -> ParsedThread:
    """Parse a real thread."""
    return parse(decode(path.read_bytes()))


def test_the_page():
    """67 comments: 6 answers, 61 replies of which 22 name somebody, all found where they stand."""
    thread = read(PAGE)
    check(thread)
    comments = thread.comments
    assert (thread.format, thread.date, len(thread.tags)) == ("bilingual-page", "2025-09-02", 4)
    assert (thread.title.zh, bool(thread.title.en)) == (None, True)
    assert thread.question.zh
    assert thread.question.en
    assert len(comments) == 67
    assert Counter(c.kind for c in comments) == {Kind.ANSWER: 6, Kind.REPLY: 61}
    named = [c for c in comments if c.reply_to]
    assert len(named) == 22
    assert all(comments[c.parent - 1].author == c.reply_to for c in named)
    assert all(
        comments[c.parent - 1].kind is Kind.ANSWER
        for c in comments
        if c.kind is Kind.REPLY and not c.reply_to
    )
    assert [c.position for c in comments if c.text.en is None] == [31]
    assert all(c.text.zh for c in comments)
    assert comments[0].author == "Null"
    assert next(c.lines for c in comments if c.lines[0] == 287) == (287, 301)
    assert sum(c.images for c in comments) == 0


def test_the_archive():
    """185 answers, three by one name, names stripped, images counted."""
    thread = read(ARCHIVE)
    check(thread)
    comments = thread.comments
    assert (thread.format, thread.date, len(thread.tags)) == ("chinese-archive", "2025-08-22", 5)
    assert thread.title.zh
    assert (thread.question.zh, thread.question.en) == (None, None)
    assert len(comments) == 185
    assert all((c.kind, c.reply_to, c.parent) == (Kind.ANSWER, None, None) for c in comments)
    assert Counter(c.author for c in comments).most_common(1)[0][1] == 3
    assert "知乎用户 mgTiXf" in {c.author for c in comments}
    assert all(c.text.zh and not c.text.en for c in comments)
    assert sum(c.images for c in comments) == ARCHIVE.read_text(encoding="utf-8").count("![](")


@pytest.mark.parametrize("path", [PAGE, ARCHIVE], ids=["page", "archive"])
def test_headers_and_last_lines_are_where_the_comments_say(path):
    """A comment's first line is its header, its last one holds text, and what follows holds none."""
    lines = path.read_text(encoding="utf-8").split("\n")
    comments = read(path).comments
    ends = [*(c.lines[0] - 1 for c in comments[1:]), len(lines)]
    for comment, end in zip(comments, ends, strict=True):
        assert comment.author in lines[comment.lines[0] - 1]
        assert re.search(r"[^\W_]|[。？！”\]）]", lines[comment.lines[1] - 1])
        rest = "\n".join(lines[comment.lines[1] : end])
        assert not re.sub(r"<[^>]*>|#+ 💬 Reply|---|\* \* \*", "", rest).strip()


@pytest.mark.parametrize("path", [PAGE, ARCHIVE], ids=["page", "archive"])
def test_no_markup_is_left(path):
    """No mark, tag, escape or address of a link is in any text."""
    texts = [text for c in read(path).comments for text in (c.text.zh, c.text.en) if text]
    assert not [
        found for text in texts for found in re.findall(r"\*\*|\]\(|\\|</?\w|🗣|&\w+;|!\[|zhida", text)
    ]
