"""What a run finds in its sources, and what it keeps of the last one."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from ingest import revisions, sources
from ingest.progress import Silent
from ingest.survey import survey
from retrieval.errors import RetrievalError
from retrieval.generations import Manifest
from tests.ingest import pages

COMMENT = ("小李", "番茄要多晒太阳。")


def manifest(found):
    """Return a manifest as a run after this survey leaves it; threads are named after their files."""
    entries = [replace(r.entry, thread=r.entry.path if r.parsed else r.entry.thread) for r in found.readings]
    return Manifest(1, "", "m", "f", 8, files=tuple(entries), reading=revisions.reading())


def look(*roots, previous=None, prune=False, progress=None):
    return survey(roots, previous, prune=prune, progress=progress or Silent())


def read(found):
    return [reading.entry.path for reading in found.readings if reading.parsed]


@pytest.fixture
def archive(tmp_path):
    """Make an archive of two files."""
    for name in ("a.txt", "sub/b.txt"):
        pages.write(tmp_path / "archive" / name, COMMENT, title=name)
    return tmp_path / "archive"


def test_reads_what_is_new(archive):
    """The first time every file is read, then only new and changed ones."""
    first = look(archive)
    assert (read(first), first.fruitful, first.skipped) == (["a.txt", "sub/b.txt"], True, ())
    again = look(archive, previous=manifest(first))
    assert (read(again), again.fruitful) == ([], True)
    assert [reading.entry for reading in again.readings] == list(manifest(first).files)
    pages.write(archive / "a.txt", COMMENT, COMMENT)
    pages.write(archive / "c.txt", COMMENT)
    assert read(look(archive, previous=manifest(first))) == ["a.txt", "c.txt"]


def test_same_size_and_time_is_not_read(archive, monkeypatch):
    """A file whose size, time and inode are as before is not opened."""
    before = manifest(look(archive))
    monkeypatch.setattr(sources, "read", lambda _: pytest.fail("it was read"))
    assert read(look(archive, previous=before)) == []


def test_same_bytes_are_not_parsed(archive, monkeypatch):
    """A file with another time and the same bytes is hashed, and its new time kept."""
    before = manifest(look(archive))
    os.utime(archive / "a.txt", ns=(5, 5))
    monkeypatch.setattr("ingest.formats.parse", lambda _: pytest.fail("it was parsed"))
    found = look(archive, previous=before)
    assert [reading.entry.mtime_ns == 5 for reading in found.readings] == [True, False]
    assert [reading.entry.thread for reading in found.readings] == ["a.txt", "sub/b.txt"]


def test_other_reading_code_reads_all(archive):
    """Where files were read by other code they are read again, whatever their size and time say."""
    before = replace(manifest(look(archive)), reading="other")
    assert read(look(archive, previous=before)) == ["a.txt", "sub/b.txt"]


def test_broken_file_is_parsed_once(archive, monkeypatch):
    """A broken file is named with its reason in every run, and parsed only once as long as it stays so."""
    (archive / "a.txt").write_text("nothing like a thread")
    first = look(archive)
    assert first.skipped == (("a.txt", "no comments found in any known format"),)
    monkeypatch.setattr("ingest.formats.parse", lambda _: pytest.fail("it was parsed"))
    assert look(archive, previous=manifest(first)).skipped == first.skipped


def test_broken_file_keeps_its_thread(archive):
    """A file that breaks keeps the thread it held, until it can be read again."""
    before = manifest(look(archive))
    (archive / "a.txt").write_bytes(b"\x00")
    broken = look(archive, previous=before)
    assert [(r.entry.thread, r.parsed) for r in broken.readings] == [("a.txt", None), ("sub/b.txt", None)]
    pages.write(archive / "a.txt", COMMENT)
    mended = look(archive, previous=manifest(broken))
    assert (read(mended), mended.skipped) == (["a.txt"], ())


def test_file_with_a_problem_keeps_its_thread(archive):
    """A file that turned into something that cannot be read keeps the thread it held."""
    before = manifest(look(archive))
    (archive / "a.txt").unlink()
    (archive / "a.txt").symlink_to("nowhere")
    found = look(archive, previous=before)
    assert found.readings[0].entry.thread == "a.txt"
    assert [path for path, _ in found.skipped] == ["a.txt"]


def test_gone_files_are_not_kept(archive):
    """A file that is gone from a named source is not in the survey."""
    before = manifest(look(archive))
    (archive / "a.txt").unlink()
    assert [reading.entry.path for reading in look(archive, previous=before).readings] == ["sub/b.txt"]


def test_missing_source_is_kept(archive, tmp_path):
    """Files of a source that is not there are kept, also when pruning; alone it bears no fruit."""
    before = manifest(look(archive))
    archive.rename(tmp_path / "away")
    for prune in (False, True):
        found = look(archive, previous=before, prune=prune)
        assert (len(found.readings), found.fruitful) == (2, False)
        assert [path for path, _ in found.missing] == [str(archive)]


def test_closed_folder_is_kept(archive, monkeypatch):
    """Files below a folder that could not be listed are kept, and the folder is named."""
    before = manifest(look(archive))
    listing = sources.list_files(archive)
    shut = sources.Listing(listing.files[:1], (("sub", "cannot be listed"),))
    monkeypatch.setattr(sources, "list_files", lambda _: shut)
    found = look(archive, previous=before)
    assert [reading.entry.path for reading in found.readings] == ["a.txt", "sub/b.txt"]
    assert found.skipped == ((f"{archive}/sub", "cannot be listed"),)


def test_sources_not_named(archive, tmp_path):
    """Files of sources that are not named are kept, unless pruned."""
    before = manifest(look(archive))
    other = pages.write(tmp_path / "other.txt", COMMENT)
    kept = look(other, previous=before)
    assert [reading.entry.path for reading in kept.readings] == ["other.txt", "a.txt", "sub/b.txt"]
    pruned = look(other, previous=before, prune=True)
    assert [reading.entry.path for reading in pruned.readings] == ["other.txt"]


def test_a_file_belongs_to_one_source(archive):
    """A file under two sources belongs to the first named, and moves to another without being read."""
    found = look(archive / "sub", archive)
    assert [(r.entry.root, r.entry.path) for r in found.readings] == [
        (str(archive / "sub"), "b.txt"),
        (str(archive), "a.txt"),
    ]
    moved = look(archive, previous=manifest(found))
    assert [(r.entry.root, r.entry.path) for r in moved.readings] == [
        (str(archive), "a.txt"),
        (str(archive), "sub/b.txt"),
    ]
    assert read(moved) == []


def test_progress_counts_bytes(archive):
    """Progress is told the bytes of all files before the first is read, and of each once it is."""
    told = []

    class Told(Silent):
        def stage(self, name, total):
            """Remember it."""
            told.append((name, total))

        def advance(self, units):
            """Remember it."""
            told.append(units)

    look(archive, progress=Told())
    (name, total), *sizes = told
    assert (name, total) == ("read", sum(sizes))
    assert sizes == [Path(archive, name).stat().st_size for name in ("a.txt", "sub/b.txt")]


def test_error_of_listing_is_a_reason(archive, monkeypatch):
    """Whatever sentence a source refuses with is the reason it is named with."""

    def refuse(_):
        raise RetrievalError("It is closed on Mondays.")

    monkeypatch.setattr(sources, "list_files", refuse)
    assert look(archive).skipped == ((str(archive), "It is closed on Mondays."),)
