"""Generations are removed when nobody reads them, and only then."""

from __future__ import annotations

import errno
import os
from dataclasses import replace

import pytest

from retrieval import generations, readers
from retrieval.errors import RetrievalError
from retrieval.generations import Manifest


@pytest.fixture
def data(tmp_path):
    """Three sealed generations, the last one published and based on the second."""
    for number in (1, 2, 3):
        generations.folder_of(tmp_path, number).mkdir(parents=True)
        made = Manifest(number, "2025-09-02T00:00:00+00:00", "m", "f", 384)
        generations.seal(tmp_path, replace(made, previous=number - 1 or None))
    generations.publish(tmp_path, 3)
    return tmp_path


def test_what_is_read_stays(data):
    """A generation that one of several readers still holds is not removed; after the last one it is."""
    first, second = readers.hold(data, 1), readers.hold(data, 1)
    assert readers.sweep(data) == [1]
    first.release()
    assert readers.sweep(data) == [1]
    second.release()
    second.release()
    assert readers.sweep(data) == []
    assert generations.existing(data) == [2, 3]


def test_the_published_one_and_the_one_to_go_back_to_stay(data):
    """Only others go, those that were never finished among them."""
    generations.folder_of(data, 7).mkdir()
    assert readers.sweep(data) == []
    assert generations.existing(data) == [2, 3]


@pytest.mark.parametrize("number", [7, 9])
def test_what_is_gone_cannot_be_held(data, number):
    """A reader that comes too late is told, whether or not an empty folder is left."""
    generations.folder_of(data, 7).mkdir()
    with pytest.raises(RetrievalError, match="is gone; ask again"):
        readers.hold(data, number)


def test_a_folder_that_cannot_be_written_to(data, monkeypatch):
    """Reading it is refused in one sentence with advice, and nothing is removed."""

    def refuse(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(RetrievalError, match=r"cannot be written to \(Read-only file system\), which Chroma"):
        readers.hold(data, 3)
    assert readers.sweep(data) == [1]


def test_what_is_being_removed_cannot_be_held(data):
    """Whoever removes a generation has it alone."""
    claim = readers._claim(data, 1, alone=True)
    with pytest.raises(RetrievalError, match="is gone"):
        readers.hold(data, 1)
    claim.release()
    readers.hold(data, 1).release()


def test_one_more_stays_where_nobody_can_tell(data, monkeypatch):
    """Without `flock` the newest old generation is kept as well."""
    monkeypatch.setattr(readers, "_CAN_TELL", False)
    readers.hold(data, 1).release()
    assert readers.sweep(data) == []
    assert generations.existing(data) == [1, 2, 3]


def test_removing_what_is_not_there(data):
    """It is gone, which is what was wanted."""
    assert readers.remove(data, 9)
