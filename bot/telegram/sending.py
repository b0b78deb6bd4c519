"""Put messages into chats: with entities, else as plain text where Telegram refuses those."""

from __future__ import annotations

import asyncio
import contextlib
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from telegram import (
    InlineKeyboardButton,
    InlineKeyboardMarkup,
    LinkPreviewOptions,
    MessageEntity,
    ReplyParameters,
)
from telegram.constants import ChatAction
from telegram.error import BadRequest, TelegramError

from bot.telegram import styled

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from telegram import Bot, Message

    from bot.telegram.buttons import Rows
    from bot.telegram.ports import Sleep
    from bot.telegram.styled import Styled

#: A typing action is shown for five seconds.
_TYPING = 4.5
#: Whoever is answered sooner (seconds) need not be told that the bot works on it: that would be one more
#: request per answer, given up half way, and its connection with it.
_AT_ONCE = 0.3
_NO_PREVIEW = LinkPreviewOptions(is_disabled=True)
_SAME = "not modified"


@dataclass(frozen=True, slots=True)
class Place:
    """Where an answer goes."""

    chat: int
    #: The message it answers, and the topic that stands in, if any.
    reply_to: int | None = None
    topic: int | None = None


async def send(bot: Bot, place: Place, part: Styled, rows: Rows = ()) -> Message:
    """Send one message; as plain text where Telegram refuses its entities or buttons.

    Raise TelegramError; only the caller knows what is to be done then.
    """
    try:
        return await _send(bot, place, part, rows)
    except BadRequest as error:
        if "thread not found" in error.message.lower():
            return await send(bot, replace(place, topic=None), part, rows)
        if not part.marks and not _addresses(rows):
            raise
        return await _send(bot, place, styled.plain(part.text), _without_addresses(rows))


async def edit(bot: Bot, chat: int, message: int, part: Styled, rows: Rows = ()) -> None:
    """Change a message; one that is so already stays."""
    try:
        await _edit(bot, chat, message, part, rows)
    except BadRequest as error:
        if _SAME in error.message:
            return
        if not part.marks and not _addresses(rows):
            raise
        await _edit(bot, chat, message, styled.plain(part.text), _without_addresses(rows))


async def edit_buttons(bot: Bot, chat: int, message: int, rows: Rows) -> None:
    """Change the buttons under a message."""
    try:
        await bot.edit_message_reply_markup(chat_id=chat, message_id=message, reply_markup=markup(rows))
    except BadRequest as error:
        if _SAME not in error.message:
            raise


@asynccontextmanager
async def typing(bot: Bot, place: Place, sleep: Sleep) -> AsyncIterator[None]:
    """Show that the bot is working on something, until it is done."""
    task = asyncio.create_task(_type(bot, place, sleep))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})


async def react(bot: Bot, chat: int, message: int, reaction: str | None) -> None:
    """Put a reaction on a message, or take it off; a chat that has none allowed does without."""
    with contextlib.suppress(TelegramError):
        await bot.set_message_reaction(chat, message, reaction)


def entities(part: Styled) -> list[MessageEntity]:
    """Return the marks of a message as Telegram wants them."""
    return [MessageEntity(each.type, each.offset, each.length) for each in styled.entities(part)]


def markup(rows: Rows) -> InlineKeyboardMarkup | None:
    """Return buttons as Telegram wants them."""
    if not rows:
        return None
    return InlineKeyboardMarkup(
        [
            [InlineKeyboardButton(each.label, callback_data=each.data, url=each.url) for each in row]
            for row in rows
        ]
    )


async def _send(bot: Bot, place: Place, part: Styled, rows: Rows) -> Message:
    reply = None
    if place.reply_to is not None:
        reply = ReplyParameters(place.reply_to, allow_sending_without_reply=True)
    return await bot.send_message(
        place.chat,
        part.text,
        entities=entities(part),
        reply_markup=markup(rows),
        message_thread_id=place.topic,
        reply_parameters=reply,
        link_preview_options=_NO_PREVIEW,
    )


async def _edit(bot: Bot, chat: int, message: int, part: Styled, rows: Rows) -> None:
    await bot.edit_message_text(
        part.text,
        chat_id=chat,
        message_id=message,
        entities=entities(part),
        reply_markup=markup(rows),
        link_preview_options=_NO_PREVIEW,
    )


async def _type(bot: Bot, place: Place, sleep: Sleep) -> None:
    await sleep(_AT_ONCE)
    while True:
        with contextlib.suppress(TelegramError):
            await bot.send_chat_action(place.chat, ChatAction.TYPING, message_thread_id=place.topic)
        await sleep(_TYPING)


def _addresses(rows: Rows) -> bool:
    return any(button.url for row in rows for button in row)


def _without_addresses(rows: Rows) -> Rows:
    kept = (tuple(button for button in row if not button.url) for row in rows)
    return tuple(row for row in kept if row)
