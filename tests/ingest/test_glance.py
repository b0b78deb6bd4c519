"""Where nothing was touched, a look at the files says so, and anything else takes the long way."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from filelock import FileLock

from ingest import exclude, sources, survey
from ingest.rollback import roll_back
from retrieval import generations, readers
from retrieval.probe import in_process
from tests.ingest.bench import BICYCLES, TOMATOES


@pytest.fixture
def long_ways(monkeypatch):
    """Count the runs that compare files with the manifest."""
    taken = []
    real = survey.survey

    def counting(*arguments, **options):
        taken.append(1)
        return real(*arguments, **options)

    monkeypatch.setattr("ingest.compare.survey", counting)
    return taken


def test_untouched_files_take_a_look_only(bench, long_ways):
    """What is said of them is the same, and neither lock nor manifest is needed for it."""
    bench.write("tomatoes.txt", *TOMATOES)
    (bench.archive / "empty.txt").touch()
    bench.ingest()
    told = bench.ingest()
    assert len(long_ways) == 1
    assert (told.generation, told.published, told.files_read, told.unchanged) == (1, False, 0, 3)
    assert told.skipped == (("empty.txt", "the file is empty"),)
    (bench.archive / "tomatoes.txt").touch()
    noted = bench.ingest()
    assert len(long_ways) == 2
    assert replace(noted, seconds=0) == replace(told, seconds=0)
    with FileLock(bench.data / "ingest.lock"):
        assert replace(bench.ingest(), seconds=0) == replace(told, seconds=0)
    assert bench.ingest(dry_run=True).plan == ()
    assert len(long_ways) == 2


def _touch(bench):
    os.utime(bench.archive / "tomatoes.txt", ns=(1, 1))


def _add(bench):
    bench.write("more.txt", *BICYCLES, title="冬天骑车")


def _remove(bench):
    (bench.archive / "bicycles.txt").unlink()


def _exclude(bench):
    exclude.exclude(bench.data, [bench.id_of("每天早上浇水。")], [], in_process)


def _exclude_nobody(bench):
    exclude.exclude(bench.data, [], ["无人"], in_process)


def _go_back(bench):
    roll_back(bench.data, in_process)


def _begin(bench):
    generations.folder_of(bench.data, 9).mkdir()


def _edit_manifest(bench):
    generations.write_manifest(bench.data, replace(bench.manifest, files=()))


def _damage_mark(bench):
    (generations.folder_of(bench.data, 2) / "untouched.json").write_text("[]", encoding="utf-8")


@pytest.mark.parametrize(
    "change",
    [_touch, _add, _remove, _exclude, _exclude_nobody, _go_back, _begin, _edit_manifest, _damage_mark],
)
def test_anything_else_takes_the_long_way(bench, long_ways, change):
    """A file or what is known of it, an exclusion, a generation that came or went, a mark of no use."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")
    bench.ingest()
    change(bench)
    bench.ingest()
    assert len(long_ways) == 3
    before = bench.texts()
    bench.ingest()
    assert (len(long_ways), bench.texts()) == (3, before)


def test_a_generation_that_somebody_read_is_removed_without_a_change(bench):
    """As long as there is one to remove, a look at the files is not enough."""
    for size in (3, 2, 1):  # the last one compacts, so that there is nothing to go back to
        bench.write("tomatoes.txt", *TOMATOES[:size])
        bench.ingest()
        if size == len(TOMATOES):
            reader = readers.hold(bench.data, 1)
    bench.ingest()
    assert generations.existing(bench.data) == [1, 3]
    reader.release()
    bench.ingest()
    assert generations.existing(bench.data) == [3]


def test_other_sources_or_pruning_take_the_long_way(bench, long_ways):
    """They are other questions."""
    path = bench.write("sub/tomatoes.txt", *TOMATOES)
    bench.ingest()
    bench.ingest(path.parent)
    bench.ingest(prune=True)
    bench.embedder.fingerprint = "other"
    bench.ingest()
    assert len(long_ways) == 4


def test_a_file_that_could_not_be_read_is_tried_again(bench, monkeypatch, long_ways):
    """Its size and time say nothing of its permissions."""
    bench.write("tomatoes.txt", *TOMATOES)
    bench.ingest()
    bench.write("bicycles.txt", *BICYCLES, title="冬天骑车")

    def refuse(_):
        raise PermissionError(13, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(sources, "read", refuse)
        bench.ingest()
        assert bench.ingest().skipped == (("bicycles.txt", "cannot be read: Permission denied"),)
    assert bench.ingest().new == 2
    assert len(long_ways) == 4


def test_a_folder_that_could_not_be_listed_is_tried_again(bench, monkeypatch, long_ways):
    """Nobody knows what is in it."""
    bench.write("tomatoes.txt", *TOMATOES)
    real = sources.list_files
    with monkeypatch.context() as patched:
        patched.setattr(sources, "list_files", lambda root: replace(real(root), closed=(("sub", "closed"),)))
        bench.ingest()
        assert bench.ingest().skipped == ((f"{bench.archive}/sub", "closed"),)
    assert bench.ingest().skipped == ()
    assert len(long_ways) == 3
