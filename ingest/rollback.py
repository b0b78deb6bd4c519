"""Go back to the generation before the published one, one step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest import exclusions
from ingest.exclude import stored, withdraw
from ingest.turns import writing
from retrieval import generations
from retrieval.errors import RetrievalError
from retrieval.homes import Embedded, home_of, published

if TYPE_CHECKING:
    from pathlib import Path

    from retrieval.generations import Manifest
    from retrieval.homes import Home
    from retrieval.probe import Probe


def roll_back(place: Path | Home, probe: Probe | None = None) -> Manifest:
    """Publish the generation before the published one and return its manifest.

    What was excluded since stays excluded: a generation without it is published instead. The next
    ingest starts from there and brings the index in step with the files again.

    :raises RetrievalError: If there is nothing to go back to, or an ingest is running.
    """
    home = home_of(place)
    if not isinstance(home, Embedded):
        raise RetrievalError(
            "A Chroma server keeps one generation only, so there is nothing to roll back to; put the files "
            "as they were and ingest them, which embeds nothing that was embedded before.",
            "Chroma 服务器只保留一代索引，无法退回到上一代；请把文件恢复原状后重新导入，"
            "已向量化过的内容不会重新计算。",
        )
    with writing(home) as turn:
        before = _before(home.folder, published(home))
        excluded = exclusions.load(home.folder)
        found = stored(home, before, excluded) if excluded else []
        if found:
            return withdraw(turn, replace(before, previous=None), excluded, found, probe)
        generations.publish(home.folder, before.generation)
        return before


def _before(data_dir: Path, now: Manifest | None) -> Manifest:
    """Return the manifest of the generation to go back to."""
    if now is None or now.previous is None or not generations.is_sealed(data_dir, now.previous):
        raise RetrievalError(
            f"There is nothing to go back to in {data_dir}; put the files right and ingest them.",
            f"{data_dir} 里没有更早的一代可以恢复；请改好文件后重新导入。",
        )
    before = generations.read_manifest(data_dir, now.previous)
    assert before is not None  # noqa: S101 - it is sealed
    return before
