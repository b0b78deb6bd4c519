"""Encode an archive's texts in parts, on any number of machines, and join what they made.

A part is a safetensors file with the vectors of up to 512 texts: `keys`, one digest a row (see
`EmbeddingCache.key`), and `vectors`, float32; its metadata names the model's fingerprint. It is named
after what it holds, written under another name first, and never changed, so a folder may be shared, and
be collected from several. A text belongs to the shard that its digest says: whichever files and machines
take part, each text is encoded by one of them.
"""

from __future__ import annotations

import os
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ingest.cache import EmbeddingCache
from ingest.embedding import encode, shortest_first
from ingest.progress import Silent
from ingest.sources import roots
from ingest.survey import survey
from retrieval.errors import RetrievalError, UsageError
from retrieval.records import asking, short_id
from retrieval.text import passages

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from ingest.progress import Progress
    from ingest.survey import Survey
    from ingest.web.types import Web
    from retrieval.embedder import Embedder

_SUFFIX = ".safetensors"
_FORMAT = "threadbot-vectors-1"
#: How far from 1 a vector's length may be.
_ROUNDING = 1e-3


@dataclass(frozen=True, slots=True)
class Shard:
    """Which part of the texts is meant: the `number`-th of `of`, counted from 1."""

    number: int
    of: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """Read `2/5`.

        :raises ValueError: If it is written otherwise.
        """
        number, _, of = text.partition("/")
        if not (text.isascii() and number.isdecimal() and of.isdecimal() and 1 <= int(number) <= int(of)):
            raise ValueError("a shard is written like 2/5, the second of five")
        return cls(int(number), int(of))

    def holds(self, key: bytes) -> bool:
        """Tell whether a text belongs to it, by its key."""
        return int.from_bytes(key[:8], "big") % self.of == self.number - 1


@dataclass(frozen=True, slots=True)
class Embedding:
    """What encoding a shard came to."""

    #: Different texts in the sources, those of them in this shard, and those of these that were encoded now.
    texts: int
    own: int
    encoded: int
    seconds: float
    #: (path, reason) of everything that could not be read.
    skipped: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self) | {"skipped": [{"path": path, "reason": why} for path, why in self.skipped]}


def embed(
    named: Sequence[str | Path],
    out: Path,
    shard: Shard,
    embedder: Embedder,
    *,
    progress: Progress | None = None,
    web: Web | None = None,
) -> Embedding:
    """Encode the texts of a shard that no file in `out` has, and write them there.

    :raises RetrievalError: If nothing could be read, or the folder cannot be written to.
    """
    told = progress or Silent()
    seen = survey(roots(named), None, prune=False, progress=told, web=web)
    if not seen.fruitful:
        path, reason = next(iter(seen.skipped), (", ".join(map(str, named)), "there is no thread file in it"))
        raise RetrievalError(
            f"Nothing could be read from {path}: {reason.rstrip('.')}.",
            f"从 {path} 读不到任何内容：{reason.rstrip('.')}。",
        )
    texts = {EmbeddingCache.key(text): text for text in _texts(seen)}
    own = [key for key in texts if shard.holds(key)]
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(out, error) from error
    done = joined(out, embedder.fingerprint, own).vectors.keys()
    missing = {key: texts[key] for key in own if key not in done}

    def keep(vectors: Mapping[bytes, NDArray[np.float32]]) -> None:
        _write(out, embedder.fingerprint, list(vectors), np.stack(list(vectors.values())))

    seconds = sum(batch.seconds for batch in encode(shortest_first(missing), embedder, told, keep))
    return Embedding(len(texts), len(own), len(missing), round(seconds, 3), seen.skipped)


@dataclass(frozen=True, slots=True)
class Joined:
    """What a folder of parts has."""

    vectors: Mapping[bytes, NDArray[np.float32]]
    #: (path, reason) of files that are of no use.
    skipped: tuple[tuple[str, str], ...]


