"""Go back to the generation before the published one, one step."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from ingest import exclusions
from ingest.exclude import stored, withdraw
from ingest.lock import writing
from ingest.sync import explained
from retrieval import generations
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from pathlib import Path

    from retrieval.generations import Manifest
    from retrieval.probe import Probe


def roll_back(data_dir: Path, probe: Probe | None = None) -> Manifest:
    """Publish the generation before the published one and return its manifest.

    What was excluded since stays excluded: a generation without it is published instead. The next
    ingest starts from there and brings the index in step with the files again.

    :raises RetrievalError: If there is nothing to go back to, or an ingest is running.
    """
    with writing(data_dir), explained(data_dir):
        now = generations.read_manifest(data_dir)
        before = _before(data_dir, now)
        excluded = exclusions.load(data_dir)
        found = stored(data_dir, before, excluded) if excluded else []
        if found:
            return withdraw(data_dir, replace(before, previous=None), excluded, found, probe)
        generations.publish(data_dir, before.generation)
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
