"""What the bot has to remember when it is started again: `bot.sqlite`.

    chats     how each chat wants its answers
    access    whom administrators let in or shut out
    pages     answers with buttons: ids and places of quotes, and the question; they expire
    sent      which message shows which page, and which of its excerpts is chosen
    about     which message shows a whole comment or a chain, and of which thread; they expire with pages
    feedback  ratings, with the question they are about; they expire
    pending   questions taken but not answered yet, without their words
    updates   ids of updates that were taken, so that none is taken twice

Quotes are never kept, only where they stand. All values are plain columns and JSON.
"""

from __future__ import annotations

import json
import os
import sqlite3
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Self

from bot.telegram import pages
from bot.telegram.pages import Page

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from retrieval.types import Language

#: How long Telegram may deliver an update again.
_UPDATES_KEPT = 2 * 86_400.0
_SCHEMA = """
CREATE TABLE IF NOT EXISTS chats (
    id INTEGER PRIMARY KEY, language TEXT NOT NULL, count INTEGER, length INTEGER, thread TEXT
);
CREATE TABLE IF NOT EXISTS access (id INTEGER PRIMARY KEY, allowed INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS pages (
    id TEXT PRIMARY KEY, chat INTEGER NOT NULL, user INTEGER NOT NULL, question TEXT NOT NULL,
    language TEXT NOT NULL, content TEXT NOT NULL, successor TEXT, created REAL NOT NULL
);
CREATE INDEX IF NOT EXISTS pages_of_chat ON pages (chat, created);
CREATE TABLE IF NOT EXISTS sent (
    chat INTEGER NOT NULL, message INTEGER NOT NULL, page TEXT NOT NULL, first INTEGER NOT NULL,
    PRIMARY KEY (chat, message)
);
CREATE TABLE IF NOT EXISTS about (
    chat INTEGER NOT NULL, message INTEGER NOT NULL, thread TEXT NOT NULL, created REAL NOT NULL,
    PRIMARY KEY (chat, message)
);
CREATE TABLE IF NOT EXISTS feedback (
    page TEXT NOT NULL, user INTEGER NOT NULL, good INTEGER NOT NULL, question TEXT NOT NULL,
    language TEXT NOT NULL, comments TEXT NOT NULL, created REAL NOT NULL,
    PRIMARY KEY (page, user)
);
CREATE TABLE IF NOT EXISTS pending (
    chat INTEGER NOT NULL, message INTEGER NOT NULL, topic INTEGER, language TEXT NOT NULL,
    PRIMARY KEY (chat, message)
);
CREATE TABLE IF NOT EXISTS updates (id INTEGER PRIMARY KEY, at REAL NOT NULL);
"""


@dataclass(frozen=True, slots=True)
class Choices:
    """How a chat wants its answers; None leaves it to the settings."""

    language: Literal["auto"] | Language = "auto"
    count: int | None = None
    length: int | None = None
    #: The id of the one thread to ask, if any.
    thread: str | None = None


@dataclass(frozen=True, slots=True)
class Pending:
    """A question that was taken and not answered."""

    chat: int
    message: int
    topic: int | None
    language: Language


@dataclass(frozen=True, slots=True)
class Rating:
    """What somebody thought of an answer."""

    good: bool
    question: str
    language: Language
    comments: tuple[str, ...]


