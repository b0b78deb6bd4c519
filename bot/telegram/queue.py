"""One line of waiting work per chat; the lines of different chats move at once."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Any, Protocol


class Work(Protocol):
    """Something to do, once."""

    async def __call__(self) -> None:
        """Do it; raises nothing."""


@dataclass(frozen=True, slots=True)
class Job:
    """Work that waits in a chat's line."""

    run: Work
    #: What to do about it if it is dropped.
    drop: Work


@dataclass(slots=True)
class _Line:
    waiting: deque[Job] = field(default_factory=deque)
    task: asyncio.Task[None] | None = None


class Queue:
    """The lines of all chats."""

    def __init__(self, longest: int) -> None:
        self._longest = longest
        self._lines: dict[int, _Line] = {}
        self._closed = False

    def submit(self, chat: int, job: Job) -> bool:
        """Put a job at the end of a chat's line; tell whether there was room."""
        line = self._lines.setdefault(chat, _Line())
        if self._closed or len(line.waiting) >= self._longest:
            return False
        line.waiting.append(job)
        if line.task is None:
            line.task = asyncio.create_task(self._work(chat, line), name=f"chat {chat}")
        return True

    def waiting(self, chat: int) -> int:
        """Return how many jobs of a chat have not begun."""
        line = self._lines.get(chat)
        return len(line.waiting) if line else 0

    @property
    def pending(self) -> int:
        """Return how many jobs of all chats wait or run."""
        return sum(len(line.waiting) + (line.task is not None) for line in self._lines.values())

    async def cancel(self, chat: int) -> int:
        """Drop what waits in a chat; return how many jobs that was."""
        line = self._lines.get(chat)
        if line is None:
            return 0
        dropped = list(line.waiting)
        line.waiting.clear()
        for job in dropped:
            await job.drop()
        return len(dropped)

    async def close(self, grace: float) -> None:
        """Take nothing more, drop what waits, and let what runs finish within so many seconds."""
        self._closed = True
        ending: list[asyncio.Task[Any]] = [line.task for line in self._lines.values() if line.task]
        ending += [asyncio.create_task(self.cancel(chat)) for chat in self._lines]
        if ending:
            _, late = await asyncio.wait(ending, timeout=grace)
            for task in late:
                task.cancel()

    async def _work(self, chat: int, line: _Line) -> None:
        try:
            while line.waiting:
                await line.waiting.popleft().run()
        finally:
            line.task = None
            if not line.waiting:
                self._lines.pop(chat, None)
