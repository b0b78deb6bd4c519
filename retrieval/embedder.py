"""Texts to vectors, with sentence-transformers; beside `retrieval.model` its only importer.

Nothing heavy is imported before the first text is embedded: a fingerprint needs no model.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Protocol

import numpy as np

from retrieval import model as built_in
from retrieval.records import short_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray
    from sentence_transformers import SentenceTransformer

#: The name of the model that comes with threadbot.
BUILT_IN = "built-in"


class Embedder(Protocol):
    """What turns texts into vectors; one for the whole life of a process."""

    @property
    def fingerprint(self) -> str:
        """Everything that decides what vector a text gets; vectors of different fingerprints never mix."""

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return a row of unit length per text, float32."""

    def question(self, text: str) -> NDArray[np.float32]:
        """Return one vector of unit length, float32."""


class SentenceTransformerEmbedder:
    """A sentence-transformers model: the built-in one, one of a hub, or one in a folder."""

    def __init__(self, name: str = BUILT_IN, device: str | None = None) -> None:
        self._name = name
        self._device = device

    @cached_property
    def fingerprint(self) -> str:
        """See `Embedder.fingerprint`."""
        return built_in.fingerprint() if self._name == BUILT_IN else short_id(self._name)

    @cached_property
    def _model(self) -> SentenceTransformer:
        if self._name == BUILT_IN:
            return built_in.load(self._device)
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(self._name, device=self._device, trust_remote_code=False)

    def passages(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """See `Embedder.passages`."""
        vectors = self._model.encode_document(
            list(texts), normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vectors, dtype=np.float32)

    def question(self, text: str) -> NDArray[np.float32]:
        """See `Embedder.question`."""
        vector = self._model.encode_query(
            text, normalize_embeddings=True, convert_to_numpy=True, show_progress_bar=False
        )
        return np.asarray(vector, dtype=np.float32)
