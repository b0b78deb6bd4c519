"""A world over a real archive: the sample threads, real indexes, an embedder that needs no model."""

from __future__ import annotations

import shutil
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ingest import sync
from retrieval.archive import Archive
from tests.bot.telegram.world import World
from tests.fakes import FakeEmbedder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from ingest.summary import Summary
    from retrieval.homes import Home

SAMPLES = Path(__file__).parents[3] / "ingest" / "samples"
QUESTION = "Can balcony tomatoes be pollinated with a toothbrush where no bees come?"


class Garden(World):
    """A bot whose threads a test may change and ingest again."""

    def __init__(self, folder: Path, home: Home) -> None:
        self._embedder = FakeEmbedder()
        super().__init__(home.data_dir, Archive(home, self._embedder))
        self.home = home
        self.threads = folder / "threads"
        shutil.copytree(SAMPLES, self.threads)
        self.ingest()

    def ingest(self, home: Home | None = None) -> Summary:
        """Ingest the threads, by another machine if one is given."""
        return sync.ingest([self.threads], home or self.home, self._embedder, probe=lambda *_: [])


@asynccontextmanager
async def planted(folder: Path, home: Home) -> AsyncIterator[Garden]:
    """Give a garden whose bot was not started yet; it is stopped in the end."""
    garden = Garden(folder, home)
    yield garden
    await garden.stop()
    garden.archive.close()
    await garden.api.close()
