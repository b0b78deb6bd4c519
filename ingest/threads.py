"""Pure: which thread each file holds, and what the manifest says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.identity import identify, thread_id
from retrieval.generations import ThreadEntry
from retrieval.types import Kind, Thread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ingest.survey import Reading
    from ingest.types import ParsedThread
    from retrieval.types import Comment, Record


def settle(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """Give every file that was read its thread's id.

    Where several files hold the same thread, the first keeps the id, one that is as before coming
    before one that was read anew, and the others add their path to it.
    """
    taken = {reading.entry.thread for reading in readings if reading.parsed is None}
    settled: list[Reading] = []
    for reading in readings:
        if reading.parsed is None:
            settled.append(reading)
            continue
        identity = thread_id(reading.parsed)
        if identity in taken:
            identity = thread_id(reading.parsed, reading.entry.path)
        if identity in taken:
            identity = thread_id(reading.parsed, f"{reading.entry.root}/{reading.entry.path}")
        taken.add(identity)
        settled.append(replace(reading, entry=replace(reading.entry, thread=identity)))
    return tuple(settled)


def thread_entry(
    parsed: ParsedThread, identity: str, path: str, previous: Sequence[Record]
) -> tuple[ThreadEntry, tuple[Comment, ...]]:
    """Return what the manifest says of a thread, and its comments, each with its id."""
    comments = identify(parsed, identity, previous)
    entry = ThreadEntry(
        thread=Thread(identity, parsed.title, parsed.question, parsed.date, parsed.tags),
        path=path,
        comments=len(comments),
        answers=sum(comment.kind == Kind.ANSWER for comment in comments),
        zh=sum(comment.text.zh is not None for comment in comments),
        en=sum(comment.text.en is not None for comment in comments),
    )
    return entry, comments
