"""Whoever comes second hears who is first."""

from __future__ import annotations

import errno
import os

import pytest

from ingest import lock
from retrieval.errors import RetrievalError


def test_the_second_hears_who_is_first(tmp_path):
    """The sentence names the process, in both languages; afterwards the folder is free again."""
    with lock.writing(tmp_path):
        assert lock.is_held(tmp_path)
        with pytest.raises(
            RetrievalError, match=rf"Another ingest \(process {os.getpid()}, since 20"
        ) as caught:
            lock.writing(tmp_path).__enter__()
        assert f"进程 {os.getpid()}" in caught.value.sentence("zh")
    assert not lock.is_held(tmp_path)
    assert lock.holder(tmp_path) is None


def test_a_holder_that_was_killed_leaves_no_lock(tmp_path):
    """Its signature stays behind and means nothing."""
    (tmp_path / "ingest.holder").write_text("not JSON")
    assert not lock.is_held(tmp_path)
    with lock.writing(tmp_path):
        assert lock.holder(tmp_path).pid == os.getpid()


def test_where_nobody_can_write_nobody_does(tmp_path, monkeypatch):
    """A lock that cannot be opened, on a read-only disk, is held by nobody."""
    (tmp_path / "ingest.lock").touch()

    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(lock.FileLock, "acquire", refuse)
    assert not lock.is_held(tmp_path)


def test_asking_makes_no_files(tmp_path):
    """A folder that nobody ever wrote to stays empty."""
    assert not lock.is_held(tmp_path)
    assert [*tmp_path.iterdir()] == []