def joined(folder: Path, fingerprint: str, wanted: Iterable[bytes]) -> Joined:
    """Return the vectors of texts, given by key, that files in a folder have from a model.

    :raises UsageError: If there is no such folder.
    """
    if not folder.is_dir():
        raise UsageError(
            f"There is no folder {folder}; name the one that `threadbot embed --out` wrote to.",
            f"没有 {folder} 这个文件夹；请指定 `threadbot embed --out` 写入的文件夹。",
        )
    left, found, skipped = set(wanted), dict[bytes, Any](), list[tuple[str, str]]()
    for path in sorted(folder.glob(f"*{_SUFFIX}")):
        try:
            for key, vector in _read(path, fingerprint):
                if key in left:
                    left.discard(key)
                    found[key] = vector
        except _OfNoUseError as error:
            skipped.append((str(path), str(error)))
    return Joined(found, tuple(skipped))


class _OfNoUseError(ValueError):
    """A file that is no part, damaged, or of another model; the message is a clause."""


def _read(path: Path, fingerprint: str) -> Iterator[tuple[bytes, NDArray[np.float32]]]:
    """Yield (key, vector) of a part."""
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            metadata = file.metadata() or {}
            if metadata.get("format") != _FORMAT:
                raise _OfNoUseError("this is no file of `threadbot embed`")
            if metadata.get("fingerprint") != fingerprint:
                raise _OfNoUseError(
                    f"its vectors are of another model ({metadata.get('fingerprint')}, not {fingerprint})"
                )
            keys, vectors = file.get_tensor("keys"), file.get_tensor("vectors")
    except (OSError, SafetensorError) as error:
        raise _OfNoUseError(f"it is damaged ({error}); delete it and embed its shard again") from error
    sound = (
        keys.dtype == np.uint8
        and vectors.dtype == np.float32
        and vectors.ndim == 2
        and keys.shape == (len(vectors), len(EmbeddingCache.key("")))
        and path.stem == _name(fingerprint, keys)
        and bool(np.all(np.abs(np.linalg.norm(vectors, axis=1) - 1) < _ROUNDING))
    )
    if not sound:
        raise _OfNoUseError("it does not hold what its name says; delete it and embed its shard again")
    yield from zip(map(bytes, keys), vectors, strict=True)


def _write(folder: Path, fingerprint: str, keys: Sequence[bytes], vectors: NDArray[np.float32]) -> None:
    """Write a part, whole or not at all."""
    from safetensors.numpy import save

    named = np.frombuffer(b"".join(keys), dtype=np.uint8).reshape(len(keys), -1)
    data = save(
        {"keys": named, "vectors": np.ascontiguousarray(vectors, dtype=np.float32)},
        {"format": _FORMAT, "fingerprint": fingerprint},
    )
    path = folder / f"{_name(fingerprint, named)}{_SUFFIX}"
    fresh = path.with_name(f"{path.stem}.{os.getpid()}.new")
    try:
        with fresh.open("wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except OSError as error:
        fresh.unlink(missing_ok=True)
        raise _unwritable(folder, error) from error


def _unwritable(folder: Path, error: OSError) -> RetrievalError:
    return RetrievalError(
        f"{folder} cannot be written to ({error.strerror}); free some space or name another folder with "
        "--out, what is there already is not encoded again.",
        f"无法写入 {folder}（{error.strerror}）；请腾出空间或用 --out 指定另一个文件夹，"
        "已有的向量不会重新计算。",
    )


def _name(fingerprint: str, keys: NDArray[np.uint8]) -> str:
    return short_id(fingerprint, keys.tobytes().hex(), length=20)


def _texts(seen: Survey) -> Iterator[str]:
    """Yield the texts that threads ask with and all comments' passages, as an ingest would embed them."""
    for parsed in filter(None, (reading.parsed for reading in seen.readings)):
        yield from asking(parsed.title, parsed.question)
        for comment in parsed.comments:
            bodies = [body for _, body in comment.text.items()]
            yield from (span.of(body) for body in bodies for span in passages(body))
