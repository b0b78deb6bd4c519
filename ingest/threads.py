"""Pure: which thread each file holds, and what the manifest says of it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest.identity import identify, thread_id
from retrieval import records
from retrieval.generations import ThreadEntry
from retrieval.types import Kind, Thread

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.survey import Reading
    from ingest.types import ParsedThread
    from retrieval.types import Comment, Record


def settle(readings: Sequence[Reading]) -> tuple[Reading, ...]:
    """Give every file that was read its thread's id.

    Where several files hold the same thread, a file keeps the id it had; of new ones, the first gets
    the thread's own id and the others add their path to it.
    """
    choices = {place: _choices(reading) for place, reading in enumerate(readings) if reading.parsed}
    taken = {reading.entry.thread for reading in readings if not reading.parsed}
    ids: dict[int, str] = {}
    for place, own in choices.items():
        known = readings[place].entry.thread
        if known in own and known not in taken:
            ids[place] = known
            taken.add(known)
    for place in sorted(choices.keys() - ids.keys()):
        ids[place] = next(choice for choice in choices[place] if choice not in taken)
        taken.add(ids[place])
    return tuple(
        replace(reading, entry=replace(reading.entry, thread=ids[place])) if reading.parsed else reading
        for place, reading in enumerate(readings)
    )


def _choices(reading: Reading) -> tuple[str, ...]:
    """Return the ids a file's thread may have, in order of preference; the last one is nobody else's."""
    assert reading.parsed is not None  # noqa: S101 - only files that were read are asked about
    entry = reading.entry
    return (
        thread_id(reading.parsed),
        thread_id(reading.parsed, entry.path),
        thread_id(reading.parsed, f"{entry.root}/{entry.path}"),
    )


def thread_entry(
    parsed: ParsedThread, identity: str, path: str, previous: Sequence[Record]
) -> tuple[ThreadEntry, tuple[Comment, ...]]:
    """Return what the manifest says of a thread, and its comments, each with its id."""
    comments = identify(parsed, identity, previous)
    thread = Thread(identity, parsed.title, parsed.question, parsed.date, parsed.tags)
    return tally(ThreadEntry(thread, path, 0, 0, 0, 0), comments), comments


def asking(threads: Iterable[ThreadEntry]) -> dict[str, list[str]]:
    """Return the texts that say what each thread asks, by its id."""
    return {entry.thread.id: records.asking(entry.thread.title, entry.thread.question) for entry in threads}


def tally(entry: ThreadEntry, comments: Sequence[Comment], sign: int = 1) -> ThreadEntry:
    """Add comments to what the manifest says of a thread, or take them away with `sign` -1."""
    return replace(
        entry,
        comments=entry.comments + sign * len(comments),
        answers=entry.answers + sign * sum(comment.kind == Kind.ANSWER for comment in comments),
        zh=entry.zh + sign * sum(comment.text.zh is not None for comment in comments),
        en=entry.en + sign * sum(comment.text.en is not None for comment in comments),
    )
