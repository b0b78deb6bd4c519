"""Anything people do to an archive, in any order, against a dictionary that says what should be there."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ingest import exclude
from ingest.compact import compact
from ingest.rollback import roll_back
from retrieval import generations
from retrieval.errors import RetrievalError
from retrieval.homes import Embedded
from retrieval.probe import in_process
from tests.ingest.bench import PLACES, Bench, Deadly, Killed

if TYPE_CHECKING:
    from collections.abc import Callable

    from retrieval.homes import Home

FILES = ("a.txt", "b.txt", "c.txt")
AUTHORS = ("小李", "阿明", "路人")
WORDS = st.sampled_from(["番茄", "浇水", "日照", "手套", "头盔", "耳朵", "冬天", "自行车"])
files = st.sampled_from(FILES)
places = st.integers(0, 20)


class Archive(RuleBasedStateMachine):
    """An archive of three threads, what is published of it, and what there is to go back to."""

    #: Where the index of a data folder lives.
    home: Callable[[Path], Home] = Embedded

    def __init__(self) -> None:
        super().__init__()
        self._folder = tempfile.TemporaryDirectory()
        self.bench = Bench(Path(self._folder.name), self.home)
        #: (author, text) of every comment by file, in file order; texts are all different.
        self.threads: dict[str, list[tuple[str, str]]] = {name: [] for name in FILES}
        self.titles = {name: name for name in FILES}
        self.serial = 0
        self.barred: set[str] = set()
        self.published: set[tuple[str, str]] | None = None
        self.before: set[tuple[str, str]] | None = None
        self.number = 0
        for name in FILES:
            self.add(name, 0, "番茄", "路人")

    def teardown(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()

    @rule(name=files, place=places, word=WORDS, author=st.sampled_from(AUTHORS))
    def add(self, name, place, word, author):
        """Write a comment."""
        self.serial += 1
        own = self.threads[name]
        own.insert(place % (len(own) + 1), (author, f"{word}{self.serial}。"))
        self._write(name)

    @rule(name=files, place=places, word=WORDS)
    def edit(self, name, place, word):
        """Change a comment."""
        if own := self.threads[name]:
            self.serial += 1
            place %= len(own)
            own[place] = (own[place][0], f"{word}{self.serial}。")
            self._write(name)

    @rule(name=files, place=places)
    def delete(self, name, place):
        """Delete a comment; with the last one, the file."""
        if own := self.threads[name]:
            del own[place % len(own)]
            self._write(name)

    @rule(name=files)
    def reorder(self, name):
        """Turn the order round."""
        self.threads[name].reverse()
        self._write(name)

    @rule(name=files)
    def rename(self, name):
        """Give a file another name, back and forth."""
        old = self.bench.archive / self.titles[name]
        self.titles[name] = name if self.titles[name] != name else f"renamed-{name}"
        if old.exists():
            old.rename(self.bench.archive / self.titles[name])

    @rule()
    def ingest(self):
        """Bring the index in step; a second time there is nothing to do."""
        if not any(self.threads.values()):
            return
        number = self.number
        summary = self.bench.ingest()
        if summary.published:
            kept = not summary.compacted and not self.bench.on_server
            self.before = self.published if kept else None
            self.number = summary.generation
            assert self.number > number
        self.published = self._allowed()
        again = self.bench.ingest()
        assert (again.published, self.bench.embedder.batches) == (False, [])

    @precondition(lambda self: any(self.threads.values()))
    @rule(stage=st.sampled_from(["read", "embed", "write", "probe"]))
    def crash(self, stage):
        """Kill an ingest, which leaves everything lying about."""
        remove, generations.remove = generations.remove, lambda *_: None
        try:
            self.bench.ingest(progress=Deadly(stage))
        except Killed:
            pass
        finally:
            generations.remove = remove

    @rule()
    def go_back(self):
        """Go one step back, where there is one; what was barred since stays out."""
        try:
            self.number = max(self.number, roll_back(self.bench.home, in_process).generation)
        except RetrievalError:
            assert self.before is None
            return
        assert self.before is not None
        self.published, self.before = {c for c in self.before if c[0] not in self.barred}, None

    @precondition(lambda self: self.published)
    @rule(author=st.sampled_from(AUTHORS[:2]))
    def bar(self, author):
        """Exclude an author at once."""
        done = exclude.exclude(self.bench.home, [], [author], in_process)
        self.number = max(self.number, done.generation)
        self.barred.add(author)
        self.published = {comment for comment in self.published if comment[0] not in self.barred}

    @precondition(lambda self: self.barred)
    @rule()
    def pardon(self):
        """Let all of them come back with the next ingest."""
        exclude.undo(self.bench.home, [], sorted(self.barred))
        self.barred.clear()

    @precondition(lambda self: self.published)
    @rule()
    def tidy(self):
        """Write everything anew; then there is nothing to go back to."""
        self.number = compact(self.bench.home, probe=in_process).generation
        self.before = None

    @invariant()
    def what_is_published_is_what_should_be(self):
        """Hold nothing more and nothing less; both indexes and the manifest agree."""
        if self.published is not None:
            assert sorted(self.bench.texts().values()) == sorted(text for _, text in self.published)

    def _allowed(self):
        everything = {comment for own in self.threads.values() for comment in own}
        return {comment for comment in everything if comment[0] not in self.barred}

    def _write(self, name):
        path = self.bench.archive / self.titles[name]
        if self.threads[name]:
            self.bench.write(self.titles[name], *self.threads[name], title=f"讨论{name}")
        else:
            path.unlink(missing_ok=True)


CALM = settings(deadline=None, suppress_health_check=list(HealthCheck))


def machine(request, where):
    """Return the machine whose index is on this machine or on a server."""
    if where == "embedded":
        return Archive
    running = request.getfixturevalue("chroma_run")
    return type("ArchiveOnServer", (Archive,), {"home": staticmethod(running.home)})


@pytest.mark.parametrize("where", PLACES)
def test_a_few_histories(request, where):
    """Short ones, at every run."""
    calm = settings(CALM, max_examples=3, stateful_step_count=8)
    run_state_machine_as_test(machine(request, where), settings=calm)


@pytest.mark.slow
@pytest.mark.parametrize(("where", "count"), [("embedded", 25), ("server", 6)])
def test_many_histories(request, where, count):
    """Longer ones, and more of them."""
    calm = settings(CALM, max_examples=count, stateful_step_count=25)
    run_state_machine_as_test(machine(request, where), settings=calm)
