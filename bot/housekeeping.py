"""What compaction means for `bot.sqlite`: pages that show comments which are gone go as well."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

from retrieval.errors import RetrievalError
from retrieval.homes import home_of

if TYPE_CHECKING:
    from pathlib import Path

    from retrieval.homes import Home


def drop_pages(place: Path | Home) -> int:
    """Remove stored pages with comments that are no longer published; return how many there were.

    What was removed before, by whomever, leaves no trace in the file either.
    """
    home = home_of(place)
    path = home.data_dir / "bot.sqlite"
    if not path.exists():
        return 0
    try:
        with closing(sqlite3.connect(path, isolation_level=None, timeout=30)) as database:
            database.execute("PRAGMA secure_delete = ON")
            gone = _gone(database, home)
            if gone:
                database.executemany("DELETE FROM pages WHERE id = ?", ((page,) for page in gone))
                database.execute("DELETE FROM sent WHERE page NOT IN (SELECT id FROM pages)")
            database.execute("VACUUM")
            database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            return len(gone)
    except sqlite3.Error as error:
        raise RetrievalError(
            f"{path} could not be compacted ({error}); stop the Telegram bot and compact again."
        ) from error


def _gone(database: sqlite3.Connection, home: Home) -> list[str]:
    """Return the ids of pages that show a comment which is not published."""
    if not database.execute("SELECT 1 FROM sqlite_master WHERE name = 'pages'").fetchone():
        return []
    shown = {page: ids(json.loads(kept)) for page, kept in database.execute("SELECT id, content FROM pages")}
    there = _published(home, sorted({name for names in shown.values() for name in names}))
    return [page for page, names in shown.items() if not names <= there]


def ids(content: dict[str, Any]) -> set[str]:
    """Return the ids of all comments that a stored page names."""
    found = {name for item in content.get("items", ()) for name in (item["id"], *item.get("similar", ()))}
    return found | set(content.get("seen", ())) | ({content["like"]} if content.get("like") else set())


def _published(home: Home, names: list[str]) -> set[str]:
    number = home.follow()
    if number is None or not names:
        return set()
    with closing(home.store(number)) as store:
        return set(store.records(names))
