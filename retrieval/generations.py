"""The generations of the embedded store: which one is published, and what its manifest says.

    DATA_DIR/
      CURRENT                     the published generation's number, e.g. "000012"
      generations/000012/         chroma/  lexical/  manifest.json
      embeddings.sqlite           vectors by model fingerprint and text digest
      ingest.lock

A published generation is never written again; publishing replaces `CURRENT` atomically. Standard
library only: reading a manifest loads neither Chroma nor a model.
"""

from __future__ import annotations

import json
import os
import shutil
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from retrieval.errors import NoIndexError, RetrievalError
from retrieval.types import Bilingual, Thread

if TYPE_CHECKING:
    from pathlib import Path

#: The version of the manifest this code writes; it reads no newer one.
_VERSION = 1


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
    #: Relative to the root; the file's name where the root is the file.
    path: str
    size: int
    mtime_ns: int
    inode: int
    #: SHA-256 of its bytes; empty where it could not be read.
    digest: str
    #: Id of the thread it holds, if it could be parsed.
    thread: str | None
    #: Why it was skipped, if it was.
    skipped: str | None


@dataclass(frozen=True, slots=True)
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

    def thread(self, thread_id: str) -> ThreadEntry | None:
        """Return a thread by id."""
        return next((entry for entry in self.threads if entry.thread.id == thread_id), None)

    @property
    def archive_date(self) -> str | None:
        """Return the newest thread's date."""
        return max((entry.thread.date for entry in self.threads if entry.thread.date), default=None)


def folder_of(data_dir: Path, generation: int) -> Path:
    """Return where a generation lives."""
    return data_dir / "generations" / f"{generation:06d}"


def current(data_dir: Path) -> int | None:
    """Return the published generation, None where nothing is published."""
    try:
        return int((data_dir / "CURRENT").read_text(encoding="ascii"))
    except FileNotFoundError:
        return None
    except ValueError:
        raise RetrievalError(
            f"{data_dir / 'CURRENT'} does not hold the number of a generation; "
            "write one of those in generations/ into it."
        ) from None


def read_manifest(data_dir: Path, generation: int | None = None) -> Manifest | None:
    """Return the manifest of a generation, by default the published one; None where there is none."""
    number = current(data_dir) if generation is None else generation
    if number is None:
        return None
    path = folder_of(data_dir, number) / "manifest.json"
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        if data["version"] > _VERSION:
            raise NoIndexError(
                f"The index in {data_dir} was made by a newer threadbot "
                f"(manifest version {data['version']}); update threadbot, or ingest into another data folder."
            )
        return _from_json(data)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise RetrievalError(
            f"{path} cannot be read ({type(error).__name__}); ingest again to write a new generation."
        ) from error


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Write a generation's manifest into its folder, durably."""
    data = {"version": _VERSION, **asdict(manifest)}
    _write_durably(folder / "manifest.json", json.dumps(data, ensure_ascii=False))


def publish(data_dir: Path, generation: int) -> None:
    """Make a finished generation the one that answers, atomically."""
    fresh = data_dir / "CURRENT.new"
    _write_durably(fresh, f"{generation:06d}\n")
    fresh.replace(data_dir / "CURRENT")
    _sync_folder(data_dir)


def existing(data_dir: Path) -> list[int]:
    """Return the numbers of all generations on disk, finished or not, ascending."""
    folder = data_dir / "generations"
    if not folder.is_dir():
        return []
    return sorted(int(child.name) for child in folder.iterdir() if child.name.isdigit())


def remove(data_dir: Path, generation: int) -> None:
    """Remove a generation's files."""
    shutil.rmtree(folder_of(data_dir, generation), ignore_errors=True)


def _write_durably(path: Path, text: str) -> None:
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    if os.name != "posix":
        return  # Windows cannot open a folder, and needs no such call
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _from_json(data: dict[str, Any]) -> Manifest:
    fields = {name: value for name, value in data.items() if name != "version"}
    fields["threads"] = tuple(_thread_entry(entry) for entry in data["threads"])
    fields["files"] = tuple(FileEntry(**entry) for entry in data["files"])
    return Manifest(**fields)


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
