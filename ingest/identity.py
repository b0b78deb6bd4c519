"""Pure: which thread a file holds, and which comment is which from one ingest to the next.

A thread is a digest of its format, title, date and question. A comment is a digest of its thread, its
author, whom it replies to, and an ordinal among the comments that share those. Ordinals are settled by
matching with the previous generation: what is the same from the start and from the end first, then by
text, then by order, so that an id outlives an edit of its own text and any insertion, removal or
reordering of others, be they word for word the same.
"""

from __future__ import annotations

from collections import defaultdict, deque
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING

from retrieval.records import content_digest, short_id
from retrieval.types import Comment

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.types import ParsedComment, ParsedThread
    from retrieval.types import Record

#: Author and reply-to: what the comments share that only an ordinal tells apart.
_Key = tuple[str, str | None]


def thread_id(parsed: ParsedThread, path: str | None = None) -> str:
    """Return a thread's id; a path is added only where another file holds the same thread."""
    return short_id(
        parsed.format,
        parsed.title.zh,
        parsed.title.en,
        parsed.date,
        parsed.question.zh,
        parsed.question.en,
        *([] if path is None else [path]),
    )


def identify(parsed: ParsedThread, thread: str, previous: Iterable[Record]) -> tuple[Comment, ...]:
    """Give every comment of a thread its id, given the comments the previous generation has of it."""
    known: dict[_Key, list[_Known]] = defaultdict(list)
    for record in sorted(previous, key=lambda record: record.comment.position):
        comment = record.comment
        known[comment.author, comment.reply_to].append(_Known(comment.id, record.digest))
    groups: dict[_Key, list[ParsedComment]] = defaultdict(list)
    for comment_parsed in parsed.comments:
        groups[comment_parsed.author, comment_parsed.reply_to].append(comment_parsed)
    ids: dict[int, str] = {}
    for key, group in groups.items():
        ids |= _match(thread, key, group, known[key])
    return tuple(
        _comment(parsed_comment, ids[parsed_comment.position], thread) for parsed_comment in parsed.comments
    )


def ancestors(comments: Sequence[Comment]) -> dict[str, tuple[str, ...]]:
    """Return for every comment's id the ids from its root answer to its parent."""
    by_position = {comment.position: comment for comment in comments}
    chains: dict[str, tuple[str, ...]] = {}
    for comment in comments:
        parent = by_position.get(comment.parent) if comment.parent is not None else None
        # A parent stands before its replies, so its own chain is known by now.
        chains[comment.id] = (*chains[parent.id], parent.id) if parent is not None else ()
    return chains


@dataclass(frozen=True, slots=True)
class _Known:
    id: str
    digest: str


def _match(thread: str, key: _Key, group: Sequence[ParsedComment], known: Sequence[_Known]) -> dict[int, str]:
    """Return ids by position for comments that share author and reply-to."""
    digests = {comment.position: content_digest(comment.text) for comment in group}
    ids = _same_ends(digests, known)
    settled = set(ids.values())
    by_digest: dict[str, deque[str]] = defaultdict(deque)
    for candidate in known:
        if candidate.id not in settled:
            by_digest[candidate.digest].append(candidate.id)
    for position, digest in digests.items():
        if position not in ids and by_digest[digest]:
            ids[position] = by_digest[digest].popleft()
    kept = set(ids.values())
    free = [candidate.id for candidate in known if candidate.id not in kept]
    rest = [position for position in digests if position not in ids]
    ids |= dict(zip(rest, free, strict=False))
    taken = {candidate.id for candidate in known}
    fresh = (name for ordinal in count() if (name := _id(thread, key, ordinal)) not in taken)
    return ids | dict(zip(rest[len(free) :], fresh, strict=False))


def _same_ends(digests: dict[int, str], known: Sequence[_Known]) -> dict[int, str]:
    """Return ids by position for what is the same at the start and at the end, whatever lies between."""
    positions = list(digests)
    shorter = min(len(positions), len(known))
    start = next((n for n in range(shorter) if digests[positions[n]] != known[n].digest), shorter)
    left = range(1, shorter - start + 1)
    end = next((n - 1 for n in left if digests[positions[-n]] != known[-n].digest), shorter - start)
    same = [*zip(positions[:start], known, strict=False)]
    same += zip(positions[len(positions) - end :], known[len(known) - end :], strict=True)
    return {position: candidate.id for position, candidate in same}


def _id(thread: str, key: _Key, ordinal: int) -> str:
    author, reply_to = key
    return short_id(thread, author, reply_to, str(ordinal))


def _comment(parsed: ParsedComment, identity: str, thread: str) -> Comment:
    return Comment(
        id=identity,
        thread_id=thread,
        position=parsed.position,
        kind=parsed.kind,
        author=parsed.author,
        reply_to=parsed.reply_to,
        parent=parsed.parent,
        text=parsed.text,
        lines=parsed.lines,
        images=parsed.images,
    )
