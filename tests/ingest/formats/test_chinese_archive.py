"""The Chinese archive: what starts an answer and what does not."""

from __future__ import annotations

import pytest

from ingest.formats import parse
from retrieval.types import Bilingual, Kind


def authors(text: str) -> list[str]:
    """Return the authors of a text's comments."""
    return [comment.author for comment in parse(text).comments]


@pytest.mark.parametrize(
    ("name", "author"),
    [
        ("甲", "甲"),
        ("  甲 ", "甲"),
        (" 知乎用户 mgTiXf", "知乎用户 mgTiXf"),
        ("在下  天狗　", "在下  天狗"),
        ("a\\_b &amp; c", "a_b & c"),
        ("null", "null"),
        ("我 发表 了", "我 发表 了"),
        ("", "知乎用户"),
        ("名" * 10_000, "名" * 10_000),
    ],
)
def test_a_name_is_stripped_and_unescaped(name, author):
    """Spaces around a name go, spaces in it stay; a missing name is the site's word for any user."""
    assert authors(f"### 知乎用户 {name} 发表  \n\n正文\n") == [author]


@pytest.mark.parametrize(
    "line",
    [
        "### 知乎用户甲发表",
        "#### 知乎用户 甲 发表",
        "## 知乎用户 甲 发表",
        "> ### 知乎用户 甲 发表",
        "- ### 知乎用户 甲 发表",
        "### 知乎用户 甲 发表了",
        "### 小结",
        "知乎用户 甲 发表\n---",
        "`### 知乎用户 甲 发表`",
        "```\n### 知乎用户 甲 发表\n```",
        "~~~md\n\n### 知乎用户 甲 发表\n\n### 知乎用户 乙 发表\n~~~~",
    ],
)
def test_only_the_real_header_starts_an_answer(line):
    """Headings, quotes and code that look like a header are text of the answer they stand in."""
    found = parse(f"### 知乎用户 真 发表\n\n前\n\n{line}\n\n后\n\n### 知乎用户 末 发表\n\n完\n").comments
    assert [comment.author for comment in found] == ["真", "末"]
    assert found[0].text.zh.startswith("前")
    assert found[0].text.zh.endswith("后")
    assert "甲" in found[0].text.zh or "小结" in line


@pytest.mark.parametrize(
    "later", ["正文", "```\ncode\n```", "```python\ncode\n```", "```\n一\n```\n\n```\n二\n```"]
)
def test_an_open_fence_swallows_nobody(later):
    """Where a fence is never closed, the headers after it are real."""
    text = (
        f"### 知乎用户 甲 发表\n\n```\n没关\n\n### 知乎用户 乙 发表\n\n{later}\n\n### 知乎用户 丙 发表\n\n完"
    )
    assert authors(text) == ["甲", "乙", "丙"]


def test_an_answer_is_an_answer():
    """All comments are answers; lines go from the header to the last text, images are counted."""
    head = "---\ntitle: 题\n---\n\n引子\n\n"
    text = "### 知乎用户 甲 发表\n    \n一\n\n![](x)\n\n* * *\n    \n### 知乎用户 乙 发表\n\n"
    thread = parse(head + text)
    assert (thread.format, thread.title, thread.question) == (
        "chinese-archive",
        Bilingual("题"),
        Bilingual("引子"),
    )
    first, second = thread.comments
    assert (first.kind, first.reply_to, first.parent) == (Kind.ANSWER, None, None)
    assert (first.text, first.lines, first.images) == (Bilingual("一"), (7, 11), 1)
    assert (second.text, second.lines, second.images) == (Bilingual(), (15, 15), 0)


def test_an_english_answer_is_english():
    """The language is the text's, whatever the archive's."""
    assert parse("### 知乎用户 甲 发表\n\nNo way, it is all English").comments[0].text.en
    assert parse("### 知乎用户 甲 发表\n\n看 https://a.example/one/two/three/four").comments[0].text.zh
