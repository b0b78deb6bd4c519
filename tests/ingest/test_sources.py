"""Which files a source holds."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from ingest import sources
from retrieval.errors import RetrievalError


def names(root):
    return [file.path for file in sources.list_files(root).files]


def test_folder(tmp_path):
    """Thread files of a folder and all below it come in order of path; hidden and other files do not."""
    for name in ("b.txt", "a/z.md", "a/y.MARKDOWN", "a-b.txt", "notes.pdf", ".hidden.txt", ".git/x.txt"):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("x")
    assert names(tmp_path) == ["a-b.txt", "a/y.MARKDOWN", "a/z.md", "b.txt"]
    assert sources.list_files(tmp_path).closed == ()


def test_file(tmp_path):
    """A source that is a file holds that file, whatever it is called."""
    path = tmp_path / "thread.dat"
    path.write_bytes("番茄".encode())
    (file,) = sources.list_files(path).files
    assert (file.root, file.path, file.location, file.size) == (str(path), "thread.dat", str(path), 6)
    assert sources.read(file) == (path.read_bytes(), hashlib.sha256(path.read_bytes()).hexdigest())


def test_folder_called_like_a_file(tmp_path):
    """A file in a folder of the same name is read all the same, though taken for new every time."""
    (tmp_path / "x.txt").mkdir()
    (tmp_path / "x.txt" / "x.txt").write_text("y")
    (file,) = sources.list_files(tmp_path / "x.txt").files
    assert sources.read(file)[0] == b"y"


def test_missing(tmp_path):
    """A source that is not there is one sentence."""
    with pytest.raises(RetrievalError, match=r"nowhere does not exist; name a file or a folder"):
        sources.list_files(tmp_path / "nowhere")


def test_link_to_nowhere(tmp_path):
    """A link to nowhere is a file with a problem; a link to a file is that file."""
    (tmp_path / "a.txt").symlink_to(tmp_path / "gone.txt")
    (tmp_path / "b.txt").symlink_to(tmp_path / "c.txt")
    (tmp_path / "c.txt").write_text("x")
    listing = sources.list_files(tmp_path)
    assert [file.problem and file.problem[:15] for file in listing.files] == ["cannot be read:", None, None]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs pipes")
def test_pipe_and_socket(tmp_path, monkeypatch):
    """A pipe or a socket called like a thread is a problem, and is not waited for."""
    os.mkfifo(tmp_path / "pipe.txt")
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind("socket.txt")
        problems = [file.problem for file in sources.list_files(tmp_path).files]
    assert problems == ["this is not a file but a pipe, a socket or a device"] * 2


def test_huge_file(tmp_path):
    """A file larger than any thread is a problem, and not read into memory."""
    with (tmp_path / "huge.txt").open("wb") as file:
        file.truncate(sources._LARGEST + 1)
    (found,) = sources.list_files(tmp_path).files
    assert found.problem == "larger than 256 MB"


def refusing(folder):
    """Return os.walk as it is for somebody who may not list one folder."""
    real = os.walk

    def walk(root, onerror):
        for parent, folders, files in real(root):
            if Path(parent) == folder:
                onerror(PermissionError(13, "Permission denied", parent))
                folders.clear()
            else:
                yield parent, folders, files

    return walk


def test_folder_that_may_not_be_listed(tmp_path, monkeypatch):
    """A folder below a source that may not be listed is named; the rest of the source is read."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "a.txt").write_text("x")
    (tmp_path / "shut").mkdir()
    with monkeypatch.context() as patched:
        patched.setattr(os, "walk", refusing(tmp_path / "shut"))
        assert names(tmp_path) == ["open/a.txt"]
        ((folder, reason),) = sources.list_files(tmp_path).closed
        assert (folder, "Permission denied" in reason) == ("shut", True)
    monkeypatch.setattr(os, "walk", refusing(tmp_path))
    with pytest.raises(RetrievalError, match="cannot be listed"):
        sources.list_files(tmp_path)


def test_roots(tmp_path, monkeypatch):
    """Sources are absolute, without detours, and each there once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    named = ["a", Path("b/../a"), tmp_path / "a", "~/c", "a/"]
    assert sources.roots(named) == [tmp_path / "a", tmp_path / "home" / "c"]
