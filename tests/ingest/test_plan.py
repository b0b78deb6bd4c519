"""What becomes of every comment, and why."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.plan import Fate, decide, remove
from retrieval.records import make_record
from retrieval.types import Bilingual, Comment, Kind, Span

COMMENT = Comment("a", "t", 1, Kind.ANSWER, "小李", None, None, Bilingual(zh="好。"), (3, 5), 0)
RECORD = make_record(COMMENT, ())


@st.composite
def threads(draw):
    """Draw the comments of one thread, with ids out of a small set and parents that stand before them."""
    names = draw(st.lists(st.sampled_from("abcdefgh"), unique=True, max_size=6))
    comments = []
    for position, name in enumerate(names, start=1):
        parent = draw(st.none() | st.integers(1, position - 1)) if position > 1 else None
        text = Bilingual(zh=draw(st.sampled_from([None, "好。", "不好。", "很长。" * 200])))
        kind = Kind.ANSWER if parent is None else Kind.REPLY
        lines = (position * 4, position * 4 + 2)
        comments.append(Comment(name, "t", position, kind, "小李", None, parent, text, lines, 0))
    return comments


def kept(steps):
    return [step.record for step in steps if step.record]


@given(threads(), threads())
def test_fates_partition(before, after):
    """Every comment there is, and every one there was, has exactly one fate."""
    previous = kept(decide(before, []))
    steps = decide(after, previous)
    assert sorted(step.id for step in steps) == sorted({c.id for c in before} | {c.id for c in after})
    assert [step.id for step in steps][: len(after)] == [comment.id for comment in after]
    for step in steps:
        assert (step.record is None) == (step.fate == Fate.REMOVED)
        assert (step.before is None) == (step.fate == Fate.NEW)
        assert step.reason


@given(threads(), threads())
def test_second_plan_changes_nothing(before, after):
    """A plan over its own result leaves every comment as it is."""
    steps = decide(after, kept(decide(before, [])))
    again = decide(after, kept(steps))
    assert {step.fate for step in again} <= {Fate.UNCHANGED}
    assert kept(again) == kept(steps)


@given(threads(), threads())
def test_stale_passages(before, after):
    """What is stored afterwards is what was, without the stale passages, with those of rewritten comments."""
    steps = decide(after, kept(decide(before, [])))
    there = {passage for step in steps if step.before for passage in step.before.passage_ids()}
    stale = {passage for step in steps for passage in step.stale_passages}
    written = {passage for step in steps if step.rewrites for passage in step.record.passage_ids()}
    assert stale <= there
    assert (there - stale) | written == {
        passage for record in kept(steps) for passage in record.passage_ids()
    }


@pytest.mark.parametrize(
    ("before", "fate", "rewrites"),
    [
        (RECORD, Fate.UNCHANGED, False),
        (replace(RECORD, digest="other"), Fate.CHANGED, True),
        (replace(RECORD, passages={"zh": (Span(0, 1), Span(1, 2))}), Fate.CHANGED, True),
        (replace(RECORD, ancestors=("b",)), Fate.MOVED, False),
        (replace(RECORD, comment=replace(COMMENT, position=2)), Fate.MOVED, False),
        (replace(RECORD, comment=replace(COMMENT, lines=(4, 6))), Fate.MOVED, False),
        (replace(RECORD, comment=replace(COMMENT, images=1)), Fate.MOVED, False),
        (replace(RECORD, comment=replace(COMMENT, kind=Kind.REPLY)), Fate.MOVED, True),
    ],
)
def test_fate(before, fate, rewrites):
    """A comment changed if its text or its passages did, and moved if anything else did."""
    (step,) = decide([COMMENT], [before])
    assert (step.fate, step.rewrites, step.record) == (fate, rewrites, RECORD)


def test_what_follows_from_the_text_stays():
    """A comment that only moved keeps what was made when it was written."""
    stored = replace(RECORD, comment=replace(COMMENT, position=2), tokens=(b"abc",), whole=b"\0\0")
    (step,) = decide([COMMENT], [stored])
    assert step.fate == Fate.MOVED
    assert (step.record.tokens, step.record.whole) == (stored.tokens, stored.whole)


def test_new_and_removed():
    """A comment that was not there is new; one that is not there any more is removed with its passages."""
    (new,) = decide([COMMENT], [])
    assert (new.fate, new.rewrites, new.stale_passages) == (Fate.NEW, True, [])
    (gone,) = remove([RECORD])
    assert (gone.fate, gone.rewrites, gone.id) == (Fate.REMOVED, False, "a")
    assert gone.stale_passages == RECORD.passage_ids()
