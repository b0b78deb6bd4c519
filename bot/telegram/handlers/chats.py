"""What happens to chats: groups become supergroups, people block the bot, groups put it out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from telegram.constants import ChatMemberStatus

from bot.telegram.handlers.common import message_of

if TYPE_CHECKING:
    from telegram import Update

    from bot.telegram.desk import Context

_GONE = {ChatMemberStatus.BANNED, ChatMemberStatus.LEFT}


async def migrated(update: Update, context: Context) -> None:
    """Move a group's settings to the supergroup it became; both of them say so."""
    message = message_of(update)
    if message.migrate_to_chat_id is not None:
        context.desk.store.migrate(message.chat_id, message.migrate_to_chat_id)
    elif message.migrate_from_chat_id is not None:
        context.desk.store.migrate(message.migrate_from_chat_id, message.chat_id)


async def membership(update: Update, context: Context) -> None:
    """Forget a chat that does not want the bot any more."""
    change = update.my_chat_member
    if change is not None and change.new_chat_member.status in _GONE:
        context.desk.store.forget_chat(change.chat.id)
