"""Presses on buttons: each verb's work; every press is answered, also where it came to nothing."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from telegram.error import BadRequest, TelegramError

from bot.telegram import answering, buttons, messages, render, sending, showing, styled
from bot.telegram.access import Standing
from bot.telegram.answering import Complaint
from bot.telegram.buttons import Verb, View, pressed
from bot.telegram.courier import Courier
from bot.telegram.desk import log, missing
from bot.telegram.handlers import admin, choosing
from bot.telegram.handlers.common import spoken
from bot.telegram.redaction import what_happened
from bot.telegram.render import Card
from bot.telegram.sending import Place
from retrieval.errors import NoIndexError, RetrievalError, UnavailableError, UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from telegram import CallbackQuery, Update

    from bot.telegram.buttons import Press
    from bot.telegram.desk import Context, Desk
    from bot.telegram.pages import Page
    from retrieval.types import Excerpt, Language

#: Verbs that search, and so count as questions.
_SEARCHES = {Verb.NEXT, Verb.LIKE}
#: A notice may have this many characters.
_LONGEST_NOTICE = 200
#: A longer one is shown until it is closed.
_TOAST = 60


@dataclass(frozen=True, slots=True)
class Click:
    """One press: what it said, who pressed, under which message."""

    press: Press
    courier: Courier
    message: int
    user: int
    #: Of sentences, where the button does not know better.
    language: Language
    standing: Standing

    @property
    def desk(self) -> Desk:
        """Return what handlers work with."""
        return self.courier.desk

    @property
    def chat(self) -> int:
        """Return the chat it happened in."""
        return self.courier.place.chat

    @property
    def spoken(self) -> Language:
        """Return the language of sentences."""
        return self.press.language or self.language

    def page(self) -> Page:
        """Return the page the press is about; raise Complaint if it expired or is another chat's."""
        page = self.desk.store.page(self.press.id)
        if page is None or page.chat != self.chat:
            raise Complaint(messages.EXPIRED)
        return page

    async def edit(self, part: styled.Styled, rows: buttons.Rows) -> None:
        """Change the message that was pressed, or send a new one where it cannot be changed."""
        try:
            await sending.edit(self.courier.bot, self.chat, self.message, part, rows)
        except BadRequest:
            await self.courier.send(part, rows)


async def clicked(update: Update, context: Context) -> None:
    """Carry out a press and answer it."""
    query = update.callback_query
    assert query is not None  # noqa: S101 - this handler gets nothing else
    notice: str | None = None
    try:
        notice = await _notice(query, context)
    finally:
        try:
            await query.answer(
                notice[:_LONGEST_NOTICE] if notice else None, show_alert=len(notice or "") > _TOAST
            )
        except TelegramError as error:
            log.info("A press was not answered: %s", what_happened(error))


async def _notice(query: CallbackQuery, context: Context) -> str | None:
    """Carry out a press; return what its presser is told."""
    desk = context.desk
    if query.message is None:
        return messages.EXPIRED(spoken(desk, None, query.from_user))
    chat = query.message.chat.id
    language = spoken(desk, chat, query.from_user)
    press = pressed(query.data or "")
    standing = desk.access().standing(query.from_user.id, chat)
    if press is None:
        return messages.EXPIRED(language)
    if standing == Standing.STRANGER:
        return messages.STRANGER(language, user=query.from_user.id)
    if press.verb in _SEARCHES and (wait := desk.limits.take(chat, desk.clock())) > 0:
        desk.metrics.refused("limit")
        return messages.TOO_MANY(language, seconds=math.ceil(wait))
    click = Click(
        press, _courier(query, context), query.message.message_id, query.from_user.id, language, standing
    )
    return await _carried_out(click)


async def _carried_out(click: Click) -> str | None:
    try:
        return await _VERBS[click.press.verb](click)
    except Complaint as complaint:
        return complaint(click.spoken)
    except (NoIndexError, UnavailableError) as error:
        return missing(error)(click.spoken)
    except RetrievalError as error:
        return error.sentence(click.spoken)
    except Exception as error:  # noqa: BLE001 - whatever it is, the presser gets an apology
        click.desk.metrics.failed()
        log.warning("A press came to nothing: %s", what_happened(error))
        return messages.SORRY(click.spoken)


def _courier(query: CallbackQuery, context: Context) -> Courier:
    message = query.message
    assert message is not None  # noqa: S101 - checked by the caller
    topic = (
        getattr(message, "message_thread_id", None) if getattr(message, "is_topic_message", None) else None
    )
    return Courier(context.bot, context.desk, Place(message.chat.id, message.message_id, topic))


