"""The built-in model as a SentenceTransformer; only `retrieval.model.load` and the recipe import this."""

from __future__ import annotations

import json
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Self, cast

import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Transformer
from sentence_transformers.sentence_transformer.modules import Normalize, Pooling
from transformers import PreTrainedTokenizerFast

from retrieval.model import base, tokens
from retrieval.model.chinese import Words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from retrieval.model.table import Floats, Table

_WORDS_FILE = "chinese_words.json"


class BilingualTransformer(Transformer):
    """all-MiniLM-L6-v2, tuned to questions, with a row for every Chinese word of a table.

    Chinese is folded and parted into words before the tokenizer sees it; a text without Han goes the
    base model's way.
    """

    words: Words

    @classmethod
    def joined(cls, folder: Path, table: Table, differences: Mapping[str, Floats]) -> Self:
        """Return the base model in `folder` with the table's rows behind its own, and its weights changed."""
        module: Any = cls(str(folder), max_seq_length=tokens.MAX_TOKENS)
        module.words = table.finder()
        module.processor = _tokenizer(folder / "tokenizer.json", table.words)
        numbers = tokens.row_numbers(folder / "tokenizer.json", table.words)
        rows: torch.Tensor = module.model.get_input_embeddings().weight.data
        size = max(len(rows), max(numbers, default=0) + 1)
        joined = torch.empty(size, rows.shape[1])
        joined[: len(rows)] = rows
        joined[numbers] = torch.from_numpy(table.rows)
        embedding = torch.nn.Embedding(size, rows.shape[1], padding_idx=0, _weight=joined)
        module.model.set_input_embeddings(embedding)
        module.config.vocab_size = size
        weights = module.model.state_dict()
        for name, difference in differences.items():
            weights[name] += torch.from_numpy(difference)
        return cast("Self", module)

    def preprocess(  # type: ignore[override]  # texts are all that this encoder takes
        self,
        inputs: Sequence[Any],
        prompt: str | None = None,
        **kwargs: Any,  # noqa: ANN401 - whatever the base class takes
    ) -> dict[str, Any]:
        """Return the features of texts, their Chinese parted into the table's words."""
        spaced = [_each(item, self.words) for item in inputs]
        told = self.words.spaced(prompt) if prompt else prompt
        features: dict[str, Any] = super().preprocess(spaced, told, **kwargs)
        return features

    def save(self, output_path: str, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401
        """Save the module with its words; loading them takes `trust_remote_code=True` and this package."""
        super().save(output_path, *args, **kwargs)
        words = {"costs": dict(self.words.costs), "fold": dict(self.words.fold)}
        Path(output_path, _WORDS_FILE).write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")

    @classmethod
    def load(  # type: ignore[override]  # the rest is handed on by name
        cls,
        model_name_or_path: str,
        subfolder: str = "",
        **kwargs: Any,  # noqa: ANN401 - whatever the base class takes
    ) -> Self:
        """Load a module that `save` wrote."""
        module: Self = super().load(model_name_or_path, subfolder=subfolder, **kwargs)
        saved = json.loads(Path(model_name_or_path, subfolder, _WORDS_FILE).read_text(encoding="utf-8"))
        module.words = Words(saved["costs"], saved["fold"])
        return module


def join(
    table: Table, differences: Mapping[str, Floats] = MappingProxyType({}), device: str | None = None
) -> SentenceTransformer:
    """Return the base model, a table and what tuning changed as one SentenceTransformer.

    Raises ModelError where the base package is missing or another one.
    """
    transformer = BilingualTransformer.joined(base.folder(), table, differences)
    pooling = Pooling(transformer.get_embedding_dimension(), "mean")
    model = SentenceTransformer(modules=[transformer, pooling, Normalize()], device=device)
    model.eval()
    return model


def _each(item: Any, words: Words) -> Any:  # noqa: ANN401
    """Return an input with every text in it spaced: a text, or a pair or a mapping of them."""
    if isinstance(item, str):
        return words.spaced(item)
    if isinstance(item, (list, tuple)):
        return type(item)(_each(part, words) for part in item)
    if isinstance(item, dict):
        return {key: _each(part, words) for key, part in item.items()}
    return item


def _tokenizer(base_tokenizer: Path, words: Sequence[str]) -> PreTrainedTokenizerFast:
    names = ("unk", "sep", "pad", "cls", "mask")
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokens.tokenizer(base_tokenizer, words),
        model_max_length=tokens.MAX_TOKENS,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        **{f"{name}_token": f"[{name.upper()}]" for name in names},
    )
