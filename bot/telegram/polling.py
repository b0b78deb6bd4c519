"""Fetch updates by long polling, each once, and know when somebody else does the same."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from telegram.error import Conflict, InvalidToken, RetryAfter, TelegramError

from bot.telegram.desk import log
from bot.telegram.intake import KINDS
from bot.telegram.redaction import what_happened
from bot.telegram.requests import seconds_of
from retrieval.errors import ConfigError, RetrievalError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bot.telegram.desk import Desk
    from bot.telegram.intake import Intake
    from bot.telegram.requests import Bot

#: Seconds one request waits for updates.
_WAIT = 30
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 60.0
#: A poller that conflicts this soon (seconds) after its start is the second one.
_SETTLED = 60.0
#: One that was there first gives the other this many tries to notice.
_PATIENCE = 10


@dataclass(frozen=True, slots=True)
class Batch:
    """Updates as they came, and where to go on."""

    updates: tuple[dict[str, Any], ...]
    offset: int | None


def batch(raw: Iterable[object], offset: int | None) -> Batch:
    """Put updates in order, each once; the offset confirms them all, whatever order they came in."""
    found = {
        each["update_id"]: each
        for each in raw
        if isinstance(each, dict) and isinstance(each.get("update_id"), int)
    }
    last = max(found, default=None)
    following = offset if last is None else max(last + 1, offset or last + 1)
    return Batch(tuple(found[key] for key in sorted(found)), following)


def gives_way(running: float, conflicts: int) -> bool:
    """Decide whether a poller ends, after so many seconds and conflicts in a row.

    Of two, Telegram interrupts now one and now the other; the one that came second has to go.
    """
    return running < _SETTLED or conflicts >= _PATIENCE


class Poller:
    """Fetches updates until it is cancelled."""

    def __init__(self, bot: Bot, desk: Desk, intake: Intake) -> None:
        self._bot, self._desk, self._intake = bot, desk, intake
        self._offset: int | None = None
        self._conflicts = 0

    async def run(self) -> None:
        """Fetch for ever.

        :raises RetrievalError: If another poller uses the same token.
        :raises ConfigError: If Telegram does not know the token any more.
        """
        began, pause = self._desk.clock(), _FIRST_PAUSE
        while True:
            await self._intake.room()
            try:
                await self._fetch(_WAIT)
                self._conflicts, pause = 0, _FIRST_PAUSE
            except TelegramError as error:
                self._give_up(error, self._desk.clock() - began)
                log.info("Updates were not fetched: %s", what_happened(error))
                await self._desk.sleep(seconds_of(error) if isinstance(error, RetryAfter) else pause)
                pause = min(_LONGEST_PAUSE, pause * 2)

    async def confirm(self) -> None:
        """Tell Telegram what was taken, so that it is not sent again after a restart."""
        if self._offset is not None:
            with contextlib.suppress(TelegramError):
                await self._bot.raw_updates(self._offset, 0, KINDS)

    async def _fetch(self, wait: int) -> None:
        found = batch(await self._bot.raw_updates(self._offset, wait, KINDS), self._offset)
        for raw in found.updates:
            self._intake.take_fetched(raw)
            await asyncio.sleep(0)  # a hundred in one go would hold everything else up
        self._offset = found.offset

    def _give_up(self, error: TelegramError, running: float) -> None:
        if isinstance(error, InvalidToken):
            raise ConfigError(*REJECTED) from None
        if isinstance(error, Conflict):
            self._conflicts += 1
            if gives_way(running, self._conflicts):
                raise RetrievalError(*TAKEN) from None


#: In English and Chinese.
REJECTED = (
    "Telegram does not accept the token; set THREADBOT_TELEGRAM_TOKEN to the one @BotFather gave you.",
    "Telegram 不接受这个令牌；请把 THREADBOT_TELEGRAM_TOKEN 设为 @BotFather 给您的令牌。",
)
TAKEN = (
    "Another program is fetching this bot's updates; stop it, or give this one a token of its own "
    "in THREADBOT_TELEGRAM_TOKEN.",
    "另一个程序正在接收这个机器人的消息；请停止它，或在 THREADBOT_TELEGRAM_TOKEN 中换一个令牌。",
)
