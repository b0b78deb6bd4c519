"""The commands: what menus and /help list, and who sees which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from telegram import (
    BotCommand,
    BotCommandScopeAllGroupChats,
    BotCommandScopeAllPrivateChats,
    BotCommandScopeChat,
    BotCommandScopeDefault,
)
from telegram.error import TelegramError

from bot.telegram import messages
from bot.telegram.desk import log
from bot.telegram.redaction import what_happened

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from telegram import Bot, BotCommandScope

    from bot.messages import Message
    from retrieval.types import Language

#: The languages menus are set for: everybody's default, and the two we speak.
_LANGUAGES: tuple[tuple[str | None, Language], ...] = ((None, "en"), ("zh", "zh"), ("en", "en"))


@dataclass(frozen=True, slots=True)
class Command:
    """A command as menus list it."""

    name: str
    summary: Message
    admin: bool = False
    #: Whether it makes sense in groups.
    group: bool = True


COMMANDS = (
    Command("ask", messages.MENU_ASK),
    Command("more", messages.MENU_MORE),
    Command("threads", messages.MENU_THREADS),
    Command("lang", messages.MENU_LANG),
    Command("settings", messages.MENU_SETTINGS),
    Command("status", messages.MENU_STATUS),
    Command("cancel", messages.MENU_CANCEL),
    Command("forget", messages.MENU_FORGET),
    Command("help", messages.MENU_HELP),
    Command("start", messages.MENU_START, group=False),
    Command("reingest", messages.MENU_REINGEST, admin=True),
    Command("rollback", messages.MENU_ROLLBACK, admin=True),
    Command("allow", messages.MENU_ALLOW, admin=True),
    Command("deny", messages.MENU_DENY, admin=True),
)


def menus(admins: Iterable[int]) -> Iterator[tuple[BotCommandScope, list[Command]]]:
    """Yield which commands each kind of chat is offered."""
    everybody = [command for command in COMMANDS if not command.admin]
    yield BotCommandScopeDefault(), everybody
    yield BotCommandScopeAllPrivateChats(), everybody
    yield BotCommandScopeAllGroupChats(), [command for command in everybody if command.group]
    for admin in sorted(admins):
        yield BotCommandScopeChat(admin), list(COMMANDS)


async def publish(bot: Bot, admins: Iterable[int]) -> None:
    """Set every menu in every language; one that fails stops neither the others nor the bot."""
    for scope, commands in menus(admins):
        for code, language in _LANGUAGES:
            entries = [BotCommand(each.name, each.summary(language)) for each in commands]
            try:
                await bot.set_my_commands(entries, scope=scope, language_code=code)
            except TelegramError as error:
                log.info("A menu was not set: %s", what_happened(error))
