"""The built-in model without PyTorch: the same weights and words, run by onnxruntime."""

from __future__ import annotations

import math
import os
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from retrieval.model import TUNING, base, graph, table, tuning, vocabulary
from retrieval.model import fingerprint as model_fingerprint

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = NDArray[np.float32]

#: Tokens in a batch at most: enough to keep a core busy; twice as many take as long, and leave one core
#: waiting for the other twice as long at the end.
_BUDGET = 256

Precision = Literal["fp32", "int8"]


def fingerprint(precision: Precision = "fp32") -> str:
    """Return the model's fingerprint with this backend and its precision."""
    return f"{model_fingerprint()}-onnx-{precision}"


class OnnxEncoder:
    """Texts to vectors with onnxruntime, on so many cores, by default all there are.

    All work on one batch, which gives one text's vector soonest, or `apart` each on a batch of its own,
    which gives many texts' in 0.95 of the time and loses nothing where other work takes one of them.

    "fp32" gives PyTorch's vectors, "int8" is faster and a little off (README.md has the figures).
    Raises ModelError like `retrieval.model.load`.
    """

    def __init__(
        self, cores: int | None = None, precision: Precision = "fp32", *, apart: bool = False
    ) -> None:
        import onnxruntime  # type: ignore[import-untyped]
        from safetensors.numpy import load_file

        cores = cores or len(os.sched_getaffinity(0))
        self._workers = cores if apart else 1
        self._keep = apart
        #: Texts that were said to come next, and their tokens.
        self._ahead: tuple[Sequence[str], list[list[int]]] = ((), [])
        self._vocabulary = vocabulary.vocabulary()
        self._rows = vocabulary.rows()
        weights = tuning.applied(load_file(base.folder() / "model.safetensors"), TUNING)
        types = weights["embeddings.token_type_embeddings.weight"]
        self._places = weights["embeddings.position_embeddings.weight"] + types[0]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1 if apart else cores
        # A thread without work sleeps. Spinning saves half a millisecond of a question where nobody else
        # wants the cores; where the event loop and other processes do, it cost a third of all answers.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3  # errors; its warnings are about graphs it optimises
        self._session = onnxruntime.InferenceSession(
            graph.encoder(weights, eight_bits=precision == "int8"),
            options,
            providers=["CPUExecutionProvider"],
        )

    def encode(self, texts: Sequence[str], coming: Sequence[str] = ()) -> Floats:
        """Return the texts' vectors, float32 (n, 384) of unit length, in the texts' order.

        The texts that are `coming` next are cut into tokens by the core that is done first, so that they
        begin on all of them at once: cutting takes one, for a fortieth of the time.
        """
        ids = self._tokens(texts)
        vectors = np.empty((len(ids), table.WIDTH), np.float32)

        def run(batch: NDArray[np.intp]) -> None:
            vectors[batch] = self._run([ids[number] for number in batch])

        found = batches([len(some) for some in ids], self._workers)
        if len(found) == 1 and not coming:
            run(found[0])
        else:
            with ThreadPoolExecutor(self._workers) as workers:
                running = workers.map(run, found)
                ahead = workers.submit(self._tokens, coming)
                list(running)
            self._ahead = (coming, ahead.result())
        return vectors

    def _tokens(self, texts: Sequence[str]) -> list[list[int]]:
        known, found = self._ahead
        return found if texts == known else self._vocabulary.ids(texts, keep=self._keep)

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


def batches(lengths: Sequence[int], workers: int) -> list[NDArray[np.intp]]:
    """Return the texts' numbers in batches, given how many tokens each has, longest batch first.

    Those of a batch are of like length, so that little is spent on padding. All batches have about as many
    tokens, and each worker as many batches, so that all finish at the same time.
    """
    if len(lengths) < 2:
        return [np.arange(1)] if lengths else []
    sizes = np.asarray(lengths)
    order = np.argsort(-sizes, kind="stable")
    ends = np.cumsum(sizes[order])
    count = workers * math.ceil(ends[-1] / (workers * _BUDGET))
    # A text belongs where its middle is.
    places = ((ends - sizes[order] / 2) * count / ends[-1]).astype(np.intp)
    return np.split(order, np.flatnonzero(np.diff(places)) + 1)
