"""The generations of the embedded store: which one is published, and what its manifest says.

    DATA_DIR/
      CURRENT                     the published generation's number, e.g. "000012"
      generations/000012/         chroma/  comments.sqlite  lexical/  manifest.json  untouched.json
      embeddings.sqlite           vectors by model fingerprint and text digest
      exclusions.json             comments and authors that no answer may quote
      ingest.lock

A generation is written, sealed with its manifest, and published by replacing `CURRENT` atomically; its
indexes are never written again. One without a manifest was left by a run that was killed. Standard
library only: reading a manifest loads neither Chroma nor a model.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

from retrieval.errors import NoIndexError, RetrievalError
from retrieval.types import Bilingual, Thread

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from retrieval.types import Comment

#: The version of the manifest this code writes; it reads no newer one.
_VERSION = 1
_MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class ThreadEntry:
    """One thread of a generation."""

    thread: Thread
    #: The file's path as users know it: relative to the source it was found under.
    path: str
    #: How many comments it has: in all, answers, with Chinese text, with English text.
    comments: int
    answers: int
    zh: int
    en: int


@dataclass(frozen=True, slots=True)
class FileEntry:
    """One file an ingest looked at, and what became of it."""

    #: The source it was found under, absolute.
    root: str
    #: Relative to the root; the file's name where the root is the file; the address of what was fetched,
    #: which has neither time nor inode.
    path: str
    size: int
    mtime_ns: int
    inode: int
    #: SHA-256 of its bytes; empty where they have to be read again whatever size and time say.
    digest: str
    #: Id of the thread it holds, if it could be parsed.
    thread: str | None
    #: Why it was skipped, if it was.
    skipped: str | None


@dataclass(frozen=True, slots=True)
class Hidden:
    """One comment that is in the files and excluded: what it takes to know it again, and no word of it."""

    id: str
    #: Id of its thread.
    thread: str
    #: Digest of its author, folded; and of its author and whom it replies to, as written.
    author: str
    key: str
    #: Of its text, see `records.content_digest`.
    digest: str
    position: int


@dataclass(frozen=True, slots=True)
class Remote:
    """What a server said with a document, so that next time it is only asked whether that still holds."""

    #: The address, and the one it led to.
    address: str
    final: str
    #: Its ETag and Last-Modified headers.
    etag: str | None
    modified: str | None
    #: What it was, see `ingest.web.indexes.Kind`, and the addresses it named; None and none for a page.
    kind: str | None = None
    names: tuple[str, ...] = ()


@dataclass(frozen=True)
class Manifest:
    """What a generation is made of."""

    generation: int
    #: When it was published, ISO 8601 in UTC.
    created: str
    #: The model's name, everything that decides its vectors, and their length.
    model: str
    fingerprint: str
    dimensions: int
    threads: tuple[ThreadEntry, ...] = ()
    files: tuple[FileEntry, ...] = ()
    #: The summary of the run that made it, as JSON.
    run: dict[str, Any] = field(default_factory=dict)
    #: The code that read the files and the code that wrote the indexes, see `ingest.revisions`.
    reading: str = ""
    indexing: str = ""
    #: How many passages it has, and how many were deleted since Chroma's files were last written anew.
    passages: int = 0
    dead: int = 0
    #: The generation to go back to, None where there is none.
    previous: int | None = None
    #: Which exclusions it was made under, see `ingest.exclusions`, and what they hide.
    exclusions: str = ""
    hidden: tuple[Hidden, ...] = ()
    #: The addresses that were fetched; a page's comments are in this very generation, or it is not here.
    remotes: tuple[Remote, ...] = ()

    def thread(self, thread_id: str) -> ThreadEntry | None:
        """Return a thread by id."""
        return self._by_id.get(thread_id)

    def holding(self, comment: Comment) -> ThreadEntry:
        """Return the thread of a comment of this generation, which has those of all of its comments."""
        return self._by_id[comment.thread_id]

    @cached_property
    def _by_id(self) -> dict[str, ThreadEntry]:
        return {entry.thread.id: entry for entry in self.threads}

    @cached_property
    def archive_date(self) -> str | None:
        """Return the newest thread's date."""
        return max((entry.thread.date for entry in self.threads if entry.thread.date), default=None)


def days(threads: Iterable[ThreadEntry]) -> dict[str, int]:
    """Return the day of every thread by its id, as yyyymmdd; 0 where it has none."""
    return {entry.thread.id: int((entry.thread.date or "0").replace("-", "")) for entry in threads}


def folder_of(data_dir: Path, generation: int) -> Path:
    """Return where a generation lives."""
    return data_dir / "generations" / f"{generation:06d}"


