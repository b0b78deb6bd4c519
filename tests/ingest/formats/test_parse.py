"""From a file's text to its thread: which format, what front matter, which refusals."""

from __future__ import annotations

import gc
import subprocess
import sys
import time

import pytest

from ingest.formats import parse
from ingest.types import ParseError
from tests.ingest.formats.test_properties import SAMPLES, check

BODY = "\n### 知乎用户 甲 发表\n\n正文\n"


@pytest.mark.parametrize("path", SAMPLES, ids=lambda path: path.name)
def test_the_samples_are_read(path):
    """Every bundled sample is a thread of 12 to 20 comments with title, date and tags."""
    thread = parse(path.read_text(encoding="utf-8"))
    check(thread)
    assert 12 <= len(thread.comments) <= 20
    assert thread.title.zh or thread.title.en
    assert thread.date
    assert thread.tags
    assert all(comment.text.zh or comment.text.en for comment in thread.comments)


@pytest.mark.parametrize(
    ("front", "title", "date", "tags"),
    [
        (
            "---\ntitle: 题\ndate: 2025-08-22T03:52:05.26+00:00\ntags: [日本,AI]\n---",
            "题",
            "2025-08-22",
            ("日本", "AI"),
        ),
        (
            "\n\n---\nTitle: '题'\nDate: 2025/8/2 10:00\nTags:\n- 甲\n- 1.5\n- no\n---  ",
            "题",
            "2025-08-02",
            ("甲", "1.5", "no"),
        ),
        ('+++\ntitle = "题"\ndate = 2025-08-22\ntags = ["a", 5]\n+++', "题", "2025-08-22", ("a", "5")),
        ('+++\ntitle = "题"\ndate = 2025-08-22T10:00:00Z\n+++', "题", "2025-08-22", ()),
        (
            "---\ntitle: 题 2024\ndate: 2025年8月2日\ntags: a，b, c\n---",
            "题 2024",
            "2025-08-02",
            ("a", "b", "c"),
        ),
        ("---\ntitle:\ndate: 2025-13-45\ntags: {a: b}\n---", None, None, ()),
        ("---\ntitle: [a]\ndate: soon\ntags: [a, [b], null, a]\n---", None, None, ("a",)),
        ("---\n---", None, None, ()),
        ("", None, None, ()),
    ],
)
def test_front_matter_is_read(front, title, date, tags):
    """Title, ISO date and tags come from TOML or YAML; what makes no sense is left out."""
    thread = parse(front + BODY)
    assert (thread.title.zh or thread.title.en, thread.date, thread.tags) == (title, date, tags)


@pytest.mark.parametrize(
    ("text", "reason", "line"),
    [
        ("", "empty", None),
        (" \n\ufeff\n\u200b\n", "empty", None),
        ("# 只是文章\n\n没有评论", "no comments", None),
        ("---\ntitle: 题\n---\n", "no comments", None),
        ('---\ntitle: "题" 目\ndate: 1\n---' + BODY, "YAML", 2),
        ("---\na: 1\nb: [\n---" + BODY, "YAML", 3),
        ("\n---\n- a\n- b\n---" + BODY, "no fields", 2),
        ("---\na: !!int x\n---" + BODY, "YAML", 1),
        ("---\na: " + "[" * 2_000 + "\n---" + BODY, "YAML", None),
        ('+++\ntitle = "a"\ntitle = "b"\n+++' + BODY, "TOML", 3),
        ("+++\ntitle = oops\n+++" + BODY, "TOML", 2),
        ("+++\na = " + "[" * 2_000 + "\n+++" + BODY, "TOML", None),
        ("---\ntitle: 题\n" + BODY + "\n---\n", "never closed", 1),
        ("\n+++\ntitle = 1\n" + "# x\n" * 50_000, "never closed", 2),
    ],
)
def test_what_cannot_be_read_is_refused_with_a_reason(text, reason, line):
    """The reason says what is wrong, and the line where one is to blame."""
    with pytest.raises(ParseError, match=reason) as caught:
        parse(text)
    if line is not None:
        assert caught.value.line == line


def test_a_quoted_header_of_the_other_format_changes_nothing():
    """The format whose header comes first has the page."""
    archive = parse("### 知乎用户 甲 发表\n\n👤 *乙:*\n\n正文")
    assert (archive.format, len(archive.comments)) == ("chinese-archive", 1)
    page = parse("👤 *乙:*\n<small>\n### 知乎用户 甲 发表\n</small>")
    assert (page.format, len(page.comments)) == ("bilingual-page", 1)


def test_a_page_with_yaml_front_matter_is_read():
    """Formats are told by their headers, not by their front matter."""
    assert parse("---\ntitle: Why?\n---\n👤 *乙:*\n<small>\n一\n</small>").format == "bilingual-page"


def test_parsing_loads_no_model_and_no_store():
    """`import ingest.formats` loads neither torch nor chromadb."""
    heavy = "any(name in sys.modules for name in ('torch', 'chromadb'))"
    code = f"import sys, ingest.formats, ingest.decoding; sys.exit({heavy})"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.slow
@pytest.mark.parametrize(
    "unit", ["[", "*", "<div>", "_中", "> ", "- a\n", "<!--", "`", "中文。\n\n", "&amp;"]
)
@pytest.mark.parametrize("head", ["### 知乎用户 甲 发表\n", "👤 *甲:*\n<small>\n"])
def test_time_grows_with_size_only(unit, head):
    """Four times the marks take little more than four times as long."""

    def seconds(characters: int) -> float:
        text = head + unit * (characters // len(unit))
        # The collector's rounds would measure all that earlier tests have left in memory.
        gc.collect()
        gc.disable()
        try:
            start = time.process_time()
            parse(text)
            return time.process_time() - start
        finally:
            gc.enable()

    assert seconds(400_000) < 8 * max(seconds(100_000), 0.05)