async def _select(click: Click) -> str | None:
    page = click.page()
    view = View.of(click.press, page)
    if view is None:
        raise Complaint(messages.EXPIRED)
    rows = buttons.under_answer(page, view)
    await sending.edit_buttons(click.courier.bot, click.chat, click.message, rows)
    click.desk.store.show(click.chat, click.message, page.id, view.selected)  # for follow-ups
    return None


async def _flip(click: Click) -> str | None:
    page = click.page()
    view = View.of(click.press, page)
    if view is None:
        raise Complaint(messages.EXPIRED)
    cards = await answering.cards_of(click.desk, page, view.first, view.last, flipped=view.flipped)
    parts = await answering.laid_out_again(click.desk, page, cards, view)
    rows = buttons.under_answer(page, view)
    if len(parts) == 1:
        await click.edit(parts[0], rows)
        return None
    for part in parts[:-1]:
        await click.courier.send(part)
    await click.courier.send(parts[-1], rows)
    return None


async def _why(click: Click) -> str | None:
    page = click.page()
    view = View.of(click.press, page)
    if view is None:
        raise Complaint(messages.EXPIRED)
    place = view.selected
    card = (await answering.cards_of(click.desk, page, place, place + 1, flipped=view.flipped))[0]
    if card is None:
        raise Complaint(messages.REMOVED)
    return render.because(page.items[place], card.excerpt, page.language)


async def _next(click: Click) -> str | None:
    return await showing.turn(click.courier, click.page(), click.language)


async def _again(click: Click) -> str | None:
    page = click.page()
    cards = await answering.cards_of(click.desk, page, 0, len(page.items), flipped=False)
    await answering.show(click.courier, page, cards, await click.desk.manifest())
    return None


async def _vote(click: Click) -> str | None:
    page = click.page()
    good = click.press.verb == Verb.UP
    click.desk.store.rate(page, click.user, good=good, at=click.desk.clock())
    return messages.THANKS(page.language)


async def _chain(click: Click) -> str | None:
    excerpt = await showing.comment(click.desk, click.press.id, click.spoken)
    above: dict[str, Excerpt] = {}
    for link in excerpt.chain:
        try:
            above[link.id] = await click.desk.show(link.id, click.spoken)
        except UsageError:
            continue
    parts = [part for part, _, _ in styled.pack(render.chain(excerpt, above, click.spoken))]
    await click.courier.tell(parts, excerpt.thread.id)
    return None


async def _like(click: Click) -> str | None:
    desk = click.desk
    page, excerpts = await answering.alike(
        desk, click.courier.place, click.user, click.press.id, click.spoken
    )
    desk.store.keep(page)
    await answering.show(click.courier, page, [Card(each) for each in excerpts], await desk.manifest())
    return None


async def _whole(click: Click) -> str | None:
    number = click.press.numbers[0] if click.press.numbers else 0
    found = await showing.whole(click.courier, click.press.id, click.press.language, number, click.language)
    if click.press.numbers:
        await click.edit(found.part, found.rows)  # a whole comment's own buttons turn its pages in place
    else:
        await click.courier.tell([found.part], found.thread, found.rows)
    return None


async def _threads(click: Click) -> str | None:
    number = click.press.numbers[0] if click.press.numbers else 0
    part, rows = choosing.threads_page(await click.desk.manifest(), number, click.spoken)
    await click.edit(part, rows)
    return None


async def _thread(click: Click) -> str | None:
    return await choosing.pick(click.courier, click.press.id or None, click.spoken)


async def _setting(click: Click) -> str | None:
    choices = choosing.changed(click.desk.store.choices(click.chat), click.press)
    if choices is None:
        raise Complaint(messages.EXPIRED)
    click.desk.store.choose(click.chat, choices)
    part, rows = await choosing.settings_page(click.desk, click.chat, click.language)
    await click.edit(part, rows)
    return None


async def _rollback(click: Click) -> str | None:
    if click.standing != Standing.ADMIN:
        raise Complaint(messages.ADMINS_ONLY)
    await click.courier.send(styled.plain(await admin.rolled_back(click.desk, click.language)))
    return None


_VERBS: dict[Verb, Callable[[Click], Awaitable[str | None]]] = {
    Verb.SELECT: _select,
    Verb.FLIP: _flip,
    Verb.NEXT: _next,
    Verb.NEAREST: _next,
    Verb.AGAIN: _again,
    Verb.UP: _vote,
    Verb.DOWN: _vote,
    Verb.CHAIN: _chain,
    Verb.LIKE: _like,
    Verb.WHOLE: _whole,
    Verb.WHY: _why,
    Verb.THREADS: _threads,
    Verb.THREAD: _thread,
    Verb.LANG: _setting,
    Verb.COUNT: _setting,
    Verb.LENGTH: _setting,
    Verb.ROLLBACK: _rollback,
}
