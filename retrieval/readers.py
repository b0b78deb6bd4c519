"""Who reads a generation: readers share a lock on a file in it, and whoever removes it needs it alone.

A platform without `flock` cannot tell; there one more generation is kept instead.
"""

from __future__ import annotations

import os
from contextlib import suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING

from retrieval import generations
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from pathlib import Path

_FILE = "readers.lock"
#: Whether this platform can tell who reads what; Windows cannot.
_CAN_TELL = find_spec("fcntl") is not None


class Hold:
    """A reader's claim on a generation, until it is let go."""

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    def lock(self, *, alone: bool) -> bool:
        """Take the lock without waiting; tell whether that worked. Without locks, anything does."""
        import fcntl

        assert self._descriptor is not None  # noqa: S101 - it is taken once, right after opening
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_NB | (fcntl.LOCK_EX if alone else fcntl.LOCK_SH))
        except BlockingIOError:
            return False
        except OSError:  # a file system without locks
            return True
        return True

    def release(self) -> None:
        """Let go; a second time does nothing."""
        if self._descriptor is not None:
            os.close(self._descriptor)
        self._descriptor = None


def hold(data_dir: Path, generation: int) -> Hold:
    """Claim a generation as a reader, so that it is not removed.

    :raises RetrievalError: If it is gone, or about to be, or its folder cannot be written to.
    """
    try:
        claim = _claim(data_dir, generation, alone=False)
    except OSError as error:
        raise RetrievalError(
            f"{data_dir} cannot be written to ({error.strerror}), which Chroma does even to read; mend "
            "its permissions, or copy it and name the copy with --data.",
            f"无法写入 {data_dir}（{error.strerror}），而 Chroma 即使只读取也需要写入；"
            "请修正其权限，或复制一份并用 --data 指定。",
        ) from error
    # Whoever removes a generation takes the manifest away first, and the lock's file with the rest.
    if claim is None or not generations.is_sealed(data_dir, generation):
        if claim is not None:
            claim.release()
        raise RetrievalError(f"Generation {generation} in {data_dir} is gone; ask again.")
    return claim


def remove(data_dir: Path, generation: int) -> bool:
    """Remove a generation unless somebody reads it; tell whether it is gone."""
    claim = None
    with suppress(OSError):  # where that cannot be written, nothing can be removed
        claim = _claim(data_dir, generation, alone=True)
    if claim is None:
        return not generations.folder_of(data_dir, generation).exists()
    try:
        generations.remove(data_dir, generation)
    finally:
        claim.release()
    return True


def sweep(data_dir: Path) -> list[int]:
    """Remove what is neither published nor to go back to; return what stays because somebody reads it.

    Finished ones that are newer than the published one stay until something newer still is published:
    somebody may have read them, and a number must never stand for two generations. Only for whoever
    holds the lock on writing: a generation that is being written is removed as well.
    """
    manifest = generations.read_manifest(data_dir)
    newest, before = (manifest.generation, manifest.previous) if manifest else (0, None)
    unfinished = set(generations.leftovers(data_dir))
    sealed = [number for number in generations.existing(data_dir) if number not in unfinished]
    old = [number for number in sealed if number < newest and number != before]
    if not _CAN_TELL:
        del old[-1:]
    return [number for number in [*sorted(unfinished), *old] if not remove(data_dir, number)]


def _claim(data_dir: Path, generation: int, *, alone: bool) -> Hold | None:
    """Claim a generation for oneself or among readers, None where that cannot be had.

    :raises OSError: If its folder cannot be written to.
    """
    if not _CAN_TELL:
        return Hold(None)
    try:
        path = generations.folder_of(data_dir, generation) / _FILE
        claim = Hold(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except (FileNotFoundError, NotADirectoryError):
        return None
    if not claim.lock(alone=alone):
        claim.release()
        return None
    return claim
