"""The Chinese archive: one question, its answers one after another, Chinese Markdown.

    ---
    date: 2025-08-22T03:52:05.266957+00:00
    title: "为什么……？"
    tags: [日本,AI]
    ---

    ### 知乎用户 NAME 发表          starts an answer; NAME may hold spaces, and have them around it

    Markdown, with headings of its own, rules, images, links whose text belongs to the sentence

Only that header starts an answer, and not where it is quoted in fenced code. An answer whose author left no
name is by 知乎用户, the site's word for any user. Every comment is an answer. Text before the first header
is the question's.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it.common.utils import unescapeAll

from ingest.formats.fences import inside_fences_between
from ingest.formats.page import in_language, sections
from ingest.formats.visible import visible
from ingest.types import ParsedComment, ParsedThread
from retrieval.types import Kind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.formats.page import Page

NAME = "chinese-archive"

_ANYONE = "知乎用户"
_HEADER_START = f"### {_ANYONE} "
_HEADER = re.compile(rf"{_HEADER_START}(?:(?P<name>.*)\s)?发表\s*$")


def headers(lines: Sequence[str], start: int) -> list[int]:
    """Return the indexes of the lines that start an answer."""
    found = [i for i in range(start, len(lines)) if _author(lines[i]) is not None]
    fenced = inside_fences_between(lines, found) if found else ()
    return [index for index in found if index not in fenced]


def read(page: Page, headers: Sequence[int]) -> ParsedThread:
    """Return the thread of a page with these headers."""
    question = visible(page.lines[page.front.end : headers[0]])
    return ParsedThread(
        format=NAME,
        title=in_language(page.front.title, "zh"),
        question=in_language(question.text, "zh"),
        date=page.front.date,
        tags=page.front.tags,
        comments=tuple(
            _comment(page.lines, header, end, position)
            for position, (header, end) in enumerate(sections(page.lines, headers), start=1)
        ),
    )


def _author(line: str) -> str | None:
    """Return the name in a header, None if the line is not one."""
    found = _HEADER.match(line) if line.startswith(_HEADER_START) else None
    if not found:
        return None
    return unescapeAll((found["name"] or "").strip()) or _ANYONE


def _comment(lines: Sequence[str], header: int, end: int, position: int) -> ParsedComment:
    body = visible(lines[header + 1 : end])
    last = header if body.last_line is None else header + 1 + body.last_line
    return ParsedComment(
        position=position,
        kind=Kind.ANSWER,
        author=_author(lines[header]) or _ANYONE,
        reply_to=None,
        parent=None,
        text=in_language(body.text, "zh"),
        lines=(header + 1, last + 1),
        images=body.images,
    )
