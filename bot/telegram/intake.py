"""Where updates enter the bot, fetched or brought: each once, understood or left out, and never too many."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from telegram import Update

from bot.server.hook import Taken
from bot.telegram.desk import log
from bot.telegram.redaction import what_happened

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bot.telegram.desk import Desk
    from bot.telegram.requests import Bot

#: What the bot wants to hear of.
KINDS = ["message", "callback_query", "inline_query", "my_chat_member"]


class Updates(asyncio.Queue[object]):
    """The library's queue, with a measure of what has not been dealt with.

    The library empties its queue at once into tasks of its own, so what waits in it says nothing.
    """

    def __init__(self, most: int) -> None:
        super().__init__()
        self._most = most
        self._under_way = 0
        self._room = asyncio.Event()
        self._room.set()

    @property
    def crowded(self) -> bool:
        """Tell whether as many updates as there may be are under way."""
        return self._under_way >= self._most

    async def room(self) -> None:
        """Return once there is room."""
        await self._room.wait()

    def put_nowait(self, item: object) -> None:
        """See `asyncio.Queue.put_nowait`; the caller minds the room."""
        super().put_nowait(item)
        self._under_way += 1
        if self.crowded:
            self._room.clear()

    def task_done(self) -> None:
        """See `asyncio.Queue.task_done`."""
        super().task_done()
        self._under_way -= 1
        self._room.set()


class Intake:
    """Takes updates as JSON and hands them to the library."""

    def __init__(self, bot: Bot, desk: Desk, queue: Updates) -> None:
        self._bot, self._desk, self._queue = bot, desk, queue

    async def room(self) -> None:
        """Return once there is room for more updates."""
        await self._queue.room()

    def take(self, raw: Mapping[str, Any]) -> Taken:
        """Put an update in line, at once; see `bot.server.hook.Take`."""
        if not self._queue.crowded:
            return self.take_fetched(raw)
        self._desk.metrics.took_update(Taken.FULL.value)
        return Taken.FULL

    def take_fetched(self, raw: Mapping[str, Any]) -> Taken:
        """Put an update in line though there be no room: whoever fetched it cannot give it back."""
        outcome = self._put(raw)
        self._desk.metrics.took_update(outcome.value)
        return outcome

    def _put(self, raw: Mapping[str, Any]) -> Taken:
        if not self._desk.store.take(raw["update_id"], self._desk.clock()):
            return Taken.AGAIN
        try:
            update = Update.de_json(dict(raw), self._bot)
        except Exception as error:  # noqa: BLE001 - one update nobody understands must not stop the others
            log.warning("An update was not understood: %s", what_happened(error))
            return Taken.ODD
        self._queue.put_nowait(update)
        return Taken.TAKEN