def current(data_dir: Path) -> int | None:
    """Return the published generation, None where nothing is published."""
    pointer = data_dir / "CURRENT"
    try:
        return int(pointer.read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise RetrievalError(
            f"{pointer} does not hold the number of a generation; write one of those in generations/ "
            "into it.",
            f"{pointer} 的内容不是世代编号；请写入 generations/ 中的一个编号。",
        ) from None
    except OSError as error:
        raise RetrievalError(
            f"{pointer} cannot be read ({error.strerror}); check its permissions.",
            f"无法读取 {pointer}（{error.strerror}）；请检查权限。",
        ) from error


def read_manifest(data_dir: Path, generation: int | None = None) -> Manifest | None:
    """Return the manifest of a generation, by default the published one; None where there is none.

    :raises NoIndexError: If a newer threadbot wrote it.
    :raises RetrievalError: If it cannot be read.
    """
    number = current(data_dir) if generation is None else generation
    if number is None:
        return None
    path = folder_of(data_dir, number) / _MANIFEST
    try:
        return parse_manifest(path.read_text(encoding="utf-8"), str(data_dir))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise RetrievalError(
            f"{path} cannot be read ({type(error).__name__}); write the number of another generation into "
            f"{data_dir / 'CURRENT'}, or delete that file and ingest all your sources anew.",
            f"无法读取 {path}（{type(error).__name__}）；请把另一个世代的编号写入 {data_dir / 'CURRENT'}，"
            "或删除该文件并重新导入所有来源。",
        ) from error


def parse_manifest(text: str, name: str) -> Manifest:
    """Read what `manifest_text` wrote; `name` is what to call the index.

    :raises NoIndexError: If a newer threadbot wrote it; errors of other kinds if it is damaged.
    """
    data = json.loads(text)
    if data["version"] > _VERSION:
        raise NoIndexError(
            f"The index in {name} was made by a newer threadbot "
            f"(manifest version {data['version']}); update threadbot, or ingest into another folder.",
            f"{name} 中的索引由更新版本的 threadbot 生成（清单版本 {data['version']}）；"
            "请升级 threadbot，或换一个数据文件夹重新导入。",
        )
    return _from_json(data)


def manifest_text(manifest: Manifest) -> str:
    """Write a manifest as JSON."""
    return json.dumps({"version": _VERSION, **_named(manifest)}, default=_named, ensure_ascii=False)


def seal(data_dir: Path, manifest: Manifest) -> None:
    """Finish a generation: its files reach the disk, and after them its manifest."""
    folder = folder_of(data_dir, manifest.generation)
    for path in folder.rglob("*"):
        _flush(path)
    write_manifest(data_dir, manifest)


def write_manifest(data_dir: Path, manifest: Manifest) -> None:
    """Write a generation's manifest, atomically; a published one's indexes must still fit it."""
    replace_text(
        folder_of(data_dir, manifest.generation) / _MANIFEST,
        manifest_text(manifest),
    )


def publish(data_dir: Path, generation: int) -> None:
    """Make a sealed generation the one that answers, atomically."""
    replace_text(data_dir / "CURRENT", f"{generation:06d}\n")


def retract(data_dir: Path) -> None:
    """Let no generation answer any more."""
    (data_dir / "CURRENT").unlink(missing_ok=True)


def existing(data_dir: Path) -> list[int]:
    """Return the numbers of all generations on disk, sealed or not, ascending."""
    folder = data_dir / "generations"
    if not folder.is_dir():
        return []
    return sorted(int(child.name) for child in folder.iterdir() if child.name.isdigit())


def is_sealed(data_dir: Path, generation: int) -> bool:
    """Tell whether a generation was finished, and its removal not begun."""
    return (folder_of(data_dir, generation) / _MANIFEST).exists()


def leftovers(data_dir: Path) -> list[int]:
    """Return the generations that were begun and never sealed."""
    return [number for number in existing(data_dir) if not is_sealed(data_dir, number)]


def remove(data_dir: Path, generation: int) -> None:
    """Remove a generation's files, the manifest first, so that a half-removed one is a leftover."""
    folder = folder_of(data_dir, generation)
    (folder / _MANIFEST).unlink(missing_ok=True)
    shutil.rmtree(folder, ignore_errors=True)


def size_of(folder: Path) -> int:
    """Return how many bytes the files in a folder have; files that vanish meanwhile count nothing."""
    total = 0
    for path in folder.rglob("*"):
        with suppress(OSError):
            total += path.stat().st_size if path.is_file() else 0
    return total


def replace_text(path: Path, text: str) -> None:
    """Put a text in a file's place, durably; a reader sees the old one or the new one."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text, encoding="utf-8")
    replace_file(fresh, path)


def replace_file(fresh: Path, path: Path) -> None:
    """Put a file in another one's place, durably."""
    _flush(fresh)
    fresh.replace(path)
    _flush(path.parent)


def _flush(path: Path) -> None:
    """Wait until a file or the entries of a folder are on the disk."""
    if os.name != "posix" and path.is_dir():
        return  # Windows cannot open a folder, and needs no such call
    descriptor = os.open(path, os.O_RDONLY if os.name == "posix" else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _named(value: Any) -> dict[str, Any]:  # noqa: ANN401 - any part of a manifest
    """Return a dataclass as JSON's encoder wants it, one level deep."""
    return {name: getattr(value, name) for name in value.__dataclass_fields__}


def _from_json(data: dict[str, Any]) -> Manifest:
    values = {name: value for name, value in data.items() if name != "version"}
    values["threads"] = tuple(_thread_entry(entry) for entry in data["threads"])
    values["files"] = tuple(FileEntry(**entry) for entry in data["files"])
    values["hidden"] = tuple(Hidden(**entry) for entry in data.get("hidden", ()))
    values["remotes"] = tuple(
        Remote(**entry | {"names": tuple(entry["names"])}) for entry in data.get("remotes", ())
    )
    return Manifest(**values)


def _thread_entry(data: dict[str, Any]) -> ThreadEntry:
    thread = data["thread"]
    return ThreadEntry(
        **data
        | {
            "thread": Thread(
                id=thread["id"],
                title=Bilingual(**thread["title"]),
                question=Bilingual(**thread["question"]),
                date=thread["date"],
                tags=tuple(thread["tags"]),
            )
        }
    )