class Store:
    """`bot.sqlite`, opened; used from one thread."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        self._database = sqlite3.connect(path, isolation_level=None)
        self._database.executescript(
            "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA secure_delete=ON;" + _SCHEMA
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    # Chats.

    def choices(self, chat: int) -> Choices:
        """Return how a chat wants its answers."""
        row = self._one("SELECT language, count, length, thread FROM chats WHERE id = ?", chat)
        return Choices(*row) if row else Choices()

    def choose(self, chat: int, choices: Choices) -> None:
        """Keep how a chat wants its answers."""
        self._do(
            "INSERT OR REPLACE INTO chats VALUES (?, ?, ?, ?, ?)",
            chat,
            choices.language,
            choices.count,
            choices.length,
            choices.thread,
        )

    def migrate(self, old: int, new: int) -> None:
        """Move everything of a group to the supergroup it became."""
        if self._one("SELECT 1 FROM chats WHERE id = ?", new) is None:
            self._do("UPDATE chats SET id = ? WHERE id = ?", new, old)
        if self._one("SELECT 1 FROM access WHERE id = ?", new) is None:
            self._do("UPDATE access SET id = ? WHERE id = ?", new, old)
        self._do("UPDATE pages SET chat = ? WHERE chat = ?", new, old)
        for table in ("sent", "about", "pending"):
            self._do(f"UPDATE OR REPLACE {table} SET chat = ? WHERE chat = ?", new, old)  # noqa: S608

    def forget_chat(self, chat: int) -> None:
        """Remove everything of a chat that does not want the bot any more."""
        self._do("DELETE FROM chats WHERE id = ?", chat)
        for table in ("pages", "sent", "about", "pending"):
            self._do(f"DELETE FROM {table} WHERE chat = ?", chat)  # noqa: S608

    # Access.

    def decide(self, identity: int, *, allowed: bool) -> None:
        """Keep an administrator's decision."""
        self._do("INSERT OR REPLACE INTO access VALUES (?, ?)", identity, int(allowed))

    def decisions(self) -> dict[int, bool]:
        """Return all decisions of administrators."""
        return {identity: bool(allowed) for identity, allowed in self._all("SELECT * FROM access")}

    # Pages.

    def keep(self, page: Page) -> None:
        """Keep a page."""
        self._do(
            "INSERT OR REPLACE INTO pages VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            page.id,
            page.chat,
            page.user,
            page.question,
            page.language,
            json.dumps(page.content(), ensure_ascii=False),
            page.successor,
            page.created,
        )

    def page(self, identity: str) -> Page | None:
        """Return a page, None if it expired."""
        return self._page("SELECT * FROM pages WHERE id = ?", identity)

    def latest(self, chat: int, topic: int | None) -> Page | None:
        """Return the page shown last in a chat, or in one of its topics."""
        return self._page(
            "SELECT * FROM pages WHERE chat = ? AND json_extract(content, '$.topic') IS ? "
            "ORDER BY created DESC, rowid DESC LIMIT 1",
            chat,
            topic,
        )

    def succeed(self, page: Page, successor: str) -> None:
        """Note which page follows one."""
        self._do("UPDATE pages SET successor = ? WHERE id = ?", successor, page.id)

    def show(self, chat: int, message: int, page: str, first: int) -> None:
        """Note which message shows which page, and which of its excerpts a follow-up is about."""
        self._do("INSERT OR REPLACE INTO sent VALUES (?, ?, ?, ?)", chat, message, page, first)

    def shown(self, chat: int, message: int) -> tuple[Page, int] | None:
        """Return the page a message shows, and the excerpt a follow-up is about."""
        row = self._one("SELECT page, first FROM sent WHERE chat = ? AND message = ?", chat, message)
        page = self.page(row[0]) if row else None
        return (page, row[1]) if row and page else None

    def speaks(self, chat: int, message: int, thread: str, at: float) -> None:
        """Note which thread the comments in a message are of."""
        self._do("INSERT OR REPLACE INTO about VALUES (?, ?, ?, ?)", chat, message, thread, at)

    def thread_of(self, chat: int, message: int) -> str | None:
        """Return the thread that a reply to a message is about, None where it is about none."""
        shown = self.shown(chat, message)
        if shown is not None:
            page, first = shown
            return page.items[first].thread if page.answered and page.items else page.thread
        row = self._one("SELECT thread FROM about WHERE chat = ? AND message = ?", chat, message)
        return str(row[0]) if row else None

    # Feedback.

    def rate(self, page: Page, user: int, *, good: bool, at: float) -> None:
        """Keep a rating, of the comments shown or of saying that there are none; a user's last one counts."""
        ids = json.dumps([item.id for item in page.items] if page.answered else [])
        self._do(
            "INSERT OR REPLACE INTO feedback VALUES (?, ?, ?, ?, ?, ?, ?)",
            page.id,
            user,
            int(good),
            page.question,
            page.language,
            ids,
            at,
        )

    def ratings(self) -> Iterator[Rating]:
        """Yield all ratings, oldest first."""
        for good, question, language, comments in self._all(
            "SELECT good, question, language, comments FROM feedback ORDER BY created, rowid"
        ):
            yield Rating(bool(good), question, language, tuple(json.loads(comments)))

    def forget_user(self, user: int) -> tuple[int, int]:
        """Remove a user's ratings and stored questions; return how many there were of each."""
        ratings = self._do("DELETE FROM feedback WHERE user = ?", user)
        self._do("DELETE FROM sent WHERE page IN (SELECT id FROM pages WHERE user = ?)", user)
        self._do("DELETE FROM about WHERE chat = ?", user)  # a private chat has its user's id
        return ratings, self._do("DELETE FROM pages WHERE user = ?", user)

    # Questions and updates on their way.

    def take(self, update: int, at: float) -> bool:
        """Note an update; tell whether it is new."""
        return self._do("INSERT OR IGNORE INTO updates VALUES (?, ?)", update, at) > 0

    def begin(self, pending: Pending) -> None:
        """Note a question that waits for its answer."""
        self._do(
            "INSERT OR REPLACE INTO pending VALUES (?, ?, ?, ?)",
            pending.chat,
            pending.message,
            pending.topic,
            pending.language,
        )

    def finish(self, chat: int, message: int) -> None:
        """Note that a question has got what it gets."""
        self._do("DELETE FROM pending WHERE chat = ? AND message = ?", chat, message)

    def unanswered(self) -> list[Pending]:
        """Return the questions that wait."""
        return [Pending(*row) for row in self._all("SELECT * FROM pending ORDER BY rowid")]

    def expire(self, now: float, *, pages_kept: float, feedback_kept: float) -> None:
        """Remove what was kept for its time (seconds)."""
        self._do("DELETE FROM pages WHERE created < ?", now - pages_kept)
        self._do("DELETE FROM sent WHERE page NOT IN (SELECT id FROM pages)")
        self._do("DELETE FROM about WHERE created < ?", now - pages_kept)
        self._do("DELETE FROM feedback WHERE created < ?", now - feedback_kept)
        self._do("DELETE FROM updates WHERE at < ?", now - _UPDATES_KEPT)

    def _page(self, query: str, *keys: object) -> Page | None:
        row = self._one(query, *keys)
        if row is None:
            return None
        identity, chat, user, question, language, kept, successor, created = row
        return Page(
            id=identity,
            chat=chat,
            user=user,
            question=question,
            language=language,
            successor=successor,
            created=created,
            **pages.content(json.loads(kept)),
        )

    def _do(self, query: str, *values: object) -> int:
        return self._database.execute(query, values).rowcount

    def _one(self, query: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._database.execute(query, values).fetchone()
        return row

    def _all(self, query: str) -> list[tuple[Any, ...]]:
        return self._database.execute(query).fetchall()
