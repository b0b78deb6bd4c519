"""A bot at work against the double, with an archive and a clock that only moves when told."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from bot.server.health import Health
from bot.server.metrics import Metrics
from bot.settings import Settings
from bot.telegram.application import Ports, serve
from tests.bot.telegram.double import TOKEN, Call, Double
from tests.fakes import FakeArchive

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from bot.server.hook import Hook
    from retrieval.types import Answer, Excerpt, Language, Question

#: Waits this long (seconds) last until a test moves the clock; shorter ones are over at once.
_HELD = 4.5
ADMIN, GROUP = 7, -100500


class KnownArchive(FakeArchive):
    """An archive whose comments keep their ids when they are shown whole."""

    def show(self, comment_id: str, language: Language) -> Excerpt:
        """Return a whole comment, in both languages."""
        found = super().show(comment_id, language)
        return replace(found, comment=replace(found.comment, id=comment_id))


class SlowArchive(KnownArchive):
    """An archive that answers when it is let."""

    def __init__(self) -> None:
        super().__init__()
        self.gate = threading.Event()
        #: The questions it has begun with, as they come.
        self.begun: list[str] = []

    def answer(self, question: Question) -> Answer:
        """Wait first; only an executor may call this, or the bot would hang."""
        self.begun.append(question.text)
        assert self.gate.wait(10)
        return super().answer(question)


class Time:
    """A clock and a way to wait that take no time."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0
        self.waits: list[float] = []
        self._held: list[tuple[float, asyncio.Future[None]]] = []
        self._more = asyncio.Event()

    def clock(self) -> float:
        """Return the time."""
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Wait: shortly at once, long ones until the clock is moved."""
        self.waits.append(seconds)
        if seconds < _HELD:
            self.now += seconds
            await asyncio.sleep(0)
            return
        future = asyncio.get_running_loop().create_future()
        self._held.append((self.now + seconds, future))
        self._more.set()
        await future

    async def advance(self, seconds: float) -> None:
        """Move the clock, and let everything go on that waited for it."""
        self.now += seconds
        due = [future for at, future in self._held if at <= self.now]
        self._held = [(at, future) for at, future in self._held if at > self.now]
        for future in due:
            if not future.done():
                future.set_result(None)
        await asyncio.sleep(0)

    async def until_waiting(self, seconds: float) -> None:
        """Return when somebody waits so long, give or take the short waits that were over meanwhile."""
        async with asyncio.timeout(10):
            while not any(
                -1 < round(at - self.now - seconds, 3) <= 0 and not f.done() for at, f in self._held
            ):
                self._more.clear()
                await self._more.wait()


class World:
    """One bot and its surroundings; `start` it, talk through `api`, `stop` it."""

    def __init__(self, data_dir: Path, archive: FakeArchive | None = None) -> None:
        self.data_dir = data_dir
        self.archive = archive or KnownArchive()
        self.api = Double()
        self.time = Time()
        self.ingests: list[list[str]] = []
        #: What the next ingests come to: exit code, standard output, and lines of standard error.
        self.outcome: tuple[int, str, list[str]] = (0, "{}", [])
        self.ingesting = asyncio.Event()
        self.ingesting.set()
        #: Set once one of them has said all of its lines.
        self.said = asyncio.Event()
        self.stopping = asyncio.Event()
        self.timeout, self.grace = 10.0, 10.0
        self.task: asyncio.Task[None] | None = None
        self.metrics, self.health = Metrics(), Health()

    async def start(self, hook: Hook | None = None, **changes: object) -> None:
        """Start the bot and wait until it fetches updates, or has set its webhook."""
        if not self.api.url:
            await self.api.start()
        self.stopping = asyncio.Event()
        values = {"allowed": f"1,2,3,{GROUP}", "admins": str(ADMIN)} | changes
        settings = Settings(data_dir=self.data_dir, telegram_token=TOKEN, telegram_api=self.api.url, **values)
        ports = Ports(
            self.time.sleep,
            self.time.clock,
            self._ingest,
            self.timeout,
            self.grace,
            self.metrics,
            self.health,
        )
        first = "getUpdates" if hook is None else "setWebhook"
        before = len(self.api.of(first))
        self.task = asyncio.create_task(serve(settings, self.archive, self.stopping, ports, hook))
        polled = asyncio.create_task(self.api.until(first, before + 1))
        await asyncio.wait({self.task, polled}, return_when=asyncio.FIRST_COMPLETED)
        polled.cancel()

    async def stop(self) -> None:
        """Stop the bot as a signal would."""
        self.stopping.set()
        if self.task:
            await asyncio.wait_for(self.task, 10)

    async def ask(self, text: str = "How do I pollinate?", *, messages: int = 1, **options: object) -> Call:
        """Ask, wait for the messages it takes, and return the last one."""
        before = len(self.api.of("sendMessage"))
        await self.api.say(text, **options)
        return await self._answered(before + messages)

    async def press(self, call: Call, label: str, *, messages: int = 0, **options: object) -> str | None:
        """Press a button under a message of the bot's; return the notice it is answered with."""
        before, answered = len(self.api.of("sendMessage")), len(self.api.of("answerCallbackQuery"))
        await self.api.press(call.buttons[label], call.message, **options)
        answer = await self.api.until("answerCallbackQuery", answered + 1)
        if messages:
            await self._answered(before + messages)
        return answer["text"]

    async def settled(self) -> None:
        """Return when the bot has read the answers to all it has sent so far."""
        before = len(self.api.of("answerCallbackQuery"))
        await self.api.press("nonsense", 1, user=ADMIN)
        await self.api.until("answerCallbackQuery", before + 1)

    async def begun(self, *questions: str) -> None:
        """Return when a slow archive is at work on these questions and on no others."""
        async with asyncio.timeout(10):
            while sorted(self.archive.begun) != sorted(questions):
                await self.settled()

    async def _answered(self, number: int) -> Call:
        call = await self.api.until("sendMessage", number)
        await self.settled()
        return call

    async def _ingest(self, arguments: Sequence[str], hear: Callable[[str], None]) -> tuple[int, str]:
        self.ingests.append(list(arguments))
        code, out, lines = self.outcome
        for line in lines:
            hear(line)
        self.said.set()
        await self.ingesting.wait()
        return code, out
