"""The outside: which files a source holds, and their bytes; the only reader of archives."""

from __future__ import annotations

import hashlib
import os
import re
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import ignore
from ingest.ignore import Rules
from ingest.types import SUFFIXES
from ingest.web.addresses import AddressError, is_address, normalised, shown
from retrieval.errors import RetrievalError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ingest.web.indexes import Index

#: No thread is as large; a file this large is read into memory by mistake only.
_LARGEST = 256 * 1024 * 1024
#: How an address begins, and what somebody may take for one.
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
#: Bytes of a file that are looked at to tell whether it may be a list of addresses.
_BEGINNING = 64 * 1024


@dataclass(frozen=True, slots=True)
class FoundFile:
    """A file of a source, not read yet."""

    #: The source, absolute, and the path below it (the file's name where the source is a file).
    root: str
    path: str
    #: Where the file is.
    location: str
    size: int
    mtime_ns: int
    inode: int
    #: Why it cannot be read, where that is clear from the look of it.
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Listing:
    """What a source holds."""

    #: In order of path.
    files: tuple[FoundFile, ...]
    #: (path below the source, reason) of folders that could not be listed.
    closed: tuple[tuple[str, str], ...]


def roots(sources: Iterable[str | Path]) -> list[Path | str]:
    """Return the sources, each once, in the order given: absolute paths without `..`, and addresses as text.

    :raises UsageError: If an address cannot be one, or a name is empty.
    """
    return list(dict.fromkeys(map(_root, sources)))


def _root(source: str | Path) -> Path | str:
    if isinstance(source, str) and _SCHEME.match(source):
        try:
            return normalised(source)
        except AddressError as error:
            advice = "" if ";" in str(error) else "; name a file, a folder or an https:// address"
            raise UsageError(
                f"{shown(source)} {error}{advice}.",
                f"{shown(source)} 不是可用的网址（{error}）；请更正。",
            ) from None
    if not str(source).strip():
        raise UsageError(
            "A source without a name cannot be read; name a file, a folder or an https:// address.",
            "来源不能为空；请写出文件、文件夹或 https:// 网址。",
        )
    return Path(os.path.abspath(Path(source).expanduser()))  # noqa: PTH100 - `resolve` would follow links


def location(root: str, path: str) -> str:
    """Return where the file is that was found under a source at a path, or the address of a page.

    Wrong only for a file in a folder of the same name that is a source; it is then taken for a new one.
    """
    if is_address(path):
        return path
    return root if os.path.basename(root) == path else os.path.join(root, path)  # noqa: PTH118, PTH119 - ten thousand times a run


def listed(root: Path) -> Index | None:
    """Return the addresses that a file names, one a line; None where it is a file of another kind.

    It is such a list if the first line that is neither empty nor a comment (`#`) is an address.
    """
    try:
        if not root.is_file() or b"://" not in root.open("rb").read(_BEGINNING):
            return None
        text = root.read_text(encoding="utf-8-sig", errors="replace")
    except OSError:  # said where it is listed as a file
        return None
    from ingest.web.indexes import read_list

    return read_list(text)


def list_files(root: Path) -> Listing:
    """Return the thread files of a source.

    :raises RetrievalError: If the source is not there or may not be listed.
    """
    if root.is_dir():
        return _list_folder(root)
    if root.exists():
        return Listing((_found(str(root), root.name, str(root), root),), ())
    raise RetrievalError(
        f"{root} does not exist; name a file or a folder with threads in it.",
        f"{root} 不存在；请指定帖子文件或其所在的文件夹。",
    )


def read(file: FoundFile) -> tuple[bytes, str]:
    """Return a file's bytes and their SHA-256."""
    data = Path(file.location).read_bytes()
    return data, hashlib.sha256(data).hexdigest()


def _list_folder(root: Path) -> Listing:
    closed: list[tuple[str, str]] = []
    files: list[FoundFile] = []
    pending = [(str(root), "", Rules())]
    while pending:
        folder, prefix, above = pending.pop()
        try:
            entries = list(os.scandir(folder))
            rules = _rules(folder, prefix, above, entries)
        except OSError as error:
            if not prefix:
                raise _unlisted(root, error) from error
            closed.append((prefix[:-1], _closed(error)))
            continue
        for entry in entries:
            if entry.name.startswith("."):
                continue
            path = prefix + entry.name
            if _is_folder(entry):
                if not entry.is_symlink() and not rules.ignore(path, folder=True):
                    pending.append((entry.path, f"{path}/", rules))
            elif entry.name.lower().endswith(SUFFIXES) and not rules.ignore(path, folder=False):
                files.append(_found(str(root), path, entry.path, entry))
    return Listing(tuple(sorted(files, key=lambda file: file.path)), tuple(sorted(closed)))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # such as a link to itself
        return False


def _rules(folder: str, prefix: str, above: Rules, entries: Sequence[os.DirEntry[str]]) -> Rules:
    """Return what a folder's own ignore files say, on top of those above.

    One that cannot be read closes the folder: what it would leave out is not known.
    """
    there = {entry.name for entry in entries if entry.name in ignore.FILES}
    if not there:
        return above
    paths = (Path(folder, name) for name in ignore.FILES if name in there)
    return above.within(prefix, [path.read_text(encoding="utf-8-sig", errors="replace") for path in paths])


def _closed(error: OSError) -> str:
    return f"cannot be listed ({error.strerror}); give threadbot leave to read it"


def _unlisted(root: Path, error: OSError) -> RetrievalError:
    return RetrievalError(
        f"{root} {_closed(error)}.", f"无法列出 {root}（{error.strerror}）；请授予 threadbot 读取权限。"
    )


def _found(root: str, shown: str, path: str, at: Path | os.DirEntry[str]) -> FoundFile:
    try:
        status = at.stat()
    except OSError as error:  # a link to nowhere, or gone since it was listed
        return FoundFile(root, shown, path, 0, 0, 0, f"cannot be read: {error.strerror}")
    problem = None
    if not stat.S_ISREG(status.st_mode):
        problem = "this is not a file but a pipe, a socket or a device"
    elif status.st_size > _LARGEST:
        problem = f"larger than {_LARGEST // 1024**2} MB"
    return FoundFile(root, shown, path, status.st_size, status.st_mtime_ns, status.st_ino, problem)
