"""Sends messages to one place, notes what they are about, and forgets chats that want none."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from telegram.error import ChatMigrated, Forbidden, TelegramError

from bot.telegram import sending
from bot.telegram.desk import log
from bot.telegram.redaction import what_happened
from bot.telegram.requests import certainly_lost
from bot.telegram.styled import plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from telegram import Message

    from bot.telegram.buttons import Rows
    from bot.telegram.desk import Desk
    from bot.telegram.requests import Bot
    from bot.telegram.sending import Place
    from bot.telegram.styled import Styled


class Courier:
    """Sends messages to one place, and follows a group that becomes a supergroup meanwhile."""

    def __init__(self, bot: Bot, desk: Desk, place: Place) -> None:
        self.bot, self.desk, self.place = bot, desk, place
        #: Whether anything got as far as Telegram, be it refused.
        self.reached = False

    async def send(self, part: Styled, rows: Rows = ()) -> Message:
        """Send one message; a chat that does not want the bot is forgotten.

        Raise TelegramError where it was not sent, or may not have been.
        """
        try:
            sent = await self._send(part, rows)
        except TelegramError as error:
            self.reached = self.reached or not certainly_lost(error)
            if isinstance(error, Forbidden):
                self.desk.store.forget_chat(self.place.chat)
            raise
        self.reached = True
        return sent

    async def _send(self, part: Styled, rows: Rows) -> Message:
        try:
            return await sending.send(self.bot, self.place, part, rows)
        except ChatMigrated as moved:
            self.desk.store.migrate(self.place.chat, moved.new_chat_id)
            self.place = replace(self.place, chat=moved.new_chat_id)
            return await sending.send(self.bot, self.place, part, rows)

    async def tell(self, parts: Sequence[Styled], thread: str, rows: Rows = ()) -> None:
        """Send comments of one thread, the last message with buttons; a reply to any asks within it.

        Raise TelegramError as `send` does.
        """
        for number, part in enumerate(parts, start=1):
            sent = await self.send(part, rows if number == len(parts) else ())
            self.desk.store.speaks(sent.chat_id, sent.message_id, thread, self.desk.clock())

    async def say(self, text: str, rows: Rows = ()) -> Message | None:
        """Send a sentence; where that fails, only the log says so."""
        try:
            return await self.send(plain(text), rows)
        except TelegramError as error:
            log.warning("A message was not sent: %s", what_happened(error))
            return None
