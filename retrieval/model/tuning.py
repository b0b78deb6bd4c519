"""The file that holds what tuning to questions changed in the encoder: differences to the base weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from retrieval.model import packed

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from retrieval.model.packed import Tensors

Floats = NDArray[np.float32]

#: What stands behind the names of a matrix's two parts.
_CODES, _SCALES = " codes", " scales"


def write(path: Path, differences: Mapping[str, Floats]) -> None:
    """Write differences by the names of the weights, matrices in four bits a number, vectors in sixteen."""
    tensors: Tensors = {}
    for name, difference in differences.items():
        if difference.ndim == 1:
            tensors[name] = difference.astype(np.float16)
        else:
            tensors[name + _CODES], tensors[name + _SCALES] = packed.pack(difference)
    packed.write(path, tensors)


def read(path: Path) -> dict[str, Floats]:
    """Read differences, float32 and of their weights' shapes, by the weights' names.

    Raises ModelError, one sentence, where the file is missing, damaged or of another format.
    """
    tensors = packed.read(path)
    return {
        name.removesuffix(_CODES): (
            packed.unpack(tensor, tensors[name.removesuffix(_CODES) + _SCALES])
            if name.endswith(_CODES)
            else tensor.astype(np.float32)
        )
        for name, tensor in tensors.items()
        if not name.endswith(_SCALES)
    }


def applied(weights: Mapping[str, Floats], path: Path) -> dict[str, Floats]:
    """Return the base model's weights with the differences in a file; raises like `read`."""
    changed = {name: weights[name] + difference for name, difference in read(path).items()}
    return {**weights, **changed}
