"""What formats share: the page they are given, and what each of them is."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from retrieval.text import language_of
from retrieval.types import Bilingual

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.formats.frontmatter import FrontMatter
    from ingest.types import ParsedThread
    from retrieval.types import Language


_WORDLESS = re.compile(r"https?://[!-~]+|\[[^\[\]\s]{1,8}\]")


@dataclass(frozen=True, slots=True)
class Page:
    """A file's lines and its front matter."""

    #: All of them; line 1 of the file is lines[0].
    lines: Sequence[str]
    front: FrontMatter


class Format(Protocol):
    """A kind of thread file. A module may be one."""

    #: Its name in `ParsedThread.format`; part of a thread's identity, so it never changes.
    NAME: str

    def headers(self, lines: Sequence[str], start: int) -> list[int]:
        """Return the indexes from `start` on of the lines that start a comment in this format."""

    def read(self, page: Page, headers: Sequence[int]) -> ParsedThread:
        """Return the thread of a page whose headers are these, at least one."""


def sections(lines: Sequence[str], headers: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Yield (header, end) for each comment, as indexes of lines, `end` exclusive."""
    yield from zip(headers, [*headers[1:], len(lines)], strict=True)


def spoken(text: str) -> Language | None:
    """Tell which language a text is in by its words; addresses and codes like [doge] are in none."""
    return language_of(_WORDLESS.sub(" ", text))


def in_language(text: str | None, default: Language) -> Bilingual:
    """Return the text in the language it is in, in the default one where it has no words."""
    if text is None:
        return Bilingual()
    return Bilingual(zh=text) if (spoken(text) or default) == "zh" else Bilingual(en=text)
