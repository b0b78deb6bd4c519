"""Questions: heard, checked, put in line, answered; /ask, /more and /cancel."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from telegram import MessageEntity
from telegram.error import TelegramError

from bot.telegram import answering, messages, showing
from bot.telegram.answering import Asked, Complaint
from bot.telegram.courier import Courier
from bot.telegram.desk import missing
from bot.telegram.handlers.common import (
    admitted,
    asker,
    courier,
    in_time,
    is_private,
    message_of,
    place_of,
    say,
    spoken,
)
from bot.telegram.listening import Heard, question_in
from bot.telegram.queue import Job
from retrieval.errors import NoIndexError, UnavailableError

if TYPE_CHECKING:
    from telegram import Message, Update

    from bot.telegram.desk import Context
    from bot.telegram.requests import Bot


async def heard(update: Update, context: Context) -> None:
    """Take a message as a question if it is meant for the bot."""
    message = message_of(update)
    asked = question_in(facts(message, context.bot))
    if asked is not None:
        await _receive(message, context, asked)


async def ask(update: Update, context: Context) -> None:
    """Take what stands after /ask as a question, else what the message replies to."""
    message = message_of(update)
    _, *words = (message.text or "").split(None, 1)
    text = words[0].strip() if words else ""
    replied = message.reply_to_message
    if not text and replied and replied.text and not _of_bot(replied, context.bot):
        text = replied.text.strip()
    if text:
        await _receive(message, context, text)
    elif await admitted(message, context):
        await say(message, context, messages.ASK_WHAT)


async def other(update: Update, context: Context) -> None:
    """Say that pictures and the like are not read."""
    message = message_of(update)
    if await admitted(message, context):
        await say(message, context, messages.TEXT_ONLY)


async def more(update: Update, context: Context) -> None:
    """Show the next page of the last answer, or of the one replied to."""
    message = message_of(update)
    if not await admitted(message, context) or not await in_time(message, context):
        return
    desk = context.desk
    replied = message.reply_to_message
    shown = desk.store.shown(message.chat_id, replied.message_id) if replied else None
    page = shown[0] if shown else desk.store.latest(message.chat_id, place_of(message).topic)
    language = spoken(desk, message.chat_id, message.from_user)
    sender = courier(message, context)
    try:
        notice = await showing.turn(sender, page, language)
    except Complaint as complaint:
        notice = complaint(page.language if page else language)
    except (NoIndexError, UnavailableError) as error:
        notice = missing(error)(page.language if page else language)
    except TelegramError as error:
        await answering.apologise(sender, error, None, language)
        return
    if notice:
        await sender.say(notice)


async def cancel(update: Update, context: Context) -> None:
    """Drop the questions that wait in this chat."""
    message = message_of(update)
    if not await admitted(message, context):
        return
    count = await context.desk.queue.cancel(message.chat_id)
    if count:
        await say(message, context, messages.CANCELLED, count=count)
    else:
        await say(message, context, messages.NOTHING_WAITS)


def facts(message: Message, bot: Bot) -> Heard:
    """Return what decides whether a message is meant for the bot."""
    found = message.parse_entities([MessageEntity.MENTION, MessageEntity.TEXT_MENTION])
    mentions = tuple(
        text
        for entity, text in found.items()
        if text.lower() == f"@{bot.username}".lower() or (entity.user and entity.user.id == bot.id)
    )
    replied = message.reply_to_message
    return Heard(
        text=message.text or "",
        private=is_private(message),
        mentions=mentions,
        replies_to_bot=replied is not None and _of_bot(replied, bot),
        via_bot=message.via_bot is not None and message.via_bot.id == bot.id,
    )


async def _receive(message: Message, context: Context, text: str) -> None:
    """Put a question in its chat's line."""
    if not await admitted(message, context) or not await in_time(message, context):
        return
    desk = context.desk
    asked = _asked(message, context, text)
    job = Job(
        partial(answering.answer, context.bot, desk, asked), partial(_dropped, context.bot, context, asked)
    )
    desk.store.begin(asked.pending)
    if not desk.queue.submit(message.chat_id, job):
        desk.store.finish(message.chat_id, message.message_id)
        desk.metrics.refused("line")
        await say(message, context, messages.QUEUE_FULL, count=desk.queue.waiting(message.chat_id))


def _asked(message: Message, context: Context, text: str) -> Asked:
    desk = context.desk
    replied = message.reply_to_message
    thread = desk.store.thread_of(message.chat_id, replied.message_id) if replied else None
    return Asked(
        text=text,
        user=asker(message),
        message=message.message_id,
        place=place_of(message),
        language=spoken(desk, message.chat_id, message.from_user),
        private=is_private(message),
        thread=thread,
    )


async def _dropped(bot: Bot, context: Context, asked: Asked) -> None:
    """Forget a question that was cancelled; one that a stop leaves behind gets an apology."""
    desk = context.desk
    if desk.stopping:
        sender = Courier(bot, desk, asked.place)
        await sender.say(messages.RESTARTED(asked.language))
        if not sender.reached:
            return  # the next start apologises
    desk.store.finish(asked.place.chat, asked.message)


def _of_bot(message: Message, bot: Bot) -> bool:
    """Tell whether the bot wrote a message; that a topic was opened is no message of anybody's."""
    if message.forum_topic_created is not None:
        return False
    return message.from_user is not None and message.from_user.id == bot.id
