"""What a file of the model says of itself at its beginning; read without numpy, for every command asks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from retrieval.model.errors import ModelError

if TYPE_CHECKING:
    from pathlib import Path

#: Where the digest stands among the file's metadata.
KEY = "sha256"
#: No header is longer.
_LONGEST = 1 << 20


def digest(path: Path) -> str:
    """Return the digest a file says it has, without reading the rest of it.

    Raises ModelError where there is no file to read it from.
    """
    try:
        with path.open("rb") as file:
            size = int.from_bytes(file.read(8), "little")
            return said(file.read(min(size, _LONGEST)))
    except FileNotFoundError as error:
        raise missing(path) from error
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise damaged(path) from error


def said(header: bytes) -> str:
    """Return the digest that a header names."""
    return str(json.loads(header)["__metadata__"][KEY])


def missing(path: Path) -> ModelError:
    """Say that there is no file."""
    return ModelError(
        f"The model's file {path} is missing; reinstall threadbot.",
        f"缺少模型文件 {path}；请重新安装 threadbot。",
    )


def damaged(path: Path) -> ModelError:
    """Say that a file is not whole."""
    return ModelError(
        f"The model's file {path} is damaged; reinstall threadbot.",
        f"模型文件 {path} 已损坏；请重新安装 threadbot。",
    )
