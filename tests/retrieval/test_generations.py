"""Generations on disk: what is published, what a manifest says, what is left over."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from retrieval import generations
from retrieval.errors import NoIndexError, RetrievalError
from retrieval.generations import FileEntry, Manifest, ThreadEntry
from retrieval.types import Bilingual, Thread

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
optional = st.none() | texts
counts = st.integers(0, 10**6)
bilingual = st.builds(Bilingual, optional, optional)
threads = st.builds(Thread, texts, bilingual, bilingual, optional, st.lists(texts, max_size=2).map(tuple))
entries = st.builds(ThreadEntry, threads, texts, counts, counts, counts, counts)
files = st.builds(FileEntry, texts, texts, counts, st.integers(), counts, texts, optional, optional)
manifests = st.builds(
    Manifest,
    generation=st.just(7),
    created=texts,
    model=texts,
    fingerprint=texts,
    dimensions=counts,
    threads=st.lists(entries, max_size=3).map(tuple),
    files=st.lists(files, max_size=3).map(tuple),
    run=st.dictionaries(texts, st.integers() | texts | st.lists(texts, max_size=2), max_size=3),
    reading=texts,
    indexing=texts,
)


def manifest(number=1, **changes):
    """Return a manifest without threads or files."""
    return replace(Manifest(number, "2025-09-02T00:00:00+00:00", "m", "f", 384), **changes)


def sealed(data_dir, number, **changes):
    """Make a generation and seal it."""
    generations.folder_of(data_dir, number).mkdir(parents=True)
    generations.seal(data_dir, manifest(number, **changes))


@given(made=manifests)
def test_manifest_round_trip(tmp_path_factory, made):
    """A manifest comes back as it was written."""
    data_dir = tmp_path_factory.mktemp("data")
    generations.folder_of(data_dir, 7).mkdir(parents=True)
    generations.write_manifest(data_dir, made)
    assert generations.read_manifest(data_dir, 7) == made


def test_nothing_published(tmp_path):
    """A folder without CURRENT has no generation, nor one that is not there at all."""
    for data_dir in (tmp_path, tmp_path / "nowhere"):
        assert generations.current(data_dir) is None
        assert generations.read_manifest(data_dir) is None
        assert generations.existing(data_dir) == generations.leftovers(data_dir) == []


def test_published(tmp_path):
    """The published generation is the one whose number was published last; its manifest is the default."""
    sealed(tmp_path, 1)
    sealed(tmp_path, 12)
    generations.publish(tmp_path, 1)
    assert generations.read_manifest(tmp_path).generation == 1
    generations.publish(tmp_path, 12)
    assert (tmp_path / "CURRENT").read_text() == "000012\n"
    assert generations.current(tmp_path) == 12
    assert generations.existing(tmp_path) == [1, 12]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["CURRENT", "generations"]


def test_manifest_knows_its_threads():
    """A thread is found by its id; the archive is as new as its newest thread."""
    old = Thread("a", Bilingual(), Bilingual(), "2024-01-05", ())
    new = replace(old, id="b", date="2025-08-20")
    undated = replace(old, id="c", date=None)
    made = manifest(threads=tuple(ThreadEntry(thread, "p", 1, 1, 1, 0) for thread in (old, new, undated)))
    assert made.thread("b").thread == new
    assert made.thread("z") is None
    assert (made.archive_date, manifest().archive_date) == ("2025-08-20", None)


def test_leftovers(tmp_path):
    """A generation that was begun and never sealed is left over; one whose removal was cut short as well."""
    sealed(tmp_path, 1)
    generations.folder_of(tmp_path, 2).mkdir()
    assert generations.leftovers(tmp_path) == [2]
    (generations.folder_of(tmp_path, 1) / "manifest.json").unlink()
    for number in generations.leftovers(tmp_path):
        generations.remove(tmp_path, number)
    assert generations.existing(tmp_path) == []


def test_remove_what_is_not_there(tmp_path):
    """Removing a generation that is not there is no error."""
    generations.remove(tmp_path, 5)


def test_strange_names_are_left_alone(tmp_path):
    """Only folders named like generations count as such."""
    (tmp_path / "generations" / "notes").mkdir(parents=True)
    assert generations.existing(tmp_path) == []


@pytest.mark.parametrize("content", [b"", b"twelve", b"\xff\xfe"])
def test_current_that_is_no_number(tmp_path, content):
    """A damaged CURRENT is one sentence that says how to mend it."""
    (tmp_path / "CURRENT").write_bytes(content)
    with pytest.raises(RetrievalError, match="does not hold the number of a generation; write one of"):
        generations.current(tmp_path)


def test_current_that_cannot_be_read(tmp_path):
    """A CURRENT that is not a file is one sentence."""
    (tmp_path / "CURRENT").mkdir()
    with pytest.raises(RetrievalError, match="cannot be read"):
        generations.current(tmp_path)


@pytest.mark.parametrize(
    "content", ["", "[]", "{}", '{"version": 1}', '{"version": 1, "threads": [{}], "files": []}', "null"]
)
def test_damaged_manifest(tmp_path, content):
    """A damaged manifest is one sentence that says how to go on."""
    sealed(tmp_path, 1)
    (generations.folder_of(tmp_path, 1) / "manifest.json").write_text(content)
    generations.publish(tmp_path, 1)
    with pytest.raises(RetrievalError, match=r"cannot be read \(\w+\); write the number of another"):
        generations.read_manifest(tmp_path)


def test_published_generation_that_is_gone(tmp_path):
    """A CURRENT that names a generation which is not there is one sentence."""
    generations.publish(tmp_path, 3)
    with pytest.raises(RetrievalError, match=r"000003.+cannot be read \(FileNotFoundError\)"):
        generations.read_manifest(tmp_path)


def test_manifest_of_a_newer_version(tmp_path):
    """A manifest of a newer version is refused whatever else is in it."""
    sealed(tmp_path, 1)
    (generations.folder_of(tmp_path, 1) / "manifest.json").write_text(json.dumps({"version": 2, "x": 1}))
    with pytest.raises(NoIndexError, match=r"newer threadbot \(manifest version 2\); update threadbot"):
        generations.read_manifest(tmp_path, 1)


def test_manifest_without_later_fields(tmp_path):
    """A manifest written before a field with a default was added can be read."""
    sealed(tmp_path, 1)
    path = generations.folder_of(tmp_path, 1) / "manifest.json"
    data = json.loads(path.read_text())
    path.write_text(json.dumps({name: value for name, value in data.items() if name != "indexing"}))
    assert generations.read_manifest(tmp_path, 1) == manifest()
