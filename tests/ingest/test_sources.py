"""Which files a source holds."""

from __future__ import annotations

import hashlib
import os
import socket
from pathlib import Path

import pytest

from ingest import sources
from retrieval.errors import RetrievalError, UsageError


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
    """Return os.scandir as it is for somebody who may not list one folder."""
    real = os.scandir

    def scandir(path):
        if Path(path) == folder:
            raise PermissionError(13, "Permission denied", path)
        return real(path)

    return scandir


def test_folder_that_may_not_be_listed(tmp_path, monkeypatch):
    """A folder below a source that may not be listed is named; the rest of the source is read."""
    (tmp_path / "open").mkdir()
    (tmp_path / "open" / "a.txt").write_text("x")
    (tmp_path / "shut").mkdir()
    with monkeypatch.context() as patched:
        patched.setattr(os, "scandir", refusing(tmp_path / "shut"))
        assert names(tmp_path) == ["open/a.txt"]
        ((folder, reason),) = sources.list_files(tmp_path).closed
        assert (folder, "Permission denied" in reason) == ("shut", True)
    monkeypatch.setattr(os, "scandir", refusing(tmp_path))
    with pytest.raises(RetrievalError, match="cannot be listed"):
        sources.list_files(tmp_path)


def test_links_to_folders_are_not_followed(tmp_path):
    """They may lead round in circles."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_text("x")
    (tmp_path / "folder" / "up").symlink_to(tmp_path)
    (tmp_path / "round").symlink_to("round")
    assert names(tmp_path) == ["folder/a.txt"]


def test_ignored_files_and_folders(tmp_path):
    """Ignore files count in every folder, and threadbot's before git's; a file named is read."""
    for name in ("a.txt", "draft-b.txt", "sub/c.txt", "sub/draft-d.txt", "old/e.txt", "sub/deep/f.txt"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    (tmp_path / ".gitignore").write_text("draft-*\nold/\n")
    assert names(tmp_path) == ["a.txt", "sub/c.txt", "sub/deep/f.txt"]
    (tmp_path / ".threadbotignore").write_text("!old/\n")
    (tmp_path / "sub" / ".threadbotignore").write_text("*\n!draft-d.txt\n")
    assert names(tmp_path) == ["a.txt", "old/e.txt", "sub/draft-d.txt"]
    assert names(tmp_path / "draft-b.txt") == ["draft-b.txt"]


def test_an_ignore_file_that_cannot_be_read_closes_its_folder(tmp_path):
    """Nothing is read that it may leave out."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.txt").write_text("x")
    (tmp_path / "b.txt").write_text("x")
    (tmp_path / "sub" / ".gitignore").mkdir()
    listing = sources.list_files(tmp_path)
    assert [file.path for file in listing.files] == ["b.txt"]
    assert [folder for folder, _ in listing.closed] == ["sub"]


def test_a_folder_without_ignore_files_is_listed_without_them(tmp_path, monkeypatch):
    """Neither the library is loaded nor a rule is tried, so that large archives are listed fast."""
    (tmp_path / "a.txt").write_text("x")
    monkeypatch.setattr("ingest.ignore.parse", lambda _: pytest.fail("there is nothing to parse"))
    assert names(tmp_path) == ["a.txt"]


def test_roots(tmp_path, monkeypatch):
    """Sources are absolute, without detours, and each there once."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    named = ["a", Path("b/../a"), tmp_path / "a", "~/c", "a/"]
    assert sources.roots(named) == [tmp_path / "a", tmp_path / "home" / "c"]


@pytest.mark.parametrize("name", ["", " ", "ftp://example.org/a.md", "file:///a.md", "https://"])
def test_what_names_nothing(name):
    """It is refused in both languages before anything is read: an empty variable is not this folder."""
    with pytest.raises(UsageError, match=r"https://") as caught:
        sources.roots([name])
    assert "。" in caught.value.sentence("zh")
