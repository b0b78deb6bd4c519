"""Where a whole comment points: the mean of its passages' vectors, of unit length; itself, where it has one.

The means are not in the dense index: each would be nearest to its own passages and near to all others, and
the graph's way from passage to passage would lead through them alone. Of models whose vectors all lie close
together, such as E5's, a twelfth of the rows could not be reached then. A comment's mean is read with
the comment instead, once either index has found it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

    from retrieval.homes import Store

Floats = NDArray[np.float32]

#: Half the bytes; it moves a similarity by less than a thousandth.
_PACKED = np.dtype("<f2")


def mean(vectors: Floats) -> Floats:
    """Return the mean of vectors, (d,), of unit length."""
    found = vectors.mean(axis=0)
    return np.asarray(found / (np.linalg.norm(found) or 1.0), dtype=np.float32)


def packed(vectors: Floats) -> bytes:
    """Return the mean of a comment's vectors as it is kept; nothing for fewer than two."""
    return mean(vectors).astype(_PACKED).tobytes() if len(vectors) > 1 else b""


def common(vectors: Floats, asked: Floats) -> float:
    """Return how like what its thread asks a comment is, both taken as a whole.

    Given are the vectors of its passages, (n, d), and of what is asked, (m, d); four digits are kept.
    """
    return round(float(mean(vectors) @ mean(asked)), 4)


def similarities(vector: Floats, kept: Mapping[str, bytes]) -> dict[str, float]:
    """Return the cosine similarity of a vector of unit length to what was `packed`, by the same names."""
    if not kept or not vector.size:
        return {}
    rows = np.frombuffer(b"".join(kept.values()), _PACKED).reshape(len(kept), -1).astype(np.float32)
    return dict(zip(kept, (rows @ vector).tolist(), strict=True))


def direction(store: Store, comment_id: str) -> Floats:
    """Return where a comment points; empty where it is not there or has no text."""
    record = store.records([comment_id]).get(comment_id)
    if record is not None and record.whole:
        return np.frombuffer(record.whole, _PACKED).astype(np.float32)
    own = list(store.vectors(record.passage_ids()).values()) if record else []
    return mean(np.stack(own)) if own else np.empty(0, dtype=np.float32)
