"""The tokenizer: the base model's, with the Chinese words as further whole words of its vocabulary."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tokenizers import Tokenizer

#: Tokens of a text that the model reads, the rest is cut off; the base model's own limit.
MAX_TOKENS = 256
#: Rows of the base model's vocabulary; those of further words come after.
BASE_ROWS = 30522


def row_numbers(base_tokenizer: Path, words: Sequence[str]) -> list[int]:
    """Return each word's row: the base vocabulary's own for the characters it has, new ones for the rest."""
    return _numbers(json.loads(base_tokenizer.read_bytes())["model"]["vocab"], words)


def tokenizer(base_tokenizer: Path, words: Sequence[str]) -> Tokenizer:
    """Return the base tokenizer with the words added, without padding, cut at MAX_TOKENS.

    The words stand between spaces in what it is given (`Words.spaced`), so it need not part Han
    characters itself; everything else it treats exactly as the base model's does.
    """
    from tokenizers import Tokenizer
    from tokenizers.models import WordPiece
    from tokenizers.normalizers import BertNormalizer

    joined = Tokenizer.from_file(str(base_tokenizer))
    vocabulary = joined.get_vocab(with_added_tokens=False)
    vocabulary.update(zip(words, _numbers(vocabulary, words), strict=True))
    joined.model = WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100)  # noqa: S106
    joined.normalizer = BertNormalizer(
        clean_text=True, handle_chinese_chars=False, strip_accents=None, lowercase=True
    )
    joined.no_padding()
    joined.enable_truncation(MAX_TOKENS)
    return joined


def _numbers(vocabulary: dict[str, int], words: Sequence[str]) -> list[int]:
    fresh = iter(range(BASE_ROWS, BASE_ROWS + len(words)))
    return [vocabulary[word] if word in vocabulary else next(fresh) for word in words]
