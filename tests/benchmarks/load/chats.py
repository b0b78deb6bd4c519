"""People in Telegram chats who ask again as soon as they are answered, behind the Bot API's double."""

from __future__ import annotations

import asyncio
from itertools import cycle
from typing import TYPE_CHECKING, Any

from aiohttp import web

from tests.benchmarks.load.ledger import Ledger
from tests.bot.telegram.double import TOKEN, Call, Double

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.benchmarks.load.child import Child

#: The last message of an answer has this button; an apology has not.
_LAST = "👍"
#: Seconds that an answer may take before it counts as lost.
_LONGEST = 60
_START = 120


class Chats(Double):
    """The double and the people; keeps no calls, so that a long run costs it no memory."""

    def __init__(self, questions: Sequence[str]) -> None:
        super().__init__()
        self.ledger = Ledger()
        self.questions = questions
        self._polled = asyncio.Event()
        self._answered: dict[int, asyncio.Event] = {}

    def settings(self) -> dict[str, str]:
        """Return what the bot needs to know; nobody is refused for asking too often."""
        return {
            "THREADBOT_TELEGRAM_API": self.url,
            "THREADBOT_TELEGRAM_TOKEN": TOKEN,
            "THREADBOT_ALLOWED": "*",
            "THREADBOT_CHAT_LIMIT": "1000000",
            "THREADBOT_TOTAL_LIMIT": "1000000",
        }

    async def until_polled(self, bot: Child) -> None:
        """Return when the bot fetches updates."""
        polled = asyncio.create_task(self._polled.wait())
        ended = asyncio.create_task(bot.process.wait())
        await asyncio.wait({polled, ended}, timeout=_START, return_when=asyncio.FIRST_COMPLETED)
        assert polled.done(), f"the bot did not start:\n{bot.log.read_text(encoding='utf-8')}"
        ended.cancel()

    async def ask(self, chat: int, question: str) -> None:
        """Ask in a chat and return when that is answered.

        :raises TimeoutError: If it is not.
        """
        answered = self._answered[chat] = asyncio.Event()
        self.ledger.ask(chat, question, asyncio.get_running_loop().time())
        await self.say(question, user=chat)
        async with asyncio.timeout(_LONGEST):
            await answered.wait()

    async def one_after_another(self, count: int) -> float:
        """Ask so many questions in one chat, each when the one before is answered; return the seconds."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        for _, question in zip(range(count), cycle(self.questions), strict=False):
            await self.ask(1, question)
        return loop.time() - began

    async def all_at_once(self, count: int, seconds: float) -> None:
        """Let so many chats ask for so long, each again as soon as it is answered."""
        end = asyncio.get_running_loop().time() + seconds
        await asyncio.gather(*(self._insist(1000 + number, end) for number in range(count)))

    async def _insist(self, chat: int, end: float) -> None:
        loop = asyncio.get_running_loop()
        number = chat
        while loop.time() < end:
            try:
                await self.ask(chat, self.questions[number % len(self.questions)])
            except TimeoutError:
                return  # the ledger says that it is lost
            number += 1

    async def _handle(self, request: web.Request) -> web.StreamResponse:
        try:
            return await super()._handle(request)
        except ConnectionResetError:  # a "typing" that the bot gave up when its answer was there
            return web.Response()

    async def _record(self, call: Call) -> None:
        if call.method == "getUpdates":
            self._polled.set()

    async def _answer(self, call: Call) -> web.Response:
        response = await super()._answer(call)
        if call.method == "sendMessage":
            self._heard(call)
        return response

    def _heard(self, call: Call) -> None:
        chat: Any = call["chat_id"]
        now = asyncio.get_running_loop().time()
        if self.ledger.hear(chat, call.text, now, last=_LAST in call.buttons):
            self._answered[chat].set()
