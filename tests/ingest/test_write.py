"""Writing the indexes of a generation, and copying the one before."""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing

import pytest

from ingest import copying
from ingest.cache import EmbeddingCache
from ingest.embedding import Vectors
from ingest.progress import Silent
from ingest.write import Change, write_indexes
from retrieval.lexical import LexicalIndex
from retrieval.records import make_record
from retrieval.types import Bilingual, Comment, Kind, Scope
from retrieval.vectors import ChromaStore
from tests.fakes import FakeEmbedder

EMBEDDER = FakeEmbedder()


def record(name, text="番茄要多晒太阳。", **changes):
    values = {
        "position": 1,
        "kind": Kind.ANSWER,
        "reply_to": None,
        "parent": None,
        "lines": (1, 2),
        "images": 0,
    }
    text_of = Bilingual(zh=text)
    return make_record(Comment(id=name, thread_id="t", author="小李", text=text_of, **values | changes), ())


@pytest.fixture
def write(tmp_path):
    """Give a function that writes a generation, and returns what is in it."""

    def written(number, base=None, written=(), moved=(), removed=(), stale=()):
        folder = tmp_path / str(number)
        texts = [text for one in written for text in one.passage_texts()]
        with EmbeddingCache(tmp_path / "cache", "fake") as cache:
            if texts:
                cache.put(dict(zip(map(cache.key, texts), EMBEDDER.passages(texts), strict=True)))
            before = tmp_path / str(base) if base else None
            change = Change(base, written, moved, removed, stale)
            write_indexes(folder, before, change, {"t": 20250114}, Vectors(cache), Silent())
        with closing(ChromaStore.open(folder)) as store:
            dense = {str(hit.passage) for hit in store.nearest(EMBEDDER.question("x"), 9, Scope())}
            return {one.comment.id: one for one in store.all_records()}, dense

    return written


def test_from_nothing(write, tmp_path):
    """Both indexes hold what was written."""
    records, dense = write(1, written=[record("a"), record("b", None)])
    assert (records, dense) == ({"a": record("a"), "b": record("b", None)}, {"a:zh:0!"})
    assert LexicalIndex.open(tmp_path / "1" / "lexical").frequency("番茄") == 1


def test_from_a_base(write):
    """A generation is the one before with what is written, moved, removed and stale; that one stays."""
    long = record("b", "很长的一句话。" * 100)
    write(1, written=[record("a"), long, record("c")])
    short = record("b", "短。")
    stale = [*record("c").passage_ids(), *long.passage_ids()]
    moved = record("a", position=7)
    records, dense = write(2, base=1, written=[short], moved=[moved], removed=["c"], stale=stale)
    assert (records, dense) == ({"a": moved, "b": short}, {"a:zh:0!", "b:zh:0!"})


def test_base_is_left_alone(write, tmp_path):
    """Nothing of the base is shared in a way that lets writes through, and none of its bytes change."""
    write(1, written=[record("a")])
    files = {path: path.read_bytes() for path in (tmp_path / "1").rglob("*") if path.is_file()}
    write(2, base=1, written=[record("b")])
    assert {path: path.read_bytes() for path in files} == files
    assert all(path.stat().st_nlink == 1 for path in tmp_path.rglob("*") if path.is_file())


@pytest.mark.parametrize("size", [0, 1, 100_000])
@pytest.mark.parametrize("kernel", ["copies", "refuses", "lacks it"])
def test_copy_is_whole(tmp_path, monkeypatch, size, kernel):
    """A file is copied whole whether the kernel copies it or not."""

    def refuse(*_):
        raise OSError(95, "Operation not supported")

    if kernel == "refuses":
        monkeypatch.setattr(os, "copy_file_range", refuse, raising=False)
    elif kernel == "lacks it":
        monkeypatch.delattr(os, "copy_file_range", raising=False)
    source, target = tmp_path / "a", tmp_path / "b"
    source.write_bytes(os.urandom(size))
    copying._copy(str(source), str(target))
    assert target.read_bytes() == source.read_bytes()


def test_copy_while_the_source_is_open(tmp_path, write):
    """A copy made while a reader has the source open is whole, and takes no locks or journals along."""
    write(1, written=[record("a")])
    with closing(ChromaStore.open(tmp_path / "1")):
        copying.copy_generation(tmp_path / "1", tmp_path / "2")
    names = {path.name for path in (tmp_path / "2").rglob("*")}
    assert not [name for name in names if name.endswith((".lock", "-journal", "-wal", "-shm"))]
    with closing(sqlite3.connect(tmp_path / "2" / "chroma" / "chroma.sqlite3")) as database:
        assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]


def test_copy_of_what_is_gone(tmp_path, write):
    """A generation that vanished is an error of the system, not an empty copy."""
    write(1, written=[record("a")])
    shutil.rmtree(tmp_path / "1" / "lexical")
    with pytest.raises(OSError, match="lexical"):
        copying.copy_generation(tmp_path / "1", tmp_path / "2")
