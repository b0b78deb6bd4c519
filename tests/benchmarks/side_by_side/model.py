"""The one model that all of them use: threadbot's own, as a list of numbers or as an array."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from retrieval.embedder import OnnxEmbedder

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


@cache
def embedder() -> OnnxEmbedder:
    """Return the process's one embedder."""
    return OnnxEmbedder()


def encode(texts: Sequence[str]) -> NDArray[np.float32]:
    """Return a row per text."""
    return embedder().passages(list(texts))


def lists(texts: Sequence[str]) -> list[list[float]]:
    """Return a list of numbers per text."""
    return encode(texts).tolist()
