"""What handlers of all topics do first: who is it, where, in which language, and may they."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from telegram.constants import ChatType

from bot.telegram import messages
from bot.telegram.access import Standing
from bot.telegram.courier import Courier
from bot.telegram.sending import Place

if TYPE_CHECKING:
    from telegram import Message, Update, User

    from bot.messages import Message as Sentence
    from bot.telegram.desk import Context, Desk
    from retrieval.types import Language


def is_private(message: Message) -> bool:
    """Tell whether a message stands in a private chat."""
    return message.chat.type == ChatType.PRIVATE


def place_of(message: Message) -> Place:
    """Return where an answer to a message goes: into its topic, and in groups as a reply."""
    topic = message.message_thread_id if message.is_topic_message else None
    return Place(message.chat_id, None if is_private(message) else message.message_id, topic)


def asker(message: Message) -> int:
    """Return who wrote a message; for one written in a group's own name that is the group."""
    if message.sender_chat is not None:
        return message.sender_chat.id
    return message.from_user.id if message.from_user else message.chat_id


def spoken(desk: Desk, chat: int | None, user: User | None) -> Language:
    """Return the language of sentences that answer no question: the chat's, the settings', the user's."""
    chosen = desk.store.choices(chat).language if chat is not None else "auto"
    for language in (chosen, desk.settings.language):
        if language != "auto":
            return language
    return "zh" if user and (user.language_code or "").lower().startswith("zh") else "en"


def courier(message: Message, context: Context) -> Courier:
    """Return what sends answers to where a message stands."""
    return Courier(context.bot, context.desk, place_of(message))


async def say(message: Message, context: Context, sentence: Sentence, **values: object) -> None:
    """Answer a message with a sentence."""
    language = spoken(context.desk, message.chat_id, message.from_user)
    await courier(message, context).say(sentence(language, **values))


async def admitted(message: Message, context: Context, *, admin: bool = False) -> bool:
    """Tell whether the writer may do this; who may not is told why, and what to pass on."""
    user = asker(message)
    standing = context.desk.access().standing(user, message.chat_id)
    if standing == Standing.ADMIN or (standing == Standing.MEMBER and not admin):
        return True
    if standing == Standing.MEMBER:
        await say(message, context, messages.ADMINS_ONLY)
        return False
    context.desk.metrics.refused("stranger")
    if context.desk.stranger_limits.take(user, context.desk.clock()) > 0:
        return False
    if is_private(message):
        await say(message, context, messages.STRANGER, user=user)
    else:
        await say(message, context, messages.STRANGER_IN_GROUP, user=user, chat=message.chat_id)
    return False


async def in_time(message: Message, context: Context) -> bool:
    """Tell whether a chat may ask now; where it may not it is told when."""
    wait = context.desk.limits.take(message.chat_id, context.desk.clock())
    if wait > 0:
        context.desk.metrics.refused("limit")
        await say(message, context, messages.TOO_MANY, seconds=math.ceil(wait))
    return wait <= 0


def argument(context: Context) -> str:
    """Return what stands after a command, on one line."""
    return " ".join(context.args or ())


def message_of(update: Update) -> Message:
    """Return the message of an update that has one."""
    message = update.effective_message
    assert message is not None  # noqa: S101 - the handlers' filters admit no other update
    return message
