"""Optional: order the comments found anew with a cross-encoder of sentence-transformers.

Off by default: a model worth having takes seconds for a page on a CPU.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from retrieval.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sentence_transformers import CrossEncoder

#: Pairs judged at a time.
_BATCH = 16


class Reranker(Protocol):
    """What judges how well a text answers a question."""

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """Return how likely each text answers, 0 to 1, in the order of the texts."""


class CrossEncoderReranker:
    """Any CrossEncoder with one output, of a hub or in a folder; loaded with the first question."""

    def __init__(self, name: str, device: str | None = None) -> None:
        self._name = name
        self._device = device

    @cached_property
    def _model(self) -> CrossEncoder:
        from sentence_transformers import CrossEncoder

        try:
            model: CrossEncoder = CrossEncoder(self._name, device=self._device, trust_remote_code=False)
        except (OSError, ValueError) as error:
            raise UsageError(
                f"The reranker “{self._name}” cannot be loaded ({error}); name a CrossEncoder, or none.",
                f"无法加载重排模型“{self._name}”（{error}）；请指定一个 CrossEncoder，或不用重排。",
            ) from error
        if model.num_labels != 1:
            raise UsageError(
                f"The reranker “{self._name}” has {model.num_labels} outputs; name a CrossEncoder with one.",
                f"重排模型“{self._name}”有 {model.num_labels} 个输出；请指定只有一个输出的 CrossEncoder。",
            )
        return model

    def scores(self, question: str, texts: Sequence[str]) -> list[float]:
        """See `Reranker.scores`."""
        if not texts:
            return []
        found = self._model.predict(
            [(question, text) for text in texts],
            batch_size=_BATCH,
            # Some models' own activation ends in 0 to 1, others' not: all get the same one, below.
            activation_fn=_as_it_is,
            show_progress_bar=False,
        )
        return [1 / (1 + math.exp(-max(-50.0, min(50.0, float(score))))) for score in found]


def _as_it_is(logits: Any) -> Any:  # noqa: ANN401 - a tensor, and PyTorch is not imported for its name
    return logits
