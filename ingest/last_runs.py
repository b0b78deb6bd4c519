"""When each source was last ingested, so that a run missed while nothing was running can be made up."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_FILE = "ingest.last"


def remember(data_dir: Path, sources: Iterable[object], began: datetime) -> None:
    """Note that a run over these sources began at a moment, and succeeded.

    Where that cannot be written nothing is lost but knowing it, so it is no error.
    """
    known = {name: moment.isoformat() for name, moment in _known(data_dir).items()}
    known |= {str(source): began.isoformat(timespec="seconds") for source in sources}
    fresh = data_dir / f"{_FILE}.new"
    with suppress(OSError):
        fresh.write_text(json.dumps(known, ensure_ascii=False), encoding="utf-8")
        fresh.replace(data_dir / _FILE)


def recall(data_dir: Path, sources: Iterable[object]) -> datetime | None:
    """Return when the last run over all these sources began, None where one of them never was."""
    known = _known(data_dir)
    moments = [known.get(str(source)) for source in sources]
    there = [moment for moment in moments if moment is not None]
    return min(there) if there and len(there) == len(moments) else None


def latest(data_dir: Path) -> datetime | None:
    """Return when the last run over any sources began, None where none is known."""
    return max(_known(data_dir).values(), default=None)


def _known(data_dir: Path) -> dict[str, datetime]:
    try:
        data = json.loads((data_dir / _FILE).read_text(encoding="utf-8"))
        moments = {str(name): datetime.fromisoformat(text) for name, text in data.items()}
    except (OSError, ValueError, TypeError, AttributeError):  # it tells only what to make up
        return {}
    return {name: moment for name, moment in moments.items() if moment.tzinfo is not None}
