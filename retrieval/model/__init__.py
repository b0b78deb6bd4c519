"""The built-in bilingual model: all-MiniLM-L6-v2, tuned to questions, with a table of Chinese words.

Importing this imports neither PyTorch nor sentence-transformers; `load` does.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from retrieval.model import base, chinese, header, tokens
from retrieval.model.errors import ModelError

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

__all__ = ["TABLE", "TUNING", "ModelError", "fingerprint", "load"]

#: The table that comes with threadbot.
TABLE = Path(__file__).with_name("table.safetensors")
#: What tuning changed in the encoder, which comes with it.
TUNING = Path(__file__).with_name("tuning.safetensors")
_POOLING = "mean, normalised, no prompts"


def load(device: str | None = None) -> SentenceTransformer:
    """Return the built-in model, offline, as an ordinary SentenceTransformer.

    `device` is PyTorch's name of one ("cpu", "cuda"), or None for the library's choice. Raises
    ModelError where a file of its own or the base package is missing, damaged or another one.
    """
    from retrieval.model import table, tuning

    base.folder()  # the base package is checked before seconds go into importing PyTorch
    chinese_words, differences = table.read(TABLE), tuning.read(TUNING)
    from retrieval.model import encoder

    return encoder.join(chinese_words, differences, device)


@cache
def fingerprint() -> str:
    """Return a digest of all that decides a text's vector: encoder, table, tokenizer, cutting, pooling.

    Sixteen hexadecimal digits, in milliseconds and without PyTorch. Raises ModelError like `load`.
    """
    base.folder()
    parts = [
        header.digest(TABLE),
        header.digest(TUNING),
        *base.FILES.values(),
        str(chinese.REVISION),
        str(tokens.MAX_TOKENS),
        _POOLING,
    ]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
