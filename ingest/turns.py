"""One writer's turn at a home: what writing, publishing and remembering mean there."""

from __future__ import annotations

import sqlite3
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Protocol

from ingest import lock
from retrieval import generations, readers
from retrieval.errors import RetrievalError
from retrieval.homes import Embedded
from retrieval.probe import in_process, standing_by

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from ingest.embedding import Vectors
    from ingest.progress import Progress
    from ingest.write import Change
    from retrieval.generations import Manifest
    from retrieval.homes import Home
    from retrieval.probe import Probe


class Turn(Protocol):
    """The one who may write to a home, for as long as `writing` lasts."""

    @property
    def home(self) -> Home:
        """Return where this writes."""

    def next_number(self) -> int:
        """Return the number that a new generation gets."""

    def write(
        self, number: int, change: Change, days: Mapping[str, int], vectors: Vectors, progress: Progress
    ) -> Change:
        """Write a generation that nobody sees yet; return the change as it was made, with what is dead."""

    def seal(self, manifest: Manifest, probe: Probe) -> list[str]:
        """Finish that generation and try it out; return what is wrong with it, each as a clause."""

    def discard(self, number: int) -> None:
        """Remove a generation that was begun and is no good."""

    def publish(self, number: int) -> None:
        """Let a sealed generation answer from now on, and remove what is not needed any more."""

    def sweep(self) -> list[int]:
        """Remove what earlier runs left; return the generations that stay because somebody reads them."""

    def note(self, manifest: Manifest) -> None:
        """Remember what the published manifest says now; its indexes still fit it."""

    def share_exclusions(self) -> None:
        """Let other machines know of saved exclusions that changed nothing in the indexes."""


class EmbeddedTurn:
    """A turn at the index of this machine."""

    def __init__(self, home: Embedded) -> None:
        self.home: Home = home
        self._data_dir: Path = home.data_dir

    def next_number(self) -> int:
        """See `Turn.next_number`."""
        return max(generations.existing(self._data_dir), default=0) + 1

    def write(
        self, number: int, change: Change, days: Mapping[str, int], vectors: Vectors, progress: Progress
    ) -> Change:
        """See `Turn.write`."""
        from ingest.write import write_indexes

        folder = generations.folder_of(self._data_dir, number)
        base = generations.folder_of(self._data_dir, change.base) if change.base is not None else None
        write_indexes(folder, base, change, days, vectors, progress)
        return change

    def seal(self, manifest: Manifest, probe: Probe) -> list[str]:
        """See `Turn.seal`."""
        generations.seal(self._data_dir, manifest)
        return probe(self._data_dir, manifest.generation)

    def discard(self, number: int) -> None:
        """See `Turn.discard`."""
        generations.remove(self._data_dir, number)

    def publish(self, number: int) -> None:
        """See `Turn.publish`."""
        generations.publish(self._data_dir, number)
        readers.sweep(self._data_dir)

    def sweep(self) -> list[int]:
        """See `Turn.sweep`."""
        return readers.sweep(self._data_dir)

    def note(self, manifest: Manifest) -> None:
        """See `Turn.note`."""
        generations.write_manifest(self._data_dir, manifest)

    def share_exclusions(self) -> None:
        """See `Turn.share_exclusions`; there are no others."""


@contextmanager
def writing(home: Home) -> Iterator[Turn]:
    """Be the one who writes to a home.

    :raises RetrievalError: If somebody else is, or it cannot be written to.
    """
    if isinstance(home, Embedded):
        with lock.writing(home.data_dir), _while_there(home.data_dir), _explained(home):
            yield EmbeddedTurn(home)
        return
    from ingest.server_turn import writing_to_server
    from retrieval.server.home import ServerHome

    assert isinstance(home, ServerHome)  # noqa: S101 - there are these two
    with writing_to_server(home) as turn, _explained(home):
        yield turn


def trying_out(home: Home) -> AbstractContextManager[Probe]:
    """Give what tries a new generation of a home out, which gets ready now; see `Turn.seal`."""
    return standing_by() if isinstance(home, Embedded) else nullcontext(in_process)


@contextmanager
def _while_there(data_dir: Path) -> Iterator[None]:
    """Whatever went wrong, say so if it is because somebody removed the data folder."""
    try:
        yield
    except RetrievalError as error:
        if not lock.is_gone(data_dir):
            raise
        raise RetrievalError(
            f"{data_dir} was removed while it was written to; ingest all your sources again.",
            f"{data_dir} 在写入时被删除了；请重新导入所有来源。",
        ) from error


@contextmanager
def _explained(home: Home) -> Iterator[None]:
    """Say in one sentence what went wrong with the data folder."""
    try:
        yield
    except (OSError, sqlite3.Error) as error:
        data_dir = home.data_dir
        reason = getattr(error, "strerror", None) or str(error)
        raise RetrievalError(
            f"The index in {data_dir} could not be written ({reason}); what was published is untouched, "
            "put that right and ingest again.",
            f"无法写入 {data_dir} 中的索引（{reason}）；已发布的内容不受影响，请解决后重新导入。",
        ) from error
