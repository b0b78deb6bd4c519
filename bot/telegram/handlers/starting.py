"""The way in and around: /start with its links, /help, /status, /forget, and commands nobody knows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bot.telegram import links, menus, messages, render, showing
from bot.telegram.access import Standing
from bot.telegram.answering import Complaint
from bot.telegram.desk import missing
from bot.telegram.handlers.common import (
    admitted,
    argument,
    asker,
    courier,
    is_private,
    message_of,
    say,
    spoken,
)
from bot.telegram.reingest import described
from bot.telegram.styled import lines, plain
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from telegram import Update

    from bot.telegram.desk import Context


async def start(update: Update, context: Context) -> None:
    """Greet, or show the excerpt that a link names."""
    message = message_of(update)
    if not await admitted(message, context):
        return
    comment = links.comment(argument(context))
    if comment is None:
        await assist(update, context)
        return
    language = spoken(context.desk, message.chat_id, message.from_user)
    sender = courier(message, context)
    try:
        found = await showing.whole(sender, comment, None, 0, language)
    except Complaint as complaint:
        await sender.say(complaint(language))
    except RetrievalError as error:
        await sender.say(missing(error)(language))
    else:
        await sender.tell([found.part], found.thread, found.rows)


async def assist(update: Update, context: Context) -> None:
    """Say how to ask, and list the commands."""
    message = message_of(update)
    if not await admitted(message, context):
        return
    desk = context.desk
    language = spoken(desk, message.chat_id, message.from_user)
    admin = desk.access().standing(asker(message), message.chat_id) == Standing.ADMIN
    commands = [
        f"/{each.name} – {each.summary(language)}" for each in menus.COMMANDS if admin or not each.admin
    ]
    text = [
        messages.HELLO(language),
        messages.HELP_PRIVATE(language),
        messages.HELP_GROUP(language, bot=context.bot.username),
        "",
        *commands,
    ]
    await courier(message, context).say("\n".join(text))


async def status(update: Update, context: Context) -> None:
    """Say what is indexed, how fresh it is, and how the last re-ingest ended."""
    message = message_of(update)
    if not await admitted(message, context):
        return
    desk = context.desk
    language = spoken(desk, message.chat_id, message.from_user)
    sender = courier(message, context)
    try:
        parts = [render.status(await desk.manifest(), language)]
    except RetrievalError as error:
        await sender.say(missing(error)(language))
        return
    if desk.settings.reingest_every:
        parts.append(plain(messages.EVERY(language, seconds=round(desk.settings.reingest_every))))
    if desk.settings.reingest_cron:
        parts.append(plain(messages.BY_CRON(language, expression=desk.settings.reingest_cron)))
    if desk.reingest.last is not None:
        ended = described(desk.reingest.last, language).text
        parts.append(plain(messages.LAST_RUN(language, outcome=ended)))
    await sender.send(lines(parts))


async def forget(update: Update, context: Context) -> None:
    """Remove what is kept of somebody; who may not ask may still want that."""
    message = message_of(update)
    ratings, stored = context.desk.store.forget_user(asker(message))
    await say(message, context, messages.FORGOTTEN, ratings=ratings, pages=stored)


async def unknown(update: Update, context: Context) -> None:
    """Point to /help; in groups the command is somebody else's."""
    message = message_of(update)
    if is_private(message) and await admitted(message, context):
        await say(message, context, messages.UNKNOWN_COMMAND)
