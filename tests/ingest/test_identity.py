"""Which thread a file holds and which comment is which, from one ingest to the next."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import assume, given
from hypothesis import strategies as st

from ingest.identity import ancestors, identify, thread_id
from ingest.types import ParsedComment, ParsedThread
from retrieval.records import make_record
from retrieval.types import Bilingual, Kind

THREAD = ParsedThread("chinese-archive", Bilingual(zh="怎么种番茄？"), Bilingual(), "2025-01-14", (), ())

#: Few authors and few texts, so that many comments share both.
authors = st.sampled_from(["小李", "阿明"])
targets = st.sampled_from([None, None, "小李"])
texts = st.sampled_from(["+1", "+2", "加一", "一句更长的话。"])
sketches = st.lists(st.tuples(authors, targets, texts), max_size=8)


def parsed(comments):
    """Return a thread of these (author, reply-to, text)."""
    return replace(
        THREAD,
        comments=tuple(
            ParsedComment(place, Kind.ANSWER, author, target, None, Bilingual(zh=text), (place, place), 0)
            for place, (author, target, text) in enumerate(comments, start=1)
        ),
    )


def settled(comments, previous=()):
    """Return the comments with their ids, given the records of a previous generation."""
    return identify(parsed(comments), "thread", previous)


def records(comments):
    return [make_record(comment, ()) for comment in comments]


def ids(comments):
    return [comment.id for comment in comments]


def test_golden_ids():
    """Ids are what they were in every version that people have links with them in."""
    assert thread_id(THREAD) == "6so5rusws4ym"
    assert thread_id(THREAD, "a.txt") == "v3zimxmp5sxm"
    comments = settled([("小李", None, "+1"), ("小李", None, "+1"), ("阿明", "小李", "好")])
    assert ids(comments) == ["tl7psglecq23", "qoo75zopfndo", "a6javf7ek3wk"]


def test_thread_is_format_title_date_and_question():
    """A thread is another one if any of these differ; its tags and comments do not matter."""
    others = [
        replace(THREAD, format="bilingual-page"),
        replace(THREAD, title=Bilingual(en="怎么种番茄？")),
        replace(THREAD, date=None),
        replace(THREAD, question=Bilingual(zh="种得出来吗？")),
        replace(THREAD, question=Bilingual(en="种得出来吗？")),
    ]
    assert len({thread_id(THREAD), thread_id(THREAD, ""), *map(thread_id, others)}) == 7
    assert thread_id(replace(parsed([("小李", None, "+1")]), tags=("番茄",))) == thread_id(THREAD)


@given(sketches)
def test_ids_are_unique_and_always_the_same(comments):
    """Every comment has an id of its own, the same in every run, from nothing and from its own result."""
    first = settled(comments)
    assert len(set(ids(first))) == len(comments)
    assert ids(first) == ids(settled(comments)) == ids(settled(comments, records(first)))


@given(sketches.filter(bool), st.data())
def test_ids_outlive_an_edit(comments, data):
    """A comment whose text is edited keeps its id, and so do all others."""
    before = settled(comments)
    place = data.draw(st.integers(0, len(comments) - 1))
    author, target, _ = comments[place]
    edited = [*comments[:place], (author, target, "改过的话"), *comments[place + 1 :]]
    assert ids(settled(edited, records(before))) == ids(before)


@given(sketches, st.tuples(authors, targets), st.data())
def test_ids_outlive_an_insertion(comments, new, data):
    """Wherever a comment with new words is put, all others keep their ids."""
    before = settled(comments)
    place = data.draw(st.integers(0, len(comments)))
    after = settled([*comments[:place], (*new, "新的话"), *comments[place:]], records(before))
    assert ids([*after[:place], *after[place + 1 :]]) == ids(before)
    assert after[place].id not in ids(before)


@given(sketches.filter(bool), st.data())
def test_ids_outlive_a_removal(comments, data):
    """Whichever comment goes, every other text keeps an id that stood for it."""
    before = settled(comments)
    place = data.draw(st.integers(0, len(comments) - 1))
    left = [*comments[:place], *comments[place + 1 :]]
    after = settled(left, records(before))
    text_of = {comment.id: comment.text for comment in before}
    assert all(text_of[comment.id] == comment.text for comment in after)
    if comments.count(comments[place]) == 1:
        assert ids(after) == [name for name in ids(before) if name != before[place].id]


@given(sketches, st.randoms(use_true_random=False))
def test_ids_outlive_reordering(comments, random):
    """In whatever order comments stand, author, target and text keep the ids they had."""
    before = settled(comments)
    shuffled = list(comments)
    random.shuffle(shuffled)
    after = settled(shuffled, records(before))

    def named(found):
        return sorted((comment.id, comment.author, comment.text.zh) for comment in found)

    assert named(after) == named(before)


@given(sketches, sketches)
def test_ids_are_unique_after_anything(comments, others):
    """Whatever becomes of a thread, ids are unique, and none passes to another author or target."""
    before = settled(comments)
    after = settled(others, records(before))
    assert len(set(ids(after))) == len(others)
    who = {comment.id: (comment.author, comment.reply_to) for comment in before}
    assert all(who.get(c.id, (c.author, c.reply_to)) == (c.author, c.reply_to) for c in after)


@given(sketches)
def test_ids_belong_to_a_thread(comments):
    """The same comments in another thread have other ids."""
    assume(comments)
    other = identify(parsed(comments), "other", ())
    assert set(ids(other)).isdisjoint(ids(settled(comments)))


def test_ancestors():
    """The ancestors of a comment go from its root answer to its parent."""
    comments = settled([("甲", None, "一"), ("乙", None, "二"), ("丙", "乙", "三"), ("丁", None, "四")])
    parents = (None, 1, 2, None)
    linked = [replace(comment, parent=parent) for comment, parent in zip(comments, parents, strict=True)]
    first, second, third, fourth = ids(linked)
    assert ancestors(linked) == {first: (), second: (first,), third: (first, second), fourth: ()}
