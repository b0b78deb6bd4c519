import json
from contextlib import closing

import pytest

from bot.__main__ import main
from bot.parts import Parts
from ingest.verify import Verdict, verify
from retrieval.archive import Archive
from retrieval.records import content_digest
from tests.fakes import streams, written
from tests.ingest.bench import TOMATOES, Bench, anywhere, made


@pytest.fixture
def bench(request, tmp_path):
    """Give an index of one thread."""
    bench = made(Bench, request, tmp_path)
    bench.write("tomatoes.md", *TOMATOES)
    bench.ingest()
    return bench


def published(bench, text):
    """Return the published comment with a text."""
    with closing(bench.home.store(bench.manifest.generation)) as store:
        return next(each.comment for each in store.all_records() if each.comment.text.zh == text)


@anywhere
def test_a_comment_is_held_against_its_file_as_that_is_now(bench):
    """Unchanged where it only moved, edited where its text is another, removed where it is gone."""
    sun, water, pot = (published(bench, text) for _, text in TOMATOES)
    found = verify(bench.home, water)
    assert (found.verdict, found.lines) == (Verdict.UNCHANGED, water.lines)
    assert found.path == str(bench.archive / "tomatoes.md")
    assert found.digest == content_digest(water.text)

    bench.write("tomatoes.md", ("小风", "先说别的。"), TOMATOES[0], ("阿明", "每天晚上浇水。"))
    moved = verify(bench.home, sun)
    assert (moved.verdict, moved.lines > sun.lines) == (Verdict.UNCHANGED, True)
    assert verify(bench.home, water).verdict is Verdict.EDITED
    assert verify(bench.home, pot).verdict is Verdict.REMOVED


@anywhere
def test_a_file_that_cannot_be_read_proves_nothing(bench):
    """It says why."""
    sun = published(bench, TOMATOES[0][1])
    path = bench.archive / "tomatoes.md"
    path.write_text("no thread", encoding="utf-8")
    assert verify(bench.home, sun).verdict is Verdict.UNKNOWN
    path.unlink()
    assert "No such file" in verify(bench.home, sun).reason


@anywhere
def test_show_says_what_it_found(bench, monkeypatch):
    """In words and in JSON; the exit code is 0 only for what is unchanged."""
    for name, value in bench.environment.items():
        monkeypatch.setenv(name, value)
    parts = Parts(open_archive=lambda _: Archive(bench.home, bench.embedder))
    comment = published(bench, TOMATOES[0][1])
    shown = streams()
    assert main(["show", comment.id, "--verify"], shown, parts) == 0
    assert f"lines {comment.lines[0]} to {comment.lines[1]} (digest " in written(shown.stdout)
    bench.write("tomatoes.md", *TOMATOES[1:])
    shown = streams()
    assert main(["show", comment.id, "--verify", "--json"], shown, parts) == 1
    assert json.loads(written(shown.stdout))["verified"]["verdict"] == "removed"
