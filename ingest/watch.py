"""Tell when something was written to files and folders, and nobody is writing any more."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING

from ingest import ignore
from ingest.types import SUFFIXES
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
    from pathlib import Path

#: Seconds without any change after which what was written counts as finished.
QUIET = 2.0
_GLANCE_MS = 500


@dataclass(frozen=True, slots=True)
class Matters:
    """Which changes below some sources may change what is read of them."""

    roots: tuple[str, ...]

    def __call__(self, path: str) -> bool:
        """Tell whether a path that changed is a source, a thread file, an ignore file or a folder."""
        if path in self.roots:
            return True
        below = (path[len(root) + 1 :] for root in self.roots if path.startswith(f"{root}{os.sep}"))
        return any(self._counts(path, PurePath(own).parts) for own in below)

    def _counts(self, path: str, parts: tuple[str, ...]) -> bool:
        *folders, name = parts
        if any(folder.startswith(".") for folder in folders):
            return False
        if name.startswith("."):
            return name in ignore.FILES
        # A folder that is gone cannot be told from a file without an ending, and may have held threads.
        return name.lower().endswith(SUFFIXES) or "." not in name or os.path.isdir(path)  # noqa: PTH112 - for every change


def settled(
    changes: Iterable[Collection[str]], clock: Callable[[], float] = time.monotonic, quiet: float = QUIET
) -> Iterator[None]:
    """Yield once at the beginning, and whenever changes were followed by `quiet` seconds without any.

    `changes` gives what changed since the last time, also, every now and then, that nothing did.
    """
    last: float | None = clock() - quiet
    for changed in changes:
        if changed:
            last = clock()
        elif last is not None and clock() - last >= quiet:
            last = None
            yield


def changes(roots: Sequence[Path]) -> Iterator[Collection[str]]:
    """Yield the paths that matter and changed, twice a second or less; nothing is lost in between.

    A folder that comes, goes or is another one than before is a change as well.

    :raises RetrievalError: If the system does not let so much be watched.
    """
    known = True
    while True:
        places = [_place(root) for root in roots]
        for changed in _changes(roots, places):
            # Only now that it is watched again: what happened before may have been seen by nobody.
            yield changed if known else [str(root) for root in roots]
            known = True
        known = False


def _changes(roots: Sequence[Path], places: Sequence[object]) -> Iterator[Collection[str]]:
    """Yield changes for as long as the sources stand where they stood."""
    from watchfiles import watch

    matters = Matters(tuple(str(root) for root in roots))
    watched = {root if root.is_dir() else root.parent for root in roots}
    watched = {folder for folder in watched if folder.is_dir()}
    if not watched:
        while [_place(root) for root in roots] == places:
            yield ()
            time.sleep(_GLANCE_MS / 1000)
        return
    try:
        batches = watch(
            *watched,
            watch_filter=None,
            debounce=_GLANCE_MS,
            step=_GLANCE_MS // 5,
            rust_timeout=_GLANCE_MS,
            yield_on_timeout=True,
            recursive=any(root.is_dir() for root in roots),
            ignore_permission_denied=True,
        )
        for batch in batches:
            yield [path for _, path in batch if matters(path)]
            if [_place(root) for root in roots] != places:
                return
    except OSError as error:
        raise RetrievalError(
            f"The sources cannot be watched ({error}); use --every, or set WATCHFILES_FORCE_POLLING=1.",
            f"无法监视这些来源（{error}）；请改用 --every，或设置 WATCHFILES_FORCE_POLLING=1。",
        ) from error


def _place(path: Path) -> object:
    """Return what tells a file or folder from another that takes its place."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino if path.is_dir() else 0
