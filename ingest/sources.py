"""The outside: which files a source holds, and their bytes; the only reader of archives."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

#: What a thread may be called; which format it has is seen in its text.
_SUFFIXES = {".md", ".txt", ".markdown"}


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a source, not read yet."""

    #: The source, absolute, and the path below it (the file's name where the source is a file).
    root: Path
    path: str
    size: int
    mtime_ns: int
    inode: int

    @property
    def location(self) -> Path:
        """Return where the file is."""
        return self.root if self.root.name == self.path and not self.root.is_dir() else self.root / self.path


def roots(sources: Iterable[str | Path]) -> list[Path]:
    """Return the sources as absolute paths, each once, in the order given."""
    return list(dict.fromkeys(Path(source).expanduser().absolute() for source in sources))


def files_of(root: Path) -> list[FoundFile]:
    """Return the thread files of a source in order of path.

    :raises RetrievalError: If the source is not there or may not be listed.
    """
    if root.is_dir():
        return [_found(root, path) for path in sorted(_walk(root))]
    if root.exists():
        return [_found(root, root)]
    raise RetrievalError(f"{root} does not exist; name a file or a folder with threads in it.")


def read(file: FoundFile) -> tuple[bytes, str]:
    """Return a file's bytes and their SHA-256."""
    data = file.location.read_bytes()
    return data, hashlib.sha256(data).hexdigest()


def _walk(root: Path) -> Iterator[Path]:
    def fail(error: OSError) -> None:
        raise RetrievalError(
            f"{error.filename} cannot be listed ({error.strerror}); give threadbot leave to read it."
        )

    for folder, folders, names in os.walk(root, onerror=fail):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in names:
            if Path(name).suffix.lower() in _SUFFIXES and not name.startswith("."):
                yield Path(folder) / name


def _found(root: Path, path: Path) -> FoundFile:
    status = path.stat()
    shown = path.name if path == root else path.relative_to(root).as_posix()
    return FoundFile(root, shown, status.st_size, status.st_mtime_ns, status.st_ino)
