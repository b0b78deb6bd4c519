"""Pure: what has to happen to a thread's comments, and why; nothing here touches a file or an index."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum, unique
from typing import TYPE_CHECKING

from ingest.identity import ancestors
from retrieval.records import make_record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Sequence

    from retrieval.types import Comment, PassageId, Record


@unique
class Fate(StrEnum):
    """What becomes of one comment."""

    NEW = "new"
    CHANGED = "changed"
    MOVED = "moved"
    REMOVED = "removed"
    UNCHANGED = "unchanged"


@dataclass(frozen=True, slots=True)
class Step:
    """One comment's fate and the reason for it."""

    fate: Fate
    reason: str
    #: As it is to be stored; None for a removed one.
    record: Record | None
    #: As it was stored; None for a new one.
    before: Record | None

    @property
    def id(self) -> str:
        """Return the comment's id."""
        record = self.record or self.before
        assert record is not None  # noqa: S101 - a step has one side at least
        return record.comment.id

    @property
    def rewrites(self) -> bool:
        """Tell whether its passages have to be written, not only where it stands."""
        if self.record is None or self.before is None:
            return self.record is not None
        moved_only = self.fate in {Fate.MOVED, Fate.UNCHANGED}
        return not moved_only or self.record.comment.kind != self.before.comment.kind

    @property
    def growth(self) -> int:
        """Return how many rows the dense index has more, or fewer, than before."""
        after = len(self.record.passage_ids()) if self.record else 0
        return after - (len(self.before.passage_ids()) if self.before else 0)

    @property
    def stale_passages(self) -> list[PassageId]:
        """Return the rows of the dense index that were stored and no longer are."""
        if self.before is None:
            return []
        after = set(self.record.passage_ids()) if self.record else set()
        return [passage for passage in self.before.passage_ids() if passage not in after]


def decide(comments: Sequence[Comment], previous: Iterable[Record]) -> list[Step]:
    """Decide the fate of every comment of one thread: those present in file order, then the removed."""
    before = {record.comment.id: record for record in previous}
    chains = ancestors(comments)
    steps = [_step(make_record(comment, chains[comment.id]), before.get(comment.id)) for comment in comments]
    present = {comment.id for comment in comments}
    return steps + remove(record for record in before.values() if record.comment.id not in present)


def remove(previous: Iterable[Record], reason: str = "no longer in the files") -> list[Step]:
    """Decide that comments leave."""
    return [Step(Fate.REMOVED, reason, None, record) for record in previous]


def hide(steps: Iterable[Step], excluded: Collection[str]) -> list[Step]:
    """Decide that excluded comments, given by id, leave or never come."""
    planned = [(step, step.id in excluded) for step in steps]
    shown = [step for step, is_excluded in planned if not is_excluded]
    return shown + remove((step.before for step, gone in planned if gone and step.before), "excluded")


def _step(record: Record, before: Record | None) -> Step:
    if before is None:
        return Step(Fate.NEW, "not in the index yet", record, None)
    if record.digest != before.digest:
        return Step(Fate.CHANGED, "its text changed", record, before)
    if record.passages != before.passages:
        return Step(Fate.CHANGED, "its text is cut into other passages", record, before)
    # What follows from the text stays.
    record = replace(record, tokens=before.tokens, whole=before.whole, common=before.common)
    if record != before:
        return Step(Fate.MOVED, "its place in the file or in the thread changed", record, before)
    return Step(Fate.UNCHANGED, "the same as before", record, before)
