"""Copy a generation as the start of the next one: reflinks where the file system has them, never hard links.

Hard links would let the copy's writes reach the published files, for Chroma writes in place.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DATABASE = "chroma/chroma.sqlite3"
_COMMENTS = "comments.sqlite"
_CHUNK = 1 << 30


def copy_generation(source: Path, target: Path) -> None:
    """Copy the comments and indexes of a generation, without its manifest, into a new folder.

    A reader may open the source meanwhile, and Chroma then writes to its database; holding that
    database's read lock keeps the copy of it whole.
    """
    target.mkdir(parents=True)
    _copy(str(source / _COMMENTS), str(target / _COMMENTS))
    for name in ("chroma", "lexical"):
        shutil.copytree(source / name, target / name, copy_function=_copy, ignore=_apart)
    with _unchanging(source / _DATABASE):
        _copy(str(source / _DATABASE), str(target / _DATABASE))


@contextmanager
def _unchanging(database: Path) -> Iterator[None]:
    with closing(
        sqlite3.connect(f"{database.absolute().as_uri()}?mode=rw", uri=True, timeout=60)
    ) as connection:
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM sqlite_master").fetchall()
        yield


def _apart(_: str, names: list[str]) -> set[str]:
    """Leave out the database, and what belongs to whoever has the source open: journals, lock files."""
    return {name for name in names if name.startswith("chroma.sqlite3") or name.endswith(".lock")}


def _copy(source: str, target: str) -> None:
    """Copy one file, by sharing its blocks where the file system can."""
    if not _clone(source, target):
        shutil.copyfile(source, target)


def _clone(source: str, target: str) -> bool:
    """Let the kernel copy, which shares blocks where it can; tell whether it did."""
    if not hasattr(os, "copy_file_range"):
        return False
    with open(source, "rb") as old, open(target, "wb") as new:  # noqa: PTH123 - copytree gives strings
        left = os.fstat(old.fileno()).st_size
        try:
            while left > 0 and (done := os.copy_file_range(old.fileno(), new.fileno(), min(left, _CHUNK))):
                left -= done
        except OSError:
            return False  # the plain copy says what is wrong, if it fails as well
    return left == 0
