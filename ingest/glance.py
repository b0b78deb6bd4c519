"""See at a glance that nothing was touched since the last run: without lock, manifest or parser.

A run that leaves the index in step writes a mark beside its manifest: a digest of everything that a run
goes by, and what there is to say of a run that finds the same. Anything else takes the long way.
"""

from __future__ import annotations

import json
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ingest import revisions
from ingest.summary import Summary
from ingest.survey import look_at
from retrieval import generations
from retrieval.errors import RetrievalError
from retrieval.homes import Embedded

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ingest.survey import Look
    from retrieval.homes import Home

_FILE = "untouched.json"


@dataclass(frozen=True, slots=True)
class Glance:
    """What a run was asked for, and what it saw before it read anything."""

    home: Embedded
    #: The folders that were named.
    named: tuple[Path, ...]
    look: Look
    #: The model's.
    fingerprint: str
    prune: bool

    def summary(self) -> Summary | None:
        """Return what there is to say where nothing was touched, None where that is not certain."""
        number = self._generation()
        if number is None or self.look.closed:
            return None
        try:
            mark = json.loads(self._path(number).read_text(encoding="utf-8"))
            return _summary(mark["summary"]) if mark["seen"] == self._seen(number) else None
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def remember(self, summary: Summary) -> None:
        """Write the mark, after a run that left everything in step."""
        number = self._generation()
        if number is None or self._has_more(number):
            return  # the next run tries again to remove what somebody reads
        told = {
            "generation": summary.generation,
            "skipped": summary.skipped,
            "unchanged": summary.new + summary.changed + summary.moved + summary.unchanged,
            "excluded": summary.excluded,
        }
        # Without it the next run takes longer, and no more.
        with suppress(OSError):
            mark = json.dumps({"seen": self._seen(number), "summary": told}, ensure_ascii=False)
            generations.replace_text(self._path(number), mark)

    def _generation(self) -> int | None:
        with suppress(RetrievalError):  # the long way says what is wrong
            return generations.current(self.home.folder)
        return None

    def _has_more(self, number: int) -> bool:
        """Tell whether there are others than the published generation and the one to go back to."""
        manifest = generations.read_manifest(self.home.folder, number)
        wanted = {number, manifest.previous if manifest else None}
        return not wanted.issuperset(generations.existing(self.home.folder))

    def _path(self, number: int) -> Path:
        return generations.folder_of(self.home.folder, number) / _FILE

    def _seen(self, number: int) -> str:
        """Return a digest of all that decides what a run does."""
        from hashlib import blake2b

        text = "\0".join(self._parts(number))
        return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()

    def _parts(self, number: int) -> Iterator[str]:
        folder = self.home.folder
        manifest = (generations.folder_of(folder, number) / "manifest.json").stat()
        yield f"{manifest.st_size} {manifest.st_mtime_ns} {manifest.st_ino} {self.fingerprint}"
        yield f"{revisions.reading()} {revisions.indexing()} {self.prune}"
        # Another generation may have been left by a run that was killed.
        yield repr(generations.existing(folder))
        excluded = folder / "exclusions.json"
        yield excluded.read_text(encoding="utf-8") if excluded.exists() else ""
        yield from map(str, self.named)
        for file in self.look.files:
            yield f"{file.location}\n{file.size} {file.mtime_ns} {file.inode} {file.problem}"


def glance_at(home: Home, named: Sequence[Path | str], fingerprint: str, *, prune: bool) -> Glance | None:
    """Look at sources; None where that says too little.

    A server's index may be another one by now, addresses have to be asked, and a file may list some.
    """
    folders = tuple(root for root in named if isinstance(root, Path) and root.is_dir())
    if not isinstance(home, Embedded) or len(folders) < len(named):
        return None
    return Glance(home, folders, look_at(folders), fingerprint, prune)


def _summary(told: dict[str, Any]) -> Summary:
    return Summary(
        generation=told["generation"],
        published=False,
        files_read=0,
        skipped=tuple((path, reason) for path, reason in told["skipped"]),
        new=0,
        changed=0,
        moved=0,
        removed=0,
        unchanged=told["unchanged"],
        excluded=told["excluded"],
    )
