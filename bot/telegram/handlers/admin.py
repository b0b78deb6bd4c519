"""What only administrators may: /reingest, /rollback, /allow, /deny."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING

from telegram.error import TelegramError

from bot.home import home
from bot.telegram import buttons, messages, sending
from bot.telegram.handlers.common import admitted, argument, courier, message_of, say, spoken
from bot.telegram.reingest import described, progressed
from bot.telegram.styled import plain
from ingest.rollback import roll_back
from retrieval.errors import RetrievalError

if TYPE_CHECKING:
    from telegram import Message, Update

    from bot.telegram.courier import Courier
    from bot.telegram.desk import Context, Desk
    from bot.telegram.reingest import Outcome
    from retrieval.types import Language

#: Seconds between two edits of the progress message; Telegram slows down faster ones.
_STEP = 5.0


async def reingest(update: Update, context: Context) -> None:
    """Read the threads again, and tell how it goes by editing one message."""
    message = message_of(update)
    if not await admitted(message, context, admin=True):
        return
    desk = context.desk
    if desk.reingest.running:
        await say(message, context, messages.REINGEST_BUSY)
        return
    running = desk.reingest.start()
    language = spoken(desk, message.chat_id, message.from_user)
    desk.spawn(_report(courier(message, context), running, language))


async def rollback(update: Update, context: Context) -> None:
    """Let the generation before the current one answer again."""
    message = message_of(update)
    if await admitted(message, context, admin=True):
        language = spoken(context.desk, message.chat_id, message.from_user)
        await courier(message, context).say(await rolled_back(context.desk, language))


async def allow(update: Update, context: Context) -> None:
    """Let a user or a chat ask."""
    await _decide(update, context, allowed=True)


async def deny(update: Update, context: Context) -> None:
    """Stop a user or a chat from asking."""
    await _decide(update, context, allowed=False)


async def rolled_back(desk: Desk, language: Language) -> str:
    """Roll back and return what is said about it."""
    try:
        manifest = await desk.off_loop(lambda: roll_back(home(desk.settings)))
    except RetrievalError as error:
        return error.sentence(language)
    return messages.ROLLED_BACK(language, generation=manifest.generation)


async def _report(courier: Courier, running: asyncio.Task[Outcome], language: Language) -> None:
    """Show the progress in one message, and in the end what changed."""
    shown = await courier.say(messages.REINGEST_STARTED(language))
    began = courier.desk.clock()
    while not running.done():
        step = asyncio.ensure_future(courier.desk.sleep(_STEP))
        await asyncio.wait({running, step}, return_when=asyncio.FIRST_COMPLETED)
        step.cancel()
        seconds = round(courier.desk.clock() - began)
        if shown and not running.done():
            text = progressed(courier.desk.reingest.step, seconds, language)
            await _progress(courier, shown, text)
    await _conclude(courier, shown, running.result(), language)


async def _progress(courier: Courier, shown: Message, text: str) -> None:
    with contextlib.suppress(TelegramError):
        await sending.edit(courier.bot, shown.chat_id, shown.message_id, plain(text))


async def _conclude(courier: Courier, shown: Message | None, ended: Outcome, language: Language) -> None:
    part = described(ended, language)
    rows = buttons.under_reingest(language) if ended.published else ()
    try:
        if shown:
            await sending.edit(courier.bot, shown.chat_id, shown.message_id, part, rows)
            return
    except TelegramError:
        pass
    await courier.say(part.text, rows)


async def _decide(update: Update, context: Context, *, allowed: bool) -> None:
    message = message_of(update)
    if not await admitted(message, context, admin=True):
        return
    identity = _identity(argument(context))
    if identity is None:
        command = "/allow" if allowed else "/deny"
        await say(message, context, messages.WHICH_ID, command=command)
    elif not allowed and identity in context.desk.access().admins:
        await say(message, context, messages.IS_ADMIN, id=identity)
    else:
        context.desk.store.decide(identity, allowed=allowed)
        await say(message, context, messages.ALLOWED if allowed else messages.DENIED, id=identity)


def _identity(text: str) -> int | None:
    digits = text.removeprefix("-")
    return int(text) if digits.isascii() and digits.isdigit() and len(digits) < 20 else None
