"""What a thread file says, stage by stage; frozen, without I/O."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from retrieval.types import Bilingual, Kind

#: What a thread may be called, in lower case; which format it has is seen in its text.
SUFFIXES = (".md", ".markdown", ".txt")


@dataclass(frozen=True, slots=True)
class ParsedComment:
    """One comment as its file has it; the fields mean what they mean in `retrieval.types.Comment`."""

    position: int
    kind: Kind
    author: str
    reply_to: str | None
    parent: int | None
    text: Bilingual
    lines: tuple[int, int]
    images: int


@dataclass(frozen=True, slots=True)
class ParsedThread:
    """One thread file, parsed."""

    #: Name of the format that read it, e.g. "bilingual-page".
    format: str
    title: Bilingual
    question: Bilingual
    date: str | None
    tags: tuple[str, ...]
    #: In file order; `comments[i].position == i + 1`.
    comments: tuple[ParsedComment, ...]


class ParseError(ValueError):
    """A file that no comment can be read from; `reason` is a clause, `line` 1-based where one is to blame."""

    def __init__(self, reason: str, line: int | None = None) -> None:
        super().__init__(reason if line is None else f"line {line}: {reason}")
        self.reason = reason
        self.line = line
