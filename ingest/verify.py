"""Hold a comment of the index against the file it came from, as that is now; nothing is written."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum, unique
from pathlib import Path
from typing import TYPE_CHECKING

from ingest.compare import Published
from ingest.decoding import decode
from ingest.formats import parse
from ingest.identity import identify
from ingest.types import ParseError
from ingest.web.addresses import is_address
from retrieval.homes import home_of
from retrieval.records import content_digest

if TYPE_CHECKING:
    from retrieval.generations import FileEntry
    from retrieval.homes import Home
    from retrieval.types import Comment, Record


@unique
class Verdict(StrEnum):
    """What became of a comment in its file."""

    UNCHANGED = "unchanged"
    EDITED = "edited"
    REMOVED = "removed"
    #: The file cannot be read, or was fetched from an address.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict, and what it rests on."""

    verdict: Verdict
    #: The file, or the address; empty where the index does not say.
    path: str
    #: Where the comment stands in it now, 1-based and inclusive; None where it does not.
    lines: tuple[int, int] | None
    #: Of the comment's texts in the index.
    digest: str
    #: Why nothing can be said.
    reason: str | None = None


def verify(place: Path | Home, comment: Comment) -> Finding:
    """Read a comment's file again and find the comment in it, as an ingest would."""
    published = Published.of(home_of(place))
    files = published.manifest.files if published.manifest else ()
    file = next((file for file in files if file.thread == comment.thread_id), None)
    digest = content_digest(comment.text)
    if file is None:
        return Finding(Verdict.UNKNOWN, "", None, digest, "the index does not name its file")
    path = _location(file)
    if is_address(path):
        return Finding(Verdict.UNKNOWN, path, None, digest, "it was fetched; ingest it again to compare")
    try:
        found = _found(Path(path), comment, published.records([comment.thread_id])[comment.thread_id])
    except (OSError, ParseError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        return Finding(Verdict.UNKNOWN, path, None, digest, reason or type(error).__name__)
    if found is None:
        return Finding(Verdict.REMOVED, path, None, digest)
    same = content_digest(found.text) == digest
    return Finding(Verdict.UNCHANGED if same else Verdict.EDITED, path, found.lines, digest)


def _found(path: Path, comment: Comment, known: list[Record]) -> Comment | None:
    now = identify(parse(decode(path.read_bytes())), comment.thread_id, known)
    return next((each for each in now if each.id == comment.id), None)


def _location(file: FileEntry) -> str:
    if is_address(file.path) or is_address(file.root):
        return file.path if is_address(file.path) else file.root
    root = Path(file.root)
    return str(root / file.path if root.is_dir() else root)
