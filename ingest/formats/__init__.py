"""The formats of thread files, recognised by their content.

A new format is one module like `chinese_archive` and its line in `FORMATS`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from ingest.formats import bilingual_page, chinese_archive
from ingest.formats.characters import clean
from ingest.formats.frontmatter import read_front_matter
from ingest.formats.page import Format, Page
from ingest.types import ParseError

if TYPE_CHECKING:
    from ingest.types import ParsedThread

__all__ = ["FORMATS", "Format", "Page", "parse"]

FORMATS: tuple[Format, ...] = (bilingual_page, chinese_archive)


def parse(text: str) -> ParsedThread:
    """Return the thread that a file's text holds.

    :raises ParseError: If it holds no comment in a known format, or its front matter cannot be read.
    """
    lines = clean(text.replace("\r\n", "\n").replace("\r", "\n")).split("\n")
    if not any(line.strip() for line in lines):
        raise ParseError("the file is empty")
    front = read_front_matter(lines, _is_header)
    # A comment may quote another format's header, so the format whose header comes first has the page.
    found = [(headers[0], headers, kind) for kind in FORMATS if (headers := kind.headers(lines, front.end))]
    if not found:
        raise ParseError("no comments found in any known format")
    _, headers, kind = min(found, key=lambda candidate: candidate[0])
    return kind.read(Page(lines, front), headers)


def _is_header(line: str) -> bool:
    return any(kind.headers([line], 0) for kind in FORMATS)
