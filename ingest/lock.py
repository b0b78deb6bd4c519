"""One writer at a time: a lock file, and beside it who holds it, for whoever comes second."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_LOCK = "ingest.lock"
#: A file of its own: on Windows a locked file cannot be read, and taking the lock may empty it.
_HOLDER = "ingest.holder"


@dataclass(frozen=True, slots=True)
class Holder:
    """Who is writing."""

    pid: int
    #: Since when, ISO 8601 in UTC.
    since: str


@contextmanager
def writing(data_dir: Path) -> Iterator[None]:
    """Be the one who writes to a data folder, which is made if it is not there.

    :raises RetrievalError: If somebody else is, or the folder cannot be written to.
    """
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
        lock = FileLock(data_dir / _LOCK, timeout=0)
        lock.acquire()
        _sign(data_dir)
    except Timeout:
        raise _taken(data_dir) from None
    except OSError as error:
        raise RetrievalError(
            f"{data_dir} cannot be written to ({error.strerror}); give another folder with --data.",
            f"无法写入 {data_dir}（{error.strerror}）；请用 --data 指定另一个文件夹。",
        ) from error
    try:
        yield
    finally:
        (data_dir / _HOLDER).unlink(missing_ok=True)
        lock.release()


def holder(data_dir: Path) -> Holder | None:
    """Return who signed last; only while the lock is held is that who holds it."""
    try:
        data = json.loads((data_dir / _HOLDER).read_text(encoding="utf-8"))
        return Holder(int(data["pid"]), str(data["since"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_held(data_dir: Path) -> bool:
    """Tell whether somebody is writing."""
    if not (data_dir / _LOCK).exists():
        return False
    try:
        with FileLock(data_dir / _LOCK, timeout=0):
            return False
    except Timeout:
        return True
    except OSError:  # nobody writes where nobody can
        return False


def is_gone(data_dir: Path) -> bool:
    """Tell, holding the lock, whether somebody removed the folder with it."""
    return not (data_dir / _LOCK).exists()


def _sign(data_dir: Path) -> None:
    signed = Holder(os.getpid(), datetime.now(UTC).isoformat(timespec="seconds"))
    (data_dir / _HOLDER).write_text(json.dumps(asdict(signed)), encoding="utf-8")


def _taken(data_dir: Path) -> RetrievalError:
    found = holder(data_dir)
    who = f" (process {found.pid}, since {found.since})" if found else ""
    whom = f"（进程 {found.pid}，自 {found.since}）" if found else ""
    return RetrievalError(
        f"Another ingest{who} is writing to {data_dir}; try again when it is done.",
        f"另一个导入{whom}正在写入 {data_dir}；请等它结束后再试。",
    )
