"""Which thread each file holds, and what the manifest says of it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ingest.formats import parse
from ingest.identity import thread_id
from ingest.survey import Reading
from ingest.threads import settle, thread_entry
from retrieval.generations import FileEntry
from tests.ingest.pages import page

PARSED = parse(page(("小李", "番茄要多晒太阳。"), ("阿明", "![](https://example.org/a.jpg)")))
OWN = thread_id(PARSED)


def reading(path="a.txt", known=None, parsed=PARSED, root="/archive"):
    """Return a file as a survey found it; it holds the one thread unless told otherwise."""
    return Reading(FileEntry(root, path, 1, 1, 1, "d", known, None), parsed)


def ids(*readings):
    return [settled.entry.thread for settled in settle(readings)]


def test_one_file():
    """A file's thread has its own id, wherever it is."""
    assert ids(reading("a.txt")) == ids(reading("b/c.md", root="/elsewhere")) == [OWN]


def test_several_files():
    """Of several files with the same thread the first has the thread's id, the others add their paths."""
    pathed = thread_id(PARSED, "b.txt")
    assert ids(reading("a.txt"), reading("b.txt")) == [OWN, pathed]
    rooted = thread_id(PARSED, "/other/b.txt")
    assert ids(reading("a.txt"), reading("b.txt"), reading("b.txt", root="/other")) == [OWN, pathed, rooted]


def test_known_ids_stay():
    """A file keeps the id it had, read again or not, whatever stands before it."""
    pathed = thread_id(PARSED, "a.txt")
    assert ids(reading("a.txt"), reading("b.txt", OWN, None)) == [pathed, OWN]
    assert ids(reading("a.txt"), reading("b.txt", OWN)) == [pathed, OWN]
    assert ids(reading("a.txt", pathed), reading("b.txt", OWN)) == [pathed, OWN]


def test_another_thread_in_a_known_file():
    """A file that now holds another thread has that one's id, not the one it had."""
    assert ids(reading("a.txt", "other")) == [OWN]


def test_skipped_file_keeps_what_it_had():
    """A file that could not be read keeps its thread, or has none."""
    assert ids(reading(parsed=None), reading("b.txt", "x", None)) == [None, "x"]


@given(
    st.lists(
        st.builds(
            reading,
            st.sampled_from(["a.txt", "b.txt"]),
            st.sampled_from([None, OWN, thread_id(PARSED, "b.txt"), "other"]),
            root=st.sampled_from(["/one", "/two", "/three"]),
        ),
        unique_by=lambda made: (made.entry.root, made.entry.path),
    )
)
def test_settling_is_final(readings):
    """No two files share an id, and settling again changes nothing."""
    once = settle(readings)
    assert len({made.entry.thread for made in once}) == len(readings)
    assert settle(once) == once
    assert [replace(made.entry, thread=None) for made in once] == [
        replace(made.entry, thread=None) for made in readings
    ]


def test_entry():
    """A thread's entry says what the page says of it, and counts its comments by kind and language."""
    entry, comments = thread_entry(PARSED, OWN, "a.txt", [])
    assert (entry.thread.id, entry.thread.title.zh, entry.thread.date) == (OWN, "怎么种番茄？", "2025-01-14")
    assert (entry.thread.tags, entry.path) == (("番茄",), "a.txt")
    assert (entry.comments, entry.answers, entry.zh, entry.en) == (2, 2, 1, 0)
    assert [comment.thread_id for comment in comments] == [OWN, OWN]
