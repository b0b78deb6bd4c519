"""Where an index lives: in the data folder of one machine, or on a Chroma server.

Whatever the home, its generations can be read from a folder of this machine. An embedded index has
nothing else; of a server's index the folder holds a copy of everything but the vectors (see
`retrieval.server`), which `follow` brings up to date.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from retrieval import generations

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from retrieval.generations import Manifest
    from retrieval.types import Hit, PassageId, Record, Scope


class Store(Protocol):
    """The comments of one generation and the vectors of their passages, for reading; see `ChromaStore`."""

    def close(self) -> None:
        """Let go of the files."""

    def nearest(self, vector: NDArray[np.float32], count: int, scope: Scope) -> list[Hit]:
        """Return the passages nearest to a vector, nearest first."""

    def neighbours(self, vectors: NDArray[np.float32], count: int) -> list[list[Hit]]:
        """Return what is nearest to each of several vectors, (n, dimensions), nearest first."""

    def wholes(self, comment_ids: Sequence[str]) -> dict[str, bytes]:
        """Return where comments of several passages point, each as a whole, packed, by id."""

    def records(self, comment_ids: Sequence[str]) -> dict[str, Record]:
        """Return comments by id."""

    def thread_records(self, thread_id: str) -> list[Record]:
        """Return the comments of one thread in file order."""

    def all_records(self) -> Iterator[Record]:
        """Yield every comment."""

    def passage_ids(self) -> list[PassageId]:
        """Return the ids of all passages."""

    def vectors(self, passages: Sequence[PassageId]) -> dict[PassageId, NDArray[np.float32]]:
        """Return the vectors of passages by id."""

    def counts(self) -> tuple[int, int]:
        """Return how many comments and passages there are."""


class Home(Protocol):
    """Where an index lives."""

    @property
    def data_dir(self) -> Path:
        """Return the data folder of this machine: embedding cache, chat settings, pages."""

    @property
    def folder(self) -> Path:
        """Return the folder whose generations and exclusions can be read; `follow` it first."""

    @property
    def name(self) -> str:
        """Return what a sentence calls it."""

    def follow(self) -> int | None:
        """Bring the folder up to what is published; return that generation, None where there is none."""

    def is_current(self, generation: int) -> bool:
        """Tell whether nothing was published since `follow` returned a generation.

        Where it was, an answer may lack comments that left meanwhile, and is made again.
        """

    def store(self, generation: int) -> Store:
        """Open a generation of the folder for reading."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """The index of one machine: published generations stay as they are as long as somebody reads them."""

    data_dir: Path

    @property
    def folder(self) -> Path:
        """See `Home.folder`."""
        return self.data_dir

    @property
    def name(self) -> str:
        """See `Home.name`."""
        return str(self.data_dir)

    def follow(self) -> int | None:
        """See `Home.follow`."""
        return generations.current(self.data_dir)

    def is_current(self, generation: int) -> bool:
        """See `Home.is_current`."""
        del generation
        return True

    def store(self, generation: int) -> Store:
        """See `Home.store`."""
        from retrieval.vectors import ChromaStore

        return ChromaStore.open(generations.folder_of(self.data_dir, generation))


def published(home: Home) -> Manifest | None:
    """Return the published manifest, None where there is none."""
    number = home.follow()
    return None if number is None else generations.read_manifest(home.folder, number)


def home_of(place: Path | Home) -> Home:
    """Return a home; a path stands for the embedded index in that data folder."""
    return Embedded(place) if isinstance(place, Path) else place
