"""How the model's own files are kept: safetensors with a digest, and numbers of four bits; numpy only.

Rows are stored in four bits a number with one scale for each group of numbers: the mean over a text's
tokens and six layers leave nothing of the rounding (figures: README.md).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from retrieval.model import header

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

#: Part of the digest: a file of another format is not taken for one of this.
FORMAT = "1"
#: Numbers that share a scale; smaller groups are truer and larger: 32 adds half a bit a number.
_GROUP = 32
#: Rows unpacked at a time: they stay in the processor's cache, which is five times as fast.
_BLOCK = 2048
_HALF = 8  # four bits: 0…15 stand for -8…7

Floats = NDArray[np.float32]
Tensors = dict[str, NDArray[Any]]


def pack(rows: Floats) -> tuple[NDArray[np.uint8], NDArray[np.float16]]:
    """Return rows in four bits, two numbers a byte, with their groups' scales."""
    groups = rows.reshape(len(rows), -1, _GROUP)
    best = np.zeros((*groups.shape[:2], 1), np.float32)
    error = np.full(best.shape, np.inf, np.float32)
    peak = np.abs(groups).max(axis=2, keepdims=True)
    # The largest number need not fit: a smaller scale that clips it often rounds the others better.
    for share in (1.0, 0.92, 0.84, 0.76, 0.68):
        scale = np.maximum(peak * share / (_HALF - 0.5), 1e-8).astype(np.float16).astype(np.float32)
        scale = np.maximum(scale, 6e-8)
        loss = ((_whole(groups, scale) * scale - groups) ** 2).sum(axis=2, keepdims=True)
        best, error = np.where(loss < error, scale, best), np.minimum(loss, error)
    codes = (_whole(groups, best) + _HALF).astype(np.uint8).reshape(len(rows), -1)
    both = (codes[:, 0::2] | (codes[:, 1::2] << 4)).astype(np.uint8)
    return both, best[:, :, 0].astype(np.float16)


def _whole(groups: Floats, scale: Floats) -> Floats:
    whole: Floats = np.clip(np.rint(groups / scale), -_HALF, _HALF - 1)
    return whole


def unpack(codes: NDArray[np.uint8], scales: NDArray[np.float16]) -> Floats:
    """Return the rows that `pack` packed, float32 (n, width)."""
    byte = np.arange(256)
    pairs = np.stack([byte & 15, byte >> 4], axis=1).astype(np.float32) - _HALF
    as_one = pairs.view(np.complex64)[:, 0]  # both numbers of a byte in one look-up
    rows = np.empty((len(codes), codes.shape[1] * 2), np.float32)
    for start in range(0, len(codes), _BLOCK):
        part = slice(start, start + _BLOCK)
        groups = as_one[codes[part]].view(np.float32).reshape(-1, rows.shape[1] // _GROUP, _GROUP)
        np.multiply(groups, scales[part].astype(np.float32)[:, :, None], out=rows[part].reshape(groups.shape))
    return rows


def write(path: Path, tensors: Tensors) -> None:
    """Write a file whole or not at all; the bytes depend on nothing but the tensors."""
    from safetensors.numpy import save

    # One entry only: safetensors writes several in any order.
    data = save(tensors, {header.KEY: _digest(tensors)})
    keep(path, lambda unfinished: unfinished.write_bytes(data))


def keep(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file so that it is there whole or not at all."""
    unfinished = path.with_name(f"unfinished-{path.name}")
    write(unfinished)
    unfinished.replace(path)


def read(path: Path) -> Tensors:
    """Read a file and check that it is whole.

    Raises ModelError, one sentence, where the file is missing, damaged or of another format.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load

    try:
        data = path.read_bytes()
        tensors: Tensors = load(data)
        said = header.said(data[8 : 8 + int.from_bytes(data[:8], "little")])
    except FileNotFoundError as error:
        raise header.missing(path) from error
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise header.damaged(path) from error
    if said != _digest(tensors):
        raise header.damaged(path)
    return tensors


def _digest(tensors: Tensors) -> str:
    sums = hashlib.sha256(FORMAT.encode())
    for name in sorted(tensors):
        tensor = tensors[name]
        sums.update(f"{name} {tensor.dtype} {tensor.shape}\n".encode())
        sums.update(np.ascontiguousarray(tensor).tobytes())
    return sums.hexdigest()
