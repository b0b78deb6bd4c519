"""How a chat wants its answers: /lang, /settings, /threads, and their buttons."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bot import messages as shared
from bot.telegram import buttons, messages, render
from bot.telegram.buttons import Verb
from bot.telegram.desk import missing
from bot.telegram.handlers.common import admitted, argument, courier, message_of, say, spoken
from bot.telegram.styled import name
from retrieval.errors import RetrievalError, UsageError
from retrieval.questions import scope_of
from retrieval.types import Filters

if TYPE_CHECKING:
    from typing import Literal

    from telegram import Update

    from bot.telegram.buttons import Press, Rows
    from bot.telegram.courier import Courier
    from bot.telegram.desk import Context, Desk
    from bot.telegram.store import Choices
    from bot.telegram.styled import Styled
    from retrieval.generations import Manifest
    from retrieval.types import Language

_LANG_SET = {"en": messages.LANG_ENGLISH, "zh": messages.LANG_CHINESE, "auto": shared.LANG_AUTO}


async def lang(update: Update, context: Context) -> None:
    """Set the language of quotes and sentences in this chat."""
    message = message_of(update)
    if not await admitted(message, context):
        return
    chosen = _tongue(argument(context).lower())
    if chosen is None:
        await say(message, context, shared.LANG_USAGE)
        return
    store = context.desk.store
    store.choose(message.chat_id, replace(store.choices(message.chat_id), language=chosen))
    await say(message, context, _LANG_SET[chosen])


async def settings(update: Update, context: Context) -> None:
    """Show how this chat wants its answers, with buttons to change it."""
    message = message_of(update)
    if await admitted(message, context):
        language = spoken(context.desk, message.chat_id, message.from_user)
        part, rows = await settings_page(context.desk, message.chat_id, language)
        await courier(message, context).send(part, rows)


async def threads(update: Update, context: Context) -> None:
    """List the threads to pick one to ask within; a name after the command picks at once."""
    message = message_of(update)
    if not await admitted(message, context):
        return
    language = spoken(context.desk, message.chat_id, message.from_user)
    sender = courier(message, context)
    wanted = argument(context)
    try:
        manifest = await context.desk.manifest()
        picked = await _picked_by_name(sender, manifest, wanted, language) if wanted else None
    except RetrievalError as error:
        await sender.say(missing(error)(language))
        return
    if picked is not None:
        await sender.say(picked)
        return
    await sender.send(*threads_page(manifest, 0, language))


def threads_page(manifest: Manifest, number: int, language: Language) -> tuple[Styled, Rows]:
    """Return one page of the threads and its buttons."""
    part, ids, page, pages = render.threads(manifest, number, language)
    first = page * render.THREADS_PAGE + 1
    return part, buttons.under_threads(ids, page, pages, first, language)


async def pick(courier: Courier, thread: str | None, language: Language) -> str:
    """Ask only one thread from now on, or all of them; return what is said about it."""
    desk, chat = courier.desk, courier.place.chat
    choices = desk.store.choices(chat)
    if thread is None:
        desk.store.choose(chat, replace(choices, thread=None))
        return shared.THREAD_OFF(language)
    entry = (await desk.manifest()).thread(thread)
    if entry is None:
        return messages.THREAD_GONE(language)
    desk.store.choose(chat, replace(choices, thread=thread))
    return shared.THREAD_SET(language, titles=render.title(entry.thread, language))


def changed(choices: Choices, press: Press) -> Choices | None:
    """Return choices after a press on a button of /settings, None where it offers no such thing."""
    number = press.numbers[0] if press.numbers else None
    tongue = _tongue(press.id)
    if press.verb == Verb.LANG and tongue is not None:
        return replace(choices, language=tongue)
    if press.verb == Verb.COUNT and number in buttons.COUNTS:
        return replace(choices, count=number)
    if press.verb == Verb.LENGTH and number in buttons.LENGTHS:
        return replace(choices, length=number)
    return None


async def settings_page(desk: Desk, chat: int, language: Language) -> tuple[Styled, Rows]:
    """Return how a chat wants its answers, and the buttons to change it."""
    choices = desk.store.choices(chat)
    spoken_now = choices.language if choices.language != "auto" else language
    count, length = desk.count(choices), desk.length(choices)
    thread = None
    if choices.thread is not None:
        try:
            entry = (await desk.manifest()).thread(choices.thread)
        except RetrievalError:
            entry = None
        thread = entry.thread if entry else None
    part = render.settings(choices, count, length, thread, spoken_now)
    return part, buttons.under_settings(choices.language, count, length, spoken_now)


async def _picked_by_name(courier: Courier, manifest: Manifest, wanted: str, language: Language) -> str:
    if wanted.lower() == "off":
        return await pick(courier, None, language)
    if wanted.isdecimal() and 1 <= int(wanted) <= len(manifest.threads):
        return await pick(courier, manifest.threads[int(wanted) - 1].thread.id, language)
    try:
        found = scope_of(Filters(thread=wanted), manifest).threads or ()
    except UsageError:
        return messages.NO_SUCH_THREAD(language, name=name(wanted))
    return await pick(courier, found[0], language)


def _tongue(word: str) -> Literal["auto", "zh", "en"] | None:
    tongues: dict[str, Literal["auto", "zh", "en"]] = {"auto": "auto", "zh": "zh", "en": "en"}
    return tongues.get(word)
