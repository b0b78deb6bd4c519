"""The built-in model without PyTorch: the same weights and words, run by onnxruntime."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.model import base, graph, table, vocabulary
from retrieval.model import fingerprint as model_fingerprint

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Floats = NDArray[np.float32]

#: Tokens in a batch, padding included: enough to keep every core busy, little enough for the caches.
_BUDGET = 512

Precision = Literal["fp32", "int8"]


def fingerprint(precision: Precision = "fp32") -> str:
    """Return the model's fingerprint with this backend and its precision."""
    return f"{model_fingerprint()}-onnx-{precision}"


class OnnxEncoder:
    """Texts to vectors with onnxruntime, on as many threads as there are cores unless told otherwise.

    "fp32" gives PyTorch's vectors, "int8" is faster and a little off (README.md has the figures).
    Raises ModelError like `retrieval.model.load`.
    """

    def __init__(self, threads: int | None = None, precision: Precision = "fp32") -> None:
        import onnxruntime  # type: ignore[import-untyped]
        from safetensors.numpy import load_file

        self._vocabulary = vocabulary.vocabulary()
        self._rows = vocabulary.rows()
        weights: dict[str, Any] = load_file(base.folder() / "model.safetensors")
        types = weights["embeddings.token_type_embeddings.weight"]
        self._places = weights["embeddings.position_embeddings.weight"] + types[0]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or len(os.sched_getaffinity(0))
        # A thread without work sleeps. Spinning saves half a millisecond of a question where nobody else
        # wants the cores; where the event loop and other processes do, it cost a third of all answers.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors; its warnings are about graphs it optimises
        self._session = onnxruntime.InferenceSession(
            graph.encoder(weights, eight_bits=precision == "int8"),
            options,
            providers=["CPUExecutionProvider"],
        )

    def encode(self, texts: Sequence[str]) -> Floats:
        """Return the texts' vectors, float32 (n, 384) of unit length, in the texts' order."""
        ids = [encoding.ids for encoding in self._vocabulary.encodings(texts)]
        vectors = np.empty((len(ids), table.WIDTH), np.float32)
        for batch in _batches([len(some) for some in ids]):
            vectors[batch] = self._run([ids[number] for number in batch])
        return vectors

    def _run(self, ids: Sequence[Sequence[int]]) -> Floats:
        longest = max(map(len, ids))
        numbers = np.zeros((len(ids), longest), np.int64)
        mask = np.zeros((len(ids), longest), np.int32)
        for row, some in enumerate(ids):
            numbers[row, : len(some)] = some
            mask[row, : len(some)] = 1
        embedded = self._rows[numbers] + self._places[:longest]
        vectors: Floats = self._session.run(["vectors"], {"embedded": embedded, "mask": mask})[0]
        return vectors


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Yield the texts' numbers in batches of like length, so that little is spent on padding."""
    batch: list[int] = []
    for number in sorted(range(len(lengths)), key=lengths.__getitem__):
        if batch and (len(batch) + 1) * lengths[number] > _BUDGET:
            yield batch
            batch = []
        batch.append(number)
    if batch:
        yield batch
