"""What every handler works with: the archive behind an executor, the store, the limits, the queue."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, TypeVar

from telegram.ext import CallbackContext

from bot.server.health import Health
from bot.server.metrics import Metrics
from bot.telegram import messages
from bot.telegram.access import Access
from bot.telegram.lengths import resized
from bot.telegram.limits import Limits
from bot.telegram.queue import Queue
from bot.telegram.redaction import what_happened
from bot.telegram.requests import Bot
from retrieval.errors import UnavailableError
from retrieval.types import Filters

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from concurrent.futures import Executor

    from bot.messages import Message as Sentence
    from bot.settings import Settings
    from bot.telegram.ports import Clock, Sleep
    from bot.telegram.reingest import Reingest
    from bot.telegram.store import Choices, Store
    from retrieval.archive import Archive
    from retrieval.errors import RetrievalError
    from retrieval.generations import Manifest
    from retrieval.types import Answer, Excerpt, Language, Question

_T = TypeVar("_T")
#: Questions that may wait in one chat, and the seconds the limits count in.
_LONGEST_LINE = 10
_MINUTE = 60.0
#: Inline queries that make up one question, and how often a minute a stranger is told that they are one.
_LETTERS = 5
_TOLD = 3

log = logging.getLogger("threadbot.telegram")


@dataclass(slots=True)
class Desk:
    """One bot's state and tools."""

    settings: Settings
    archive: Archive
    store: Store
    executor: Executor
    reingest: Reingest
    sleep: Sleep = asyncio.sleep
    clock: Clock = time.time
    metrics: Metrics = field(default_factory=Metrics)
    health: Health = field(default_factory=Health)
    queue: Queue = field(default_factory=lambda: Queue(_LONGEST_LINE))
    limits: Limits = field(init=False)
    #: People type inline questions letter by letter; strangers need to be told their id, not served.
    inline_limits: Limits = field(init=False)
    stranger_limits: Limits = field(init=False)
    #: Inline queries come with every key pressed; only a person's latest one is worth an answer.
    latest: dict[int, str] = field(default_factory=dict)
    typing: dict[int, asyncio.Lock] = field(default_factory=lambda: defaultdict(asyncio.Lock))
    #: Ids of pages whose next one is being looked for.
    turning: set[str] = field(default_factory=set)
    tasks: set[asyncio.Task[Any]] = field(default_factory=set)
    #: Whether the bot is on its way down.
    stopping: bool = False

    def __post_init__(self) -> None:
        each, total = self.settings.chat_limit, self.settings.total_limit
        self.limits = Limits(each, total, _MINUTE)
        self.inline_limits = Limits(_LETTERS * each, _LETTERS * total, _MINUTE)
        self.stranger_limits = Limits(_TOLD, total, _MINUTE)
        self.metrics.waits("telegram", lambda: self.queue.pending)

    def access(self) -> Access:
        """Return who may ask now."""
        return Access.of(self.settings.allowed, self.settings.admins, self.store.decisions())

    def new_id(self) -> str:
        """Return the id of a new page; nobody can guess it."""
        return secrets.token_urlsafe(8)

    def count(self, choices: Choices) -> int:
        """Return how many comments a page has in a chat."""
        return choices.count or self.settings.count

    def length(self, choices: Choices) -> int:
        """Return how long a quote may be in a chat."""
        return choices.length or self.settings.excerpt_length

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something beside the handlers; a stop waits for it."""
        task = asyncio.create_task(noted(work))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def off_loop(self, work: Callable[[], _T]) -> _T:
        """Do what blocks where it holds nobody up."""
        return await asyncio.get_running_loop().run_in_executor(self.executor, work)

    async def manifest(self) -> Manifest:
        """Return the published manifest."""
        return await self.off_loop(self.archive.manifest)

    async def answer(self, question: Question, length: int) -> tuple[Answer, Manifest]:
        """Answer a question, with quotes as long as the chat wants them, and say where it was answered from.

        Both in one turn: asked for later, the manifest would wait behind everybody else's question.
        """
        return await self.off_loop(lambda: (self._answer(question, length), self.archive.manifest()))

    async def more_like(self, comment: str, count: int, language: Language) -> Answer:
        """Find comments like one."""
        return await self.off_loop(lambda: self.archive.more_like(comment, count, language))

    async def show(self, comment: str, language: Language) -> Excerpt:
        """Return a whole comment."""
        return await self.off_loop(lambda: self.archive.show(comment, language))

    def _answer(self, question: Question, length: int) -> Answer:
        with self.metrics.stage("answer"):
            answer = self.archive.answer(question)
        self.metrics.answered("telegram", answer)
        if length == self.settings.excerpt_length:
            return answer
        return replace(answer, excerpts=tuple(resized(excerpt, length) for excerpt in answer.excerpts))


def missing(error: RetrievalError) -> Sentence:
    """Return what to say where the archive gives no answer; what is wrong with a server goes to the log."""
    if not isinstance(error, UnavailableError):
        return messages.NO_INDEX
    log.error("The archive is away: %s", error)
    return messages.AWAY


async def noted(work: Coroutine[Any, Any, None]) -> None:
    """Do something that nobody waits for; what goes wrong is logged instead of lost."""
    try:
        await work
    except Exception as error:  # noqa: BLE001 - nobody else would hear of it
        log.warning("Something beside the answers failed: %s", what_happened(error))


def within(thread: str | None) -> Filters:
    """Return the filters that admit one thread, or all."""
    return Filters(thread=thread)


class Context(CallbackContext[Bot, dict[Any, Any], dict[Any, Any], Desk]):
    """A handler's second argument; `desk` is typed, nothing goes by string keys."""

    @property
    def desk(self) -> Desk:
        """Return what the handler works with."""
        return self.bot_data
