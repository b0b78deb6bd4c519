"""When a change is over, which changes matter, and that the system tells of them."""

from itertools import count
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import watch
from ingest.watch import Matters, settled


def runs(steps, quiet=2.0):
    """Return at which seconds a run is due, given what changed at which seconds."""
    now = 0.0

    def changes():
        nonlocal now
        for at, changed in steps:
            now = at
            yield changed

    return [now for _ in settled(changes(), lambda: now, quiet)]


def test_the_first_run_is_due_at_once():
    """And no other one as long as nothing changes."""
    assert runs([(0.5, ()), (1.0, ()), (90.0, ())]) == [0.5]


def test_a_change_is_waited_out():
    """However long somebody goes on writing; then one run is due for all of it."""
    steps = [(0.5, ()), *((1 + n / 2, ("a.txt",)) for n in range(200)), (101.0, ()), (102.6, ()), (103.0, ())]
    assert runs(steps) == [0.5, 102.6]
    assert runs([(0, ("a",)), (1, ()), (1.9, ()), (2, ()), (3, ("b",)), (4, ("b",)), (6, ())]) == [2, 6]


@given(st.lists(st.tuples(st.integers(1, 20), st.booleans()), max_size=30))
def test_no_run_while_somebody_writes_and_none_forgotten(steps):
    """Before every run there were two quiet seconds, and after every change there is a run in the end."""
    at, told = 0.0, []
    for step, changed in steps:
        at += step / 4
        told.append((at, ("x",) if changed else ()))
    due = runs([*told, (at + 10, ())])
    changed_at = [moment for moment, changed in told if changed]
    assert all(not any(run - 2 < moment < run for moment in changed_at) for run in due)
    assert not changed_at or due[-1] > changed_at[-1]


@pytest.mark.parametrize(
    ("path", "matters"),
    [
        ("/t/a.txt", True),
        ("/t/sub/B.MD", True),
        ("/t/sub", True),
        ("/t/.gitignore", True),
        ("/t/sub/.threadbotignore", True),
        ("/t/a.pdf", False),
        ("/t/.a.txt.swp", False),
        ("/t/.git/a.txt", False),
        ("/t/.git/index", False),
        ("/other/a.txt", False),
        ("/tt/a.txt", False),
        ("/files/one.dat", True),
        ("/files/two.dat", False),
    ],
)
def test_which_changes_matter(path, matters):
    """Those of what would be read, and of what decides about that."""
    assert Matters(("/t", "/files/one.dat"))(path) is matters


def first(changes, limit=40):
    """Return the first changes there are."""
    for _, changed in zip(range(limit), changes, strict=False):
        if changed:
            return sorted(Path(path).name for path in changed)
    return None


def test_the_system_tells_of_writes(tmp_path):
    """New files, renamed ones and those in new folders; and of a folder that is put in another's place."""
    folder = tmp_path / "threads"
    folder.mkdir()
    changes = watch.changes([folder])
    assert next(changes) == []
    (folder / "note.pdf").write_text("x")
    (folder / "a.txt").write_text("x")
    assert first(changes) == ["a.txt"]
    (folder / "a.txt").rename(folder / "b.txt")
    assert first(changes) == ["a.txt", "b.txt"]
    (folder / "sub").mkdir()
    assert "sub" in first(changes)
    folder.rename(tmp_path / "away")
    assert first(changes) == ["threads"]
    folder.mkdir()
    assert first(changes) == ["threads"]
    (folder / "c.txt").write_text("x")
    assert first(changes) == ["c.txt"]
    changes.close()


def test_a_file_is_followed_through_an_editor(tmp_path):
    """Which writes another and puts it in its place; its neighbours do not matter."""
    path = tmp_path / "one.txt"
    path.write_text("x")
    changes = watch.changes([path])
    assert next(changes) == []
    for n in count():
        (tmp_path / "neighbour.txt").write_text("x")
        (tmp_path / "new").write_text(str(n))
        (tmp_path / "new").replace(path)
        assert first(changes) == ["one.txt"]
        if n == 1:
            break
    changes.close()
